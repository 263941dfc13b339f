"""Millions of lines of three numbers, from a stranger, at the speed of numpy's own reader.

numpy's text readers are C code that trusts its input: ``loadtxt`` indexes a table of 256 with any character, and
``fromstring`` reads "1-2" as two numbers and saturates what is too large. They get digits, single spaces and line ends here,
and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.left_out import printable
from seesawnas.data.text_lines import check_regular, unreadable_file
from seesawnas.errors import DataError

_Ints = NDArray[np.int64]
_BLOCK = 1 << 20
_LARGEST = 10**18  # numpy saturates at 2**63 - 1
_DIGITS = b"0123456789"
_SEPARATORS = bytes.maketrans(b"\t,;", b"   ")
_LINE = re.compile(
    rb"[ \t]*([0-9]{1,18})(?:[ \t]+|[ \t]*[,;][ \t]*)([0-9]{1,18})(?:[ \t]+|[ \t]*[,;][ \t]*)(0*[01])[ \t]*"
)


def read_labelled_pairs(path: Path) -> tuple[_Ints, _Ints, NDArray[np.bool_]]:
    """(left, right, same), (P,) each, of lines ``11065 17 1``: two numbers of templates, and 1 if they show one identity.

    Separators are spaces, tabs, commas or semicolons; blank lines and what follows a ``#`` are passed over. Raises DataError
    that names the first line that is wrong.
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
        raise DataError(f"{printable(str(path))}: must have two templates and 1 or 0 a line, got nothing")
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
            kept = kept[: len(kept) - len(tail)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + tail
        whole, end, kept = kept.rpartition(b"\n")
        if end:
            yield whole + end
        elif len(kept) > _BLOCK:
            yield b"a line that is too long: " + kept[:50] + b"\n"  # to be refused, whatever it holds
            return
    if kept:
        yield kept.removesuffix(b"\r") + b"\n"


def _fast(block: bytes) -> _Ints | None:
    """(P, 3) if every line is three numbers, single separators between, and the third is 0 or 1; else None."""
    if b"\t" in block or b"," in block or b";" in block:
        block = block.translate(_SEPARATORS)
    rest = block.translate(None, _DIGITS)
    lines = len(rest) // 3
    if rest != b"  \n" * lines:
        return None
    # Two spaces a line allow three numbers at most, so that as many as that in all are three in each.
    numbers = np.fromstring(block, dtype=np.int64, sep=" ")
    if len(numbers) != 3 * lines or numbers.max() >= _LARGEST:
        return None
    rows: _Ints = numbers.reshape(-1, 3)
    return rows if rows[:, 2].max() <= 1 else None


def _slow(path: Path, block: bytes, first: int) -> _Ints:
    """(P, 3) of a block in any layout, line by line. Raises DataError."""
    rows = []
    for number, line in enumerate(block[:-1].split(b"\n"), first):
        content = line.partition(b"#")[0]
        if not content.strip(b" \t"):
            continue
        match = _LINE.fullmatch(content)
        if match is None:
            shown = line[:100].decode("utf-8", "replace")
            raise DataError(
                f"{printable(str(path))}: line {number}: must have two templates and 1 or 0, got {shown!r:.110}"
            )
        rows.append([int(field) for field in match.groups()])
    return np.array(rows, dtype=np.int64).reshape(-1, 3)
