"""Text files of pairs: read whole and refused in one line, faults placed by file and line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seesawnas.errors import DataError

MAX_BYTES = 2 << 30
"""The pairs of IJB-C take 300 MB; a file beyond this is something else."""


def read_text(path: Path) -> str:
    """The text in ``path``, a byte order mark left out. Raises DataError where it cannot be read or is no text."""
    try:
        if os.path.getsize(path) > MAX_BYTES:
            raise DataError(f"{path}: is too large for a file of pairs")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: must be UTF-8 text") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if "\0" in text:
        raise DataError(f"{path}: must be text, got a zero byte")
    return text


@contextmanager
def located(path: Path, line: int) -> Iterator[None]:
    """Faults in here get the file and the line in front."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: line {line}: {error}") from None
