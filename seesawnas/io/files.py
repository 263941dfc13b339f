"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from seesawnas.errors import InvalidInput

_DRAFT = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


def write_atomically(
    path: str | Path, content: str | bytes, *, within: str | Path | None = None, mode: int = 0o666
) -> None:
    """Put ``content`` in ``path``.

    A reader, or a crash, sees the old file or the new one and never a part. Folders above it are
    made.

    Args:
        path: The file to write.
        content: Text is written as UTF-8.
        within: The study's or the model's folder for a file that belongs to it: then no link may
            lead out of that folder, and whatever else has the file's name is replaced. If it is
            None, the file is one that the user has named: a link keeps pointing where it did, and a
            device or a pipe is written straight.
        mode: Permissions of a new file.

    Raises:
        InvalidInput: If the file cannot be written, in one line.
    """
    data = content.encode() if isinstance(content, str) else content
    target = expanded(path) if within is None else Path(path)
    try:
        if within is not None:
            real = inside(within, target)
            _replace(Path(os.path.realpath(within)), real, data, mode)
        elif target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
        else:
            real = target.resolve()
            _replace(real.parent, real, data, mode)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be written: {error.strerror or error}") from None


def check_writable(path: str | Path) -> None:
    """Check that :func:`write_atomically` can write ``path``; folders above it are made.

    It is for what takes long before it writes.

    Raises:
        InvalidInput: If the file cannot be written, in one line.
    """
    target = expanded(path)
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.exists() and not target.is_file():
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return
        real = target.resolve()
        real.parent.mkdir(parents=True, exist_ok=True)
        draft = real.with_name(_draft_name(real))
        draft.touch(exist_ok=False)
        draft.unlink()
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be written: {error.strerror or error}") from None


def is_draft(path: Path) -> bool:
    """Whether ``path`` is what :func:`write_atomically` leaves if its process is killed."""
    return _DRAFT.fullmatch(path.name) is not None


def inside(folder: str | Path, path: str | Path) -> Path:
    """``path``, in ``folder``, without links.

    The folder itself may be reached by a link.

    Raises:
        InvalidInput: If a link leads out of ``folder``.
    """
    home, real = os.path.realpath(folder), os.path.realpath(path)
    if not real.startswith(home.rstrip(os.sep) + os.sep):
        raise InvalidInput(f"{path}: must not be a link to outside {folder}, got {real}")
    return Path(real)


def open_within(
    folder: str | Path, path: str | Path, mode: str, encoding: str | None = None
) -> Any:
    """Open the file ``path`` in ``folder``.

    Raises:
        OSError: If it cannot be opened.
        InvalidInput: If a link leads out of ``folder``.
    """
    return open(inside(folder, path), mode, encoding=encoding, opener=_unlinked)


def expanded(path: str | Path, fault: type[InvalidInput] = InvalidInput) -> Path:
    """``path`` with ``~`` or ``~USER`` at its beginning replaced.

    It stays if there is a file of that very name.

    Raises:
        InvalidInput: ``fault`` if nobody knows that home directory, rather than to mean a folder
            called ``~``.
    """
    text = os.fspath(path)
    if not text.startswith("~") or os.path.lexists(text):
        return Path(path)
    user = text.split("/")[0]
    found = os.path.expanduser(text)
    if "\0" in text or (home() is None if user == "~" else found == text):
        raise fault(f"{path}: {user}: home directory is not known; give an absolute path")
    return Path(found)


def named_twice(names: Iterable[str | Path]) -> tuple[str, str] | None:
    """The first two of ``names`` that mean the same file or folder, or are the same word.

    Raises:
        InvalidInput: See :func:`expanded`.
    """
    known: dict[str, str] = {}
    for name in map(str, names):
        path = expanded(name)
        meant = os.path.realpath(path) if os.path.lexists(path) else name
        if meant in known:
            return known[meant], name
        known[meant] = name
    return None


def home() -> Path | None:
    """The user's home directory.

    None if neither HOME nor the system's list of users names one.
    """
    found = os.path.expanduser("~") if os.environ.get("HOME") != "" else ""
    return Path(found) if os.path.isabs(found) else None


def make_folder(path: str | Path) -> Path:
    """The folder ``path``, made if it is missing.

    Raises:
        InvalidInput: If it is a file, cannot be made or may not be written in.
    """
    folder = expanded(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InvalidInput(f"{path}: must be a folder, got a file") from None
    except OSError as error:
        raise InvalidInput(f"{path}: cannot create folder: {error.strerror or error}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput(f"{path}: cannot be written: permission denied")
    return folder


def _replace(home: Path, target: Path, data: bytes, mode: int) -> None:
    """Replace ``target``, below ``home``; neither path has links in it.

    A link that is made meanwhile, below ``home``, is an error and not followed.
    """
    home.mkdir(parents=True, exist_ok=True)
    folder = _opened_folder(home, target.parent)
    draft = _draft_name(target)
    try:
        new = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=folder
        )
        try:
            with open(new, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, target.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=folder)
            raise
    finally:
        os.close(folder)


def _draft_name(target: Path) -> str:
    return f".{target.name[:64]}.{secrets.token_hex(4)}.tmp"  # as _DRAFT


def _opened_folder(home: Path, below: Path) -> int:
    """A descriptor of the folder ``below`` in ``home``, made if it is missing.

    Raises:
        OSError: If a step is a link.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    folder = os.open(home, flags)
    for part in below.relative_to(home).parts:
        above = folder
        try:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=above)
            folder = os.open(part, flags | os.O_NOFOLLOW, dir_fd=above)
        finally:
            os.close(above)
    return folder


def _unlinked(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
