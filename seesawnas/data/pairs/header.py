"""Which column of a file of pairs holds what, by the names in its first line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seesawnas.data.images import SUFFIXES
from seesawnas.data.pairs.labels import LABEL_VALUES, are_alike
from seesawnas.errors import DataError

EXAMPLE = "path1,path2,label"

_NOUNS = {
    "label",
    "labels",
    "gtlabel",
    "truelabel",
    "pairlabel",
    "answer",
    "target",
    "y",
    "ytrue",
    "gt",
    "groundtruth",
    "truth",
}
_VERDICTS = {"same", "match", "ismatch", "matched", "genuine", "isgenuine"}
_ONE = {f"same{what}" for what in ("person", "identity", "id", "subject", "people")}
_SAME = {"issame", "actualissame", *_ONE, *(f"is{name}" for name in _ONE)}
LABELS = frozenset(_NOUNS | _VERDICTS | _SAME)
"""Names of the column that says whether both images show one identity, in small letters and without
punctuation.
"""

FOLDS = frozenset(("fold", "folds", "foldid"))

_STEMS = ("path", "file", "image", "img", "im", "picture", "pic", "photo", "face")
_SIDES = (
    ("1", "2"),
    ("0", "1"),
    ("a", "b"),
    ("left", "right"),
    ("first", "second"),
    ("l", "r"),
    ("one", "two"),
)
_WHOLE = {
    ("left", "right"),
    ("first", "second"),
    ("a", "b"),
    ("x", "y"),
    ("source", "target"),
    *((one, two) for one in ("probe", "query") for two in ("gallery", "reference")),
    # Pandas calls a second "path" path.1.
    *((stem, stem + number) for stem in _STEMS for number in "12"),
}
"""Pairs of names of the two columns of paths, beside a stem with one of the sides."""


@dataclass(frozen=True)
class Columns:
    """Where a row has its two paths, its label and, if there is one, its fold."""

    first: int
    second: int
    label: int
    fold: int | None = None


def plain(name: str) -> str:
    """``Is_Same`` -> ``issame``."""
    return re.sub(r"[\W_]+", "", name.lower())


def is_path(field: str) -> bool:
    """Whether it looks like a path of an image."""
    return "/" in field or "\\" in field or field[field.rfind(".") :].lower() in SUFFIXES


def is_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the row ``first`` names columns; ``rows`` follow it."""
    names = [plain(field) for field in first]
    answers = [column for column, field in enumerate(first) if field.lower() in LABEL_VALUES]
    if any(name in LABELS and column not in answers for column, name in enumerate(names)):
        return True
    if any(map(is_path, first)):
        return False
    if any(len(names[one]) > 1 for one, _ in _pairs_of_sides(names)):  # "a" and "b" may be files
        return True
    for column in answers:
        # "same" and "match" are names and labels: what stands below decides.
        below = {row[column].lower() for row in rows if len(row) > column}
        if (
            not first[column].isalpha()
            or not below
            or any(are_alike(first[column].lower(), word) for word in below)
        ):
            return False
    return True


def names_images(fields: Sequence[str]) -> bool:
    """Whether the line names the columns of two images, beyond doubt.

    For example "path1" and "path2", not "a" and "b".
    """
    names = [plain(field) for field in fields]
    return not any(map(is_path, fields)) and any(
        len(names[one]) > 1 for one, _ in _pairs_of_sides(names)
    )


def columns_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns:
    """Which column holds what, by the names in ``header``.

    ``rows``, the first of the file, help only if the names leave a choice.

    Raises:
        DataError: If a name occurs twice, or the names leave open which columns hold the two paths,
            the label or the folds.
    """
    names = [plain(field) for field in header]
    shown = ", ".join(header)
    twice = [
        field for field, name in zip(header, names, strict=True) if name and names.count(name) > 1
    ]
    if twice:
        raise DataError(f"must name each column once, got {twice[0]!r:.40} twice")
    label = _label(names, header, shown)
    first, second = _sides(names, label, rows, shown)
    folds = [
        place for place, name in enumerate(names) if name in FOLDS and place not in (first, second)
    ]
    if len(folds) > 1:
        words = " or ".join(header[place] for place in folds)
        raise DataError(
            f"must name one column of folds, got {words:.100}: rename all but one of them"
        )
    return Columns(first, second, label, folds[0] if folds else None)


def _label(names: Sequence[str], header: Sequence[str], shown: str) -> int:
    named = [place for place, name in enumerate(names) if name in LABELS]
    if len(named) > 1:  # in source,target,label and x,y,label these name images
        sides = {place for pair in _pairs_of_sides(names) for place in pair}
        named = [place for place in named if place not in sides] or named
    if len(named) == 1:
        return named[0]
    if named:
        words = " or ".join(header[place] for place in named)
        raise DataError(
            f"must name one column of labels, got {words:.100}: rename all but one of them"
        )
    raise DataError(f"must name the column of labels, as in {EXAMPLE}, got {shown!r:.100}")


def _sides(
    names: Sequence[str], label: int, rows: Sequence[Sequence[str]], shown: str
) -> tuple[int, int]:
    pairs = [pair for pair in _pairs_of_sides(names) if label not in pair]
    if len(pairs) > 1:
        pairs = [pair for pair in pairs if all(_holds_paths(rows, place) for place in pair)]
    if len(pairs) == 1:
        return pairs[0]
    others = [place for place in range(len(names)) if place != label]
    chosen = (
        others if len(others) == 2 else [place for place in others if _holds_paths(rows, place)]
    )
    if len(chosen) != 2:
        raise DataError(f"must name the two columns of paths, as in {EXAMPLE}, got {shown!r:.100}")
    return chosen[0], chosen[1]


def _pairs_of_sides(names: Sequence[str]) -> list[tuple[int, int]]:
    """Where ``names`` has the columns of two images.

    For example left and right, path1 and path2, image_a and image_b.
    """
    found = {
        (one, two)
        for one in range(len(names))
        for two in range(len(names))
        if _are_sides(names[one], names[two])
    }
    return sorted(found)


def _are_sides(one: str, two: str) -> bool:
    if (one, two) in _WHOLE:
        return True
    if one == two or not any(stem in one for stem in _STEMS):
        return False
    return any(
        one[:place] + other + one[place + len(side) :] == two
        for side, other in _SIDES
        for place in range(len(one))
        if one.startswith(side, place)
    )


def _holds_paths(rows: Sequence[Sequence[str]], column: int) -> bool:
    return bool(rows) and all(len(row) > column and is_path(row[column]) for row in rows)
