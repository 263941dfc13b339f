"""Text files that strangers wrote: read whole and refused in one line, faults placed by file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seesawnas.data.left_out import printable
from seesawnas.errors import DataError

MAX_BYTES = 2 << 30
"""The pairs of IJB-C take 300 MB; a file beyond this is something else."""

_END = re.compile(r"\r\n|\n|\r")  # str.splitlines would also cut at U+0085 and U+2028, which file names may hold


def read_text(path: Path) -> str:
    """The text in ``path``, a byte order mark left out. Raises DataError if it cannot be read or is no text."""
    try:
        check_regular(path)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        raise unreadable_file(path, error) from None
    if len(content) > MAX_BYTES:
        raise DataError(f"{printable(str(path))}: is too large for a text file of images")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{printable(str(path))}: must be UTF-8 text") from None
    if "\0" in text:
        raise DataError(f"{printable(str(path))}: must be text, got a zero byte")
    return text


def check_regular(path: Path) -> None:
    """Raise DataError for a pipe, a device or a folder: opening them may wait for ever, reading them never end."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise DataError(f"{printable(str(path))}: must be a file")


def content_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number from 1, line) of the lines that hold something; those that begin with ``#`` are comments."""
    for number, line in enumerate(_END.split(text), 1):
        stripped = line.strip(" \t")
        if stripped and not stripped.startswith("#"):
            yield number, line


def comment_above(text: str, number: int) -> str:
    """The comment that stands last above line ``number``, without its mark; nothing if there is none."""
    above = (line.strip(" \t") for line in reversed(_END.split(text, maxsplit=number - 1)[: number - 1]))
    nearest = next((line for line in above if line), "")
    return nearest.lstrip("# \t") if nearest.startswith("#") else ""


def unreadable_file(path: Path, error: Exception) -> DataError:
    """What to raise if opening or reading ``path`` raised ``error``."""
    reason = getattr(error, "strerror", None) or error
    return DataError(f"{printable(str(path))}: cannot be read: {printable(str(reason))}")


@contextmanager
def located(path: Path, line: int) -> Iterator[None]:
    """Faults in here get the file and the line in front."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{printable(str(path))}: line {line}: {error}") from None
