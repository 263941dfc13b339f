"""The fields of a line of text, by whichever separator its file uses."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

from seesawnas.data.left_out import printable
from seesawnas.errors import DataError

SPACES = " "
"""Runs of spaces and tabs; the other separators are one character, and fields between them may be empty."""

SEPARATORS = ("\t", ",", ";", "|", SPACES)

_LOOKED_AT = 100
_WORD = re.compile(r'"((?:[^"]|"")*)"(?=[ \t]|$)|([^ \t]+)')
_NUMBER = re.compile(r"[0-9]{1,9}")


def split_fields(line: str, separator: str) -> list[str]:
    """The fields, without the spaces around them; quotation marks keep a field together. Raises DataError."""
    if separator == SPACES:
        # Of Unicode's spaces these two alone: a name may hold the others.
        return [match[2] if match[1] is None else match[1].replace('""', '"') for match in _WORD.finditer(line)]
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
        raise DataError(f"must be fields with {separator!r} between: {printable(str(error))}") from None
    return [field.strip(" \t") for field in row]


def find_separator(lines: Sequence[str], least: int) -> str:
    """The separator that cuts most of the first ``lines`` into as many fields, ``least`` or more, as the first of them.

    Of those that do it equally well the first of SEPARATORS; if none does, the one that occurs most in the first line.
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
    """Whether it is one to nine of ASCII's digits: ``str.isdecimal`` is also true of others, and of five thousand."""
    return _NUMBER.fullmatch(field) is not None
