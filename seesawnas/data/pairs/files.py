"""Verification sets in any format: ``read_pairs`` reads them all.

FILE.bin               InsightFace's: encoded images and labels
pairs.txt              LFW's: ``name i j`` and ``name1 i name2 j``, with a folder of images
                       NAME/NAME_0001.jpg
FILE.csv, FILE.txt     two paths and whether they show one identity, one pair per line, with or
                       without a header
.../Protocol/Split/FP  a folder of CFP's protocol, or FF
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from seesawnas.data.images import Resolution
from seesawnas.data.pairs.cfp import read_cfp
from seesawnas.data.pairs.header import names_images
from seesawnas.data.pairs.insightface_bin import read_bin_pairs
from seesawnas.data.pairs.lfw import is_lfw, read_lfw
from seesawnas.data.pairs.pair_set import PairSet
from seesawnas.data.pairs.table import read_table
from seesawnas.data.pairs.text_lines import (
    comment_above,
    content_lines,
    find_separator,
    read_text,
    split_fields,
    without_empty_end,
)
from seesawnas.data.skipped import printable
from seesawnas.errors import DataError
from seesawnas.io.files import expanded

_TEXT = frozenset({".txt", ".csv", ".tsv", ".lst", ".list"})


def read_pairs(
    path: str | Path, *, images: str | Path | None = None, resolution: Resolution = 112
) -> PairSet:
    """The verification set at ``path``; ``images`` is the folder that its image paths start from.

    A .bin contains its images itself; LFW's pairs.txt needs the folder; the paths of another list
    start beside it by default, CFP's in its own ``Data/Images``. Images that are not there are
    counted and named in the set's notes, and their pairs left out.

    Args:
        path: The file, or the folder of CFP's protocol.
        images: The folder that image paths start from.
        resolution: The side, or (height, width), of images that are decoded for no network in
            particular.

    Raises:
        DataError: If it is no such set, if it can be read in two ways, or if a path leads out of
            the folder.
    """
    found = expanded(path, DataError)
    folder = None if images is None else expanded(images, DataError)
    if folder is not None and not os.path.isdir(folder):
        raise DataError(f"{printable(str(folder))}: must be a folder of images")
    if os.path.isdir(found):
        return read_cfp(found, folder, resolution)
    suffix = found.suffix.lower()
    if suffix == ".bin":
        return read_bin_pairs(found, resolution=resolution)
    if suffix in _TEXT:
        return _read_text(found, folder, resolution)
    raise DataError(
        f"{printable(str(path))}: must be a .bin, a pairs.txt, a .csv or a CFP protocol folder "
        "such as Protocol/Split/FP"
    )


def _read_text(path: Path, folder: Path | None, resolution: Resolution) -> PairSet:
    is_csv = path.suffix.lower() in (".csv", ".tsv")
    text = read_text(path)
    lines = list(content_lines(text))
    if not lines:
        raise DataError(
            f"{printable(str(path))}: must have two paths and a label per line, got nothing"
        )
    if not is_lfw(lines, is_csv=is_csv):
        header = _commented_header(text, lines)
        return read_table(
            path, lines if header is None else [header, *lines], folder or path.parent, resolution
        )
    if folder is None and not is_csv:
        raise DataError(
            f"{printable(str(path))}: requires --images (the image folder), got nothing"
        )
    return read_lfw(path, lines, folder or path.parent, resolution)


def _commented_header(text: str, lines: Sequence[tuple[int, str]]) -> tuple[int, str] | None:
    """The comment above the first of ``lines``, if it names columns as ``numpy.savetxt`` does.

    If ``# path1 path2 different`` were ignored, labels would be read as their opposite.
    """
    number, first = lines[0]
    comment = comment_above(text, number)
    if not comment:
        return None
    separator = find_separator([line for _, line in lines], 3)
    try:
        names, fields = (
            without_empty_end(split_fields(line, separator)) for line in (comment, first)
        )
    except DataError:
        return None
    meant = len(names) == len(fields) and names_images(names) and not names_images(fields)
    return (number - 1, comment) if meant else None
