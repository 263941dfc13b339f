"""Verification sets by any of their names: ``read_pairs`` is the one door.

FILE.bin               InsightFace's: encoded pictures and answers
pairs.txt              LFW's: ``name i j`` and ``name1 i name2 j``, with a folder of images NAME/NAME_0001.jpg
FILE.csv               two paths and whether they show one person, a pair a line
.../Protocol/Split/FP  a folder of CFP's protocol, or FF
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from seesawnas.data.cfp import read_cfp
from seesawnas.data.decode import SUFFIXES, Resolution
from seesawnas.data.pair_set import PairList, PairSet
from seesawnas.data.text_lines import located, read_text
from seesawnas.data.verification_bin import read_bin_pairs
from seesawnas.errors import DataError

ANSWERS = {
    **dict.fromkeys(("1", "true", "yes", "same", "genuine", "match"), True),
    **dict.fromkeys(("0", "-1", "false", "no", "different", "impostor", "mismatch"), False),
}
_LABELS = ("label", "same", "issame", "is_same", "match", "answer", "target", "y")
_SUFFIXES = (".jpg", ".png", *sorted(SUFFIXES - {".jpg", ".png"}))


def read_pairs(path: str | Path, *, images: str | Path | None = None, resolution: Resolution = 112) -> PairSet:
    """The verification set at ``path``; ``images`` is the folder that its picture paths start from.

    ``resolution`` is the side, or (height, width), of its images once they are decoded for no network in particular.

    A .bin holds its images itself; a pairs.txt needs the folder; a CSV's paths otherwise start beside it, CFP's in its own
    ``Data/Images``. Images that are not there are counted and named in the set's notes, and their pairs left out. Raises
    DataError, in one line, for what is no such set and for paths that lead out of the folder.
    """
    found = Path(os.path.expanduser(path))
    folder = None if images is None else Path(os.path.expanduser(images))
    if folder is not None and not os.path.isdir(folder):
        raise DataError(f"{folder}: must be a folder of images")
    if os.path.isdir(found):
        return read_cfp(found, folder, resolution)
    match found.suffix.lower():
        case ".bin":
            return read_bin_pairs(found, resolution=resolution)
        case ".txt":
            return _read_lfw(found, folder, resolution)
        case ".csv" | ".tsv":
            return _read_csv(found, folder or found.parent, resolution)
    raise DataError(
        f"{path}: must be a .bin, a pairs.txt, a .csv or a folder of CFP's protocol such as Protocol/Split/FP"
    )


def _read_lfw(path: Path, folder: Path | None, resolution: Resolution) -> PairSet:
    if folder is None:
        raise DataError(f"{path}: needs the folder of its images (--images)")
    lines = [(number, _fields(line)) for number, line in enumerate(read_text(path).splitlines(), 1) if line.strip()]
    size = _fold_size(lines[0][1]) if lines else None
    pairs = PairList(folder)
    for place, (number, fields) in enumerate(lines if size is None else lines[1:]):
        with located(path, number):
            _add_lfw(pairs, fields, place // (2 * size) if size else 0)
    return pairs.finished(path.stem, resolution, folds=bool(size), people=True)


def _fields(line: str) -> list[str]:
    return [field.strip() for field in line.split("\t")] if "\t" in line else line.split()


def _fold_size(fields: Sequence[str]) -> int | None:
    """Same pairs a fold, where the line is a header: ``10 300``, or ``300`` alone."""
    if len(fields) > 2 or not all(field.isdecimal() for field in fields):
        return None
    return int(fields[-1])


def _add_lfw(pairs: PairList, fields: Sequence[str], fold: int) -> None:
    if len(fields) == 3:
        fields = (fields[0], fields[1], fields[0], fields[2])
        same = True
    elif len(fields) == 4:
        same = False
    else:
        raise DataError(f"must be `name i j` or `name1 i name2 j`, got {len(fields)} fields")
    first, second = (_lfw_paths(fields[i], fields[i + 1]) for i in (0, 2))
    pairs.add(first, second, same, fold=fold, people=(fields[0], fields[2]))


def _lfw_paths(name: str, number: str) -> list[str]:
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise DataError(f"must have the numbers of two images, got {number!r:.40}")
    if not name or "/" in name or name in (".", ".."):
        raise DataError(f"must have a person's name, got {name!r:.100}")
    return [f"{name}/{name}_{int(number):04d}{suffix}" for suffix in _SUFFIXES]


def _read_csv(path: Path, folder: Path, resolution: Resolution) -> PairSet:
    text = read_text(path)
    rows = _rows(path, text)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path}: must have two paths and a label a line, got nothing")
    column, has_header = _label_column(first[1])
    pairs = PairList(folder)
    for number, row in rows if has_header else _again(first, rows):
        with located(path, number):
            _add_row(pairs, row, column)
    return pairs.finished(path.stem, resolution, folds=False, people=False)


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    start = "\n".join(islice(io.StringIO(text), 1))
    delimiter = max(",;\t", key=start.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise DataError(f"{path}: line {reader.line_num}: {error}") from None
        if row is None:
            return
        if any(field.strip() for field in row):
            yield reader.line_num, [field.strip() for field in row]


def _again(first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _label_column(row: Sequence[str]) -> tuple[int, bool]:
    """(where the label stands, whether ``row`` is a header); a header may name it, else it is the third."""
    if len(row) > 2 and row[2].lower() in ANSWERS:
        return 2, False
    if row and row[0].lower() in ANSWERS:
        return 0, False
    named = [place for place, field in enumerate(row[:3]) if field.lower() in _LABELS]
    return (named[0] if named else 2), True


def _add_row(pairs: PairList, row: Sequence[str], column: int) -> None:
    if len(row) < 3:
        raise DataError(f"must have two paths and a label, got {len(row)} fields")
    label = row[column]
    if label.lower() not in ANSWERS:
        raise DataError(f"must have a label such as 1 or 0, got {label!r:.40}")
    first, second = (path for place, path in enumerate(row[:3]) if place != column)
    pairs.add([first], [second], ANSWERS[label.lower()])
