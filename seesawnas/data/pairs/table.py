"""Files of two paths and a label per line: which column is which.

With a header its names decide. Without one there must be exactly one way to read the file: one
column that has labels in every line, and two of text. A file that leaves it open is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seesawnas.data.images import Resolution
from seesawnas.data.pairs.header import EXAMPLE, Columns, columns_of, is_header
from seesawnas.data.pairs.labels import LABEL_VALUES, answer, check_words
from seesawnas.data.pairs.pair_set import PairList, PairSet
from seesawnas.data.pairs.text_lines import (
    find_separator,
    is_number,
    located,
    split_fields,
    without_empty_end,
)
from seesawnas.data.skipped import printable
from seesawnas.errors import DataError

_Row = tuple[int, list[str]]

_NUMERIC = re.compile(r"[-+]?[0-9]*\.?[0-9]*(?:e[-+]?[0-9]+)?", re.ASCII | re.IGNORECASE)
_LOOKED_AT = 1000


def read_table(
    path: Path, lines: Sequence[tuple[int, str]], root: Path, resolution: Resolution
) -> PairSet:
    """The pairs of ``lines`` (number, text), whose paths are below ``root``.

    Raises:
        DataError: If a line is wrong, the columns are not clear, a path leads out of ``root``, or
            no pair has both images.
    """
    separator = find_separator([line for _, line in lines], 3)
    rows: list[_Row] = []
    for number, line in lines:
        with located(path, number):
            rows.append((number, split_fields(line, separator)))
    start = [fields for _, fields in rows[1 : 1 + _LOOKED_AT]]
    if is_header(rows[0][1], start):
        number, header = rows[0][0], without_empty_end(rows[0][1])
        rows = rows[1:]
        if not rows:
            raise DataError(
                f"{printable(str(path))}: must have at least one pair, got only a header"
            )
        with located(path, number):
            columns = columns_of(header, start)
        rows = _of_width(path, rows, len(header), "the header")
    else:
        rows = [(number, without_empty_end(fields)) for number, fields in rows]
        rows = _of_width(path, rows, len(rows[0][1]), f"line {rows[0][0]}")
        columns = _columns(path, rows)
    rows, columns, notes = _by_fold(rows, columns)
    pairs = PairList(root)
    _add(path, pairs, rows, columns)
    found = pairs.finished(path.stem, resolution, folds=columns.fold is not None, people=False)
    return replace(found, notes=(*found.notes, *notes))


def _of_width(path: Path, rows: list[_Row], width: int, model: str) -> list[_Row]:
    """Rows of ``width`` fields each, empty ones at the end left out."""
    for place, (number, fields) in enumerate(rows):
        cut = without_empty_end(fields) if len(fields) > width else fields
        if len(cut) < 3 or len(cut) != width:
            with located(path, number):
                like = f"{width} fields as in {model}" if len(cut) >= 3 else "two paths and a label"
                raise DataError(f"must have {like}, got {len(cut)} fields")
        rows[place] = number, cut
    return rows


def _columns(path: Path, rows: Sequence[_Row]) -> Columns:
    """Which column is which, without a header."""
    width = len(rows[0][1])
    labels = [
        sum(fields[column].lower() in LABEL_VALUES for _, fields in rows) for column in range(width)
    ]
    whole = [column for column, count in enumerate(labels) if count == len(rows)]
    if not whole:
        # The column with most labels was meant: name the first line that has none there.
        column = max(reversed(range(width)), key=lambda column: labels[column])
        for number, fields in rows:
            with located(path, number):
                answer(fields[column])
    if len(whole) > 1:
        places = " and ".join(str(column + 1) for column in whole)
        raise DataError(
            f"{printable(str(path))}: must have one column of labels, got columns {places}: "
            f"name the columns in a first line, such as {EXAMPLE}"
        )
    others = [column for column in range(width) if column != whole[0]]
    if len(others) > 2:
        others = [
            column
            for column in others
            if not all(_is_numeric(fields[column]) for _, fields in rows)
        ]
    if len(others) != 2:
        raise DataError(
            f"{printable(str(path))}: must have two columns of paths and one of labels, got "
            f"{width} columns: "
            f"name the columns in a first line, such as {EXAMPLE}; put paths with spaces or "
            "commas in quotation marks"
        )
    return Columns(others[0], others[1], whole[0])


def _is_numeric(field: str) -> bool:
    return not field or (
        _NUMERIC.fullmatch(field) is not None and any(letter.isdigit() for letter in field)
    )


def _add(path: Path, pairs: PairList, rows: Sequence[_Row], columns: Columns) -> None:
    for number, fields in rows:
        with located(path, number):
            first, second, label = (
                fields[place] for place in (columns.first, columns.second, columns.label)
            )
            if not first or not second:
                raise DataError("must have two paths, got an empty field")
            fold = 0 if columns.fold is None else int(fields[columns.fold])
            pairs.add([first], [second], answer(label), fold=fold)
    try:
        check_words(fields[columns.label] for _, fields in rows)
    except DataError as error:
        raise DataError(f"{printable(str(path))}: {error}") from None


def _by_fold(rows: list[_Row], columns: Columns) -> tuple[list[_Row], Columns, tuple[str, ...]]:
    """Rows in the order of their folds, the columns to use, and notes.

    If folds are named but are no numbers, they are not used, and a note says so.
    """
    place = columns.fold
    if place is None:
        return rows, columns, ()
    other = next((fields[place] for _, fields in rows if not is_number(fields[place])), None)
    if other is not None:
        return (
            rows,
            replace(columns, fold=None),
            (f"the column of folds is not used: must be numbers, got {other!r:.40}",),
        )
    return sorted(rows, key=lambda row: int(row[1][place])), columns, ()
