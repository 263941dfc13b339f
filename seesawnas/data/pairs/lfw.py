"""LFW's lists of pairs, and those made like it: names of identities and numbers of their images.

``name i j`` is images i and j of one identity, ``name1 i name2 j`` is of two. A first line ``10
300`` says that there are ten folds of 300 pairs of one identity and 300 of two; ``300`` alone is
one fold. Fields are separated by tabs, spaces or commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seesawnas.data.images import SUFFIXES, Resolution
from seesawnas.data.pairs.header import LABELS, is_header, is_path, plain
from seesawnas.data.pairs.labels import LABEL_VALUES
from seesawnas.data.pairs.pair_set import PairList, PairSet
from seesawnas.data.pairs.text_lines import (
    SEPARATORS,
    SPACES,
    is_number,
    located,
    split_fields,
    without_empty_end,
)
from seesawnas.errors import DataError

_SUFFIXES = (".jpg", ".png", *sorted(SUFFIXES - {".jpg", ".png"}))
_NAMES = frozenset(["name", "name1", "person", "person1", "identity", "identity1", "id1"])
_LOOKED_AT = 1000


def is_lfw(lines: Sequence[tuple[int, str]], *, is_csv: bool) -> bool:
    """Whether ``lines`` (number, text) are LFW's.

    A CSV's are only if they can be nothing else: ``a,1,1`` may be two paths.
    """
    first, *rows = [_fields(line) for _, line in lines[:_LOOKED_AT]]
    if not is_csv:
        is_meant = len(first) > 4 and not any(map(is_path, first)) and not is_header(first, rows)
        named = _is_header(first) and bool(rows) and _fits(rows[0])
        return _fold_size(first) is not None or _fits(first) or named or is_meant
    if not _is_header(first):
        rows.insert(0, first)
    plainly = any(
        len(fields) == 4 or fields[2].lower() not in LABEL_VALUES
        for fields in rows
        if len(fields) > 2
    )
    return plainly and all(
        _fits(fields) and not is_number(fields[0]) and not is_path(fields[0]) for fields in rows
    )


def read_lfw(
    path: Path, lines: Sequence[tuple[int, str]], root: Path, resolution: Resolution
) -> PairSet:
    """The pairs of ``lines`` (number, text), whose images are root/NAME/NAME_0001.jpg.

    Raises:
        DataError: If a line is wrong, a path leads out of ``root``, or no pair has both images.
    """
    rows = []
    for number, line in lines:
        with located(path, number):
            rows.append((number, _fields(line)))
    size = _fold_size(rows[0][1])
    folds = int(rows[0][1][0]) if size and len(rows[0][1]) == 2 else 1
    rows = rows[1:] if size is not None or _is_header(rows[0][1]) else rows
    pairs = PairList(root)
    for place, (number, fields) in enumerate(rows):
        with located(path, number):
            _add(pairs, fields, place // (2 * size) if size else 0)
    found = pairs.finished(path.stem, resolution, folds=bool(size), people=True)
    if size and len(rows) != 2 * size * folds:
        note = (
            f"folds may be wrong: the first line gives {folds} folds of {2 * size} pairs, got "
            f"{len(rows)} pairs"
        )
        return replace(found, notes=(*found.notes, note))
    return found


def _fields(line: str) -> list[str]:
    """By the separator, tabs first, that makes it one of LFW's lines; else by tabs or spaces."""
    usual = "\t" if "\t" in line else SPACES
    for separator in (usual, *SEPARATORS):
        if separator == usual or separator in line:
            try:
                fields = without_empty_end(split_fields(line, separator))
            except DataError:
                continue
            if _fits(fields) or _fold_size(fields) is not None or _is_header(fields):
                return fields
    return (
        split_fields(line, SPACES)
        if usual == SPACES
        else [field.strip(" ") for field in line.split("\t")]
    )


def _fits(fields: Sequence[str]) -> bool:
    return len(fields) in (3, 4) and is_number(fields[1]) and is_number(fields[-1])


def _is_header(fields: Sequence[str]) -> bool:
    """Whether it is a line of names such as ``name,imagenum1,imagenum2``."""
    names = [plain(field) for field in fields]
    return (
        len(names) in (3, 4)
        and names[0] in _NAMES
        and not any(map(is_number, fields))
        and not LABELS & set(names)
    )


def _fold_size(fields: Sequence[str]) -> int | None:
    """Same pairs per fold, if the line is a header: ``10 300``, or ``300`` alone."""
    return int(fields[-1]) if len(fields) in (1, 2) and all(map(is_number, fields)) else None


def _add(pairs: PairList, fields: Sequence[str], fold: int) -> None:
    if len(fields) == 3:
        fields = (fields[0], fields[1], fields[0], fields[2])
        same = True
    elif len(fields) == 4:
        if fields[0] == fields[2]:  # LFW's own reader would take it for two identities
            raise DataError(f"must be `name i j` for a genuine pair, got {fields[0]!r:.100} twice")
        same = False
    else:
        raise DataError(f"must be `name i j` or `name1 i name2 j`, got {len(fields)} fields")
    first, second = (_paths(fields[i], fields[i + 1]) for i in (0, 2))
    pairs.add(first, second, same, fold=fold, people=(fields[0], fields[2]))


def _paths(name: str, number: str) -> list[str]:
    if not is_number(number):
        raise DataError(f"must have two image numbers, got {number!r:.40}")
    if not name or "/" in name or "\\" in name or name in (".", ".."):
        raise DataError(f"must have an identity name, got {name!r:.100}")
    return [f"{name}/{name}_{int(number):04d}{suffix}" for suffix in _SUFFIXES]
