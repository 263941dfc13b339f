"""Files that are either whole or not there, and the folders of YAML that ship."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from seesawnas.errors import InvalidInput


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Put ``content`` in ``path``: a reader, or a crash, sees the old file or the new one and never a part.

    Folders above it are made. A link keeps pointing where it did, and a device or a pipe is written straight. Raises
    InvalidInput, one line, where that is not possible.
    """
    data = content.encode() if isinstance(content, str) else content
    target = Path(path)
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
        else:
            _replace(target.resolve(), data)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be written: {error.strerror or error}") from None


def make_folder(path: str | Path) -> Path:
    """The folder ``path``, made where it is missing. Raises InvalidInput where it is a file or may not be written in."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InvalidInput(f"{path}: must be a folder, got a file") from None
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be made a folder: {error.strerror or error}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput(f"{path}: cannot be written in: permission denied")
    return folder


def shipped_folder(name: str) -> Path:
    """Where the shipped YAML lies: inside the package in a wheel, beside it in a checkout or an editable install."""
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def _replace(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name[:64]}.{secrets.token_hex(4)}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
