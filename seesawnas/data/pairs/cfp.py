"""Celebrities in Frontal-Profile (CFP): folders of pairs of numbers, and lists of their images.

Protocol/Split/FF/01..10/{same,diff}.txt   lines ``i,j``: both of Pair_list_F
Protocol/Split/FP/01..10/{same,diff}.txt   lines ``i,j``: i of Pair_list_F (frontal), j of
                                           Pair_list_P (profile)
Protocol/Pair_list_F.txt, Pair_list_P.txt  lines ``1 ../Data/Images/001/frontal/01.jpg``
"""

from __future__ import annotations

import os
from pathlib import Path

from seesawnas.data.images import Resolution
from seesawnas.data.pairs.pair_set import PairList, PairSet
from seesawnas.data.pairs.text_lines import (
    SPACES,
    content_lines,
    is_number,
    located,
    read_text,
    split_fields,
)
from seesawnas.errors import DataError


def read_cfp(split: Path, images: Path | None, resolution: Resolution) -> PairSet:
    """The pairs of ``split``, ``.../Protocol/Split/FF`` or FP, with CFP's own folds and identities.

    ``images`` contains what CFP has under ``Data/Images``, such as aligned copies; without it CFP's
    own images are read.

    Raises:
        DataError: If it is no such protocol folder, or a file in it is missing or wrong.
    """
    kind = split.name.upper()
    if kind not in ("FF", "FP"):
        raise DataError(
            f"{split}: must be a CFP protocol folder, Protocol/Split/FF or Protocol/Split/FP"
        )
    protocol = split.parent.parent
    frontal = _read_list(protocol / "Pair_list_F.txt")
    second = frontal if kind == "FF" else _read_list(protocol / "Pair_list_P.txt")
    pairs = PairList(protocol.parent / "Data" / "Images" if images is None else images)
    folds = sorted(
        (name for name in os.listdir(split) if is_number(name) and os.path.isdir(split / name)),
        key=int,
    )
    for fold, name in enumerate(folds):
        for file, same in (("same.txt", True), ("diff.txt", False)):
            _add_pairs(pairs, split / name / file, (frontal, second), same, fold)
    return pairs.finished(f"cfp_{kind.lower()}", resolution, folds=True, people=True)


def _read_list(path: Path) -> dict[int, str]:
    """Number -> path below the folder of images."""
    found: dict[int, str] = {}
    for line_number, line in content_lines(read_text(path)):
        with located(path, line_number):
            number, _, place = line.strip(" \t").replace("\t", " ").partition(" ")
            if not is_number(number) or not place.strip(" "):
                raise DataError(f"must be a number and a path, got {line!r:.100}")
            if int(number) in found:
                raise DataError(f"numbers must be unique, got {number} twice")
            found[int(number)] = place.strip(" ").replace("\\", "/").rpartition("Images/")[2]
    return found


def _add_pairs(
    pairs: PairList, path: Path, lists: tuple[dict[int, str], dict[int, str]], same: bool, fold: int
) -> None:
    for number, line in content_lines(read_text(path)):
        with located(path, number):
            first, second = _images(line, lists)
            people = (first.partition("/")[0], second.partition("/")[0])
            pairs.add([first], [second], same, fold=fold, people=people)


def _images(line: str, lists: tuple[dict[int, str], dict[int, str]]) -> tuple[str, str]:
    fields = split_fields(line, "," if "," in line else SPACES)
    if len(fields) != 2 or not all(map(is_number, fields)):
        raise DataError(f"must be two numbers, got {line!r:.100}")
    numbers = int(fields[0]), int(fields[1])
    for number, known in zip(numbers, lists, strict=True):
        if number not in known:
            raise DataError(f"must be numbers from the image list, got {number}")
    return lists[0][numbers[0]], lists[1][numbers[1]]
