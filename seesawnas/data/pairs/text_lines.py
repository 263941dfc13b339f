"""Text files that others wrote: read whole, faults reported by file and line.

Lines of three numbers, of which there may be millions, are read at the speed of numpy's own reader.

numpy's text readers are C code that trusts its input: ``loadtxt`` indexes a table of 256 with any
character, and ``fromstring`` reads "1-2" as two numbers and saturates what is too large. They get
digits, single spaces and line ends here, and nothing else.
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.skipped import printable
from seesawnas.errors import DataError

MAX_BYTES = 2 << 30
"""The pairs of IJB-C take 300 MB; a file beyond this is something else."""

# str.splitlines would also cut at U+0085 and U+2028, which file names may hold.
_END = re.compile(r"\r\n|\n|\r")


def read_text(path: Path) -> str:
    """The text in ``path``, without a byte order mark.

    Raises:
        DataError: If it cannot be read, is too large or is no UTF-8 text.
    """
    try:
        check_regular(path)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        raise unreadable_file(path, error) from None
    if len(content) > MAX_BYTES:
        raise DataError(f"{printable(str(path))}: must be at most {MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{printable(str(path))}: must be UTF-8 text") from None
    if "\0" in text:
        raise DataError(f"{printable(str(path))}: must be text, got a zero byte")
    return text


def check_regular(path: Path) -> None:
    """Refuse a pipe, a device or a folder: opening one may wait for ever, reading it never end.

    Raises:
        DataError: If ``path`` is one of these.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise DataError(f"{printable(str(path))}: must be a file")


def content_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number from 1, line) of the lines that are neither empty nor comments.

    Comments begin with ``#``.
    """
    for number, line in enumerate(_END.split(text), 1):
        stripped = line.strip(" \t")
        if stripped and not stripped.startswith("#"):
            yield number, line


def comment_above(text: str, number: int) -> str:
    """The last comment above line ``number``, without its mark; nothing if there is none."""
    above = (
        line.strip(" \t") for line in reversed(_END.split(text, maxsplit=number - 1)[: number - 1])
    )
    nearest = next((line for line in above if line), "")
    return nearest.lstrip("# \t") if nearest.startswith("#") else ""


def unreadable_file(path: Path, error: Exception) -> DataError:
    """The error to raise if opening or reading ``path`` raised ``error``."""
    reason = getattr(error, "strerror", None) or error
    return DataError(f"{printable(str(path))}: cannot be read: {printable(str(reason))}")


@contextmanager
def located(path: Path, line: int) -> Iterator[None]:
    """Put the file and the line in front of the DataErrors of the block."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{printable(str(path))}: line {line}: {error}") from None


_Ints = NDArray[np.int64]
_BLOCK = 1 << 20
_LARGEST = 10**18  # numpy saturates at 2**63 - 1
_DIGITS = b"0123456789"
_SEPARATORS = bytes.maketrans(b"\t,;", b"   ")
_LINE = re.compile(
    rb"[ \t]*([0-9]{1,18})(?:[ \t]+|[ \t]*[,;][ \t]*)"
    rb"([0-9]{1,18})(?:[ \t]+|[ \t]*[,;][ \t]*)(0*[01])[ \t]*"
)


def read_labelled_pairs(path: Path) -> tuple[_Ints, _Ints, NDArray[np.bool_]]:
    """(left, right, same), (P,) each, of lines ``11065 17 1``.

    A line has two template numbers, and 1 if they show one identity. Separators are spaces, tabs,
    commas or semicolons; blank lines and what follows a ``#`` are ignored.

    Raises:
        DataError: If the file cannot be read or a line is wrong; it names the first such line.
    """
    parts: list[tuple[_Ints, _Ints, NDArray[np.bool_]]] = []
    number = 1
    try:
        check_regular(path)
        with path.open("rb") as file:
            for block in _blocks(file):
                rows = _fast(block)
                rows = _slow(path, block, number) if rows is None else rows
                number += block.count(b"\n")
                # Copies, one column each: a view of rows would keep all three.
                parts.append((rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2] == 1))
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        raise unreadable_file(path, error) from None
    if not sum(len(same) for *_, same in parts):
        raise DataError(
            f"{printable(str(path))}: each line must have two template numbers and 1 or 0, got "
            "nothing"
        )
    left, right = (np.concatenate([part[column] for part in parts]) for column in (0, 1))
    return left, right, np.concatenate([same for *_, same in parts])


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The file in pieces of whole lines, each ended by one line feed."""
    kept = b""
    first = True
    while piece := file.read(_BLOCK):
        if first:
            piece, first = piece.removeprefix(b"\xef\xbb\xbf"), False
        kept += piece
        if b"\r" in kept:
            tail = b"\r" if kept.endswith(b"\r") else b""  # its line feed may be yet to come
            kept = (
                kept[: len(kept) - len(tail)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + tail
            )
        whole, end, kept = kept.rpartition(b"\n")
        if end:
            yield whole + end
        elif len(kept) > _BLOCK:
            # To be refused, whatever it holds.
            yield (b"a line that is too long: " + kept[:50] + b"\n")
            return
    if kept:
        yield kept.removesuffix(b"\r") + b"\n"


def _fast(block: bytes) -> _Ints | None:
    """(P, 3) if each line is three numbers with single separators, the third 0 or 1; else None."""
    if b"\t" in block or b"," in block or b";" in block:
        block = block.translate(_SEPARATORS)
    rest = block.translate(None, _DIGITS)
    lines = len(rest) // 3
    if rest != b"  \n" * lines:
        return None
    # Two spaces a line allow three numbers at most, so that as many as that in all are three in
    # each.
    numbers = np.fromstring(block, dtype=np.int64, sep=" ")
    if len(numbers) != 3 * lines or numbers.max() >= _LARGEST:
        return None
    rows: _Ints = numbers.reshape(-1, 3)
    return rows if rows[:, 2].max() <= 1 else None


def _slow(path: Path, block: bytes, first: int) -> _Ints:
    """(P, 3) of a block in any layout, line by line."""
    rows = []
    for number, line in enumerate(block[:-1].split(b"\n"), first):
        content = line.partition(b"#")[0]
        if not content.strip(b" \t"):
            continue
        match = _LINE.fullmatch(content)
        if match is None:
            shown = line[:100].decode("utf-8", "replace")
            raise DataError(
                f"{printable(str(path))}: line {number}: must have two template numbers and 1 or "
                f"0, got {shown!r:.110}"
            )
        rows.append([int(field) for field in match.groups()])
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


SPACES = " "
"""Runs of spaces and tabs.

The other separators are one character, and fields between them may be empty.
"""

SEPARATORS = ("\t", ",", ";", "|", SPACES)

_LOOKED_AT = 100
_WORD = re.compile(r'"((?:[^"]|"")*)"(?=[ \t]|$)|([^ \t]+)')
_NUMBER = re.compile(r"[0-9]{1,9}")


def split_fields(line: str, separator: str) -> list[str]:
    """The fields, without the spaces around them; quotation marks keep a field together.

    Raises:
        DataError: If the line cannot be split, such as for a quotation mark that is not closed.
    """
    if separator == SPACES:
        # Of Unicode's spaces these two alone: a name may hold the others.
        return [
            match[2] if match[1] is None else match[1].replace('""', '"')
            for match in _WORD.finditer(line)
        ]
    if '"' not in line:
        return [field.strip(" \t") for field in line.split(separator)]
    try:
        row = next(
            csv.reader(
                [line.strip(" \t") if separator != "\t" else line],
                delimiter=separator,
                strict=True,
                skipinitialspace=True,
            )
        )
    except csv.Error as error:
        raise DataError(
            f"must be fields separated by {separator!r}: {printable(str(error))}"
        ) from None
    return [field.strip(" \t") for field in row]


def find_separator(lines: Sequence[str], least: int) -> str:
    """The separator that cuts most of the first ``lines`` into as many fields as the first of them.

    That number must be ``least`` or more. Of several that do it equally well, it is the first of
    SEPARATORS; if none does, the one that occurs most in the first line.
    """
    looked_at = lines[:_LOOKED_AT]
    fits = {separator: _fit(looked_at, separator, least) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: fits[separator])
    if fits[best] or not lines:
        return best
    counts = Counter(lines[0])
    most = max(SEPARATORS[:-1], key=lambda separator: counts[separator])
    return most if counts[most] else SPACES


def _fit(lines: Sequence[str], separator: str, least: int) -> int:
    widths = [_width(line, separator) for line in lines]
    return widths.count(widths[0]) if widths and widths[0] >= least else 0


def _width(line: str, separator: str) -> int:
    try:
        return len(split_fields(line, separator))
    except DataError:
        return 0


def without_empty_end(fields: Sequence[str]) -> list[str]:
    """``fields`` up to the last that is not empty."""
    end = len(fields)
    while end and not fields[end - 1]:
        end -= 1
    return list(fields[:end])


def is_number(field: str) -> bool:
    """Whether it is one to nine ASCII digits.

    ``str.isdecimal`` is also true of other digits, and of five thousand of them.
    """
    return _NUMBER.fullmatch(field) is not None
