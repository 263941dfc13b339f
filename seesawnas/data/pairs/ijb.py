"""Templates of several images of one identity, as in IJB-B and IJB-C, and pairs of them to verify.

face_tid_mid.txt          lines ``1.jpg 1 69544``: image, template, media (a photograph, or a
                          video with many frames)
template_pair_label.txt   lines ``1 11065 1``: two templates, and 1 if they show one identity
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.encoded_images import EncodedImages, ImageList
from seesawnas.data.images import Resolution
from seesawnas.data.pairs.text_lines import (
    SEPARATORS,
    content_lines,
    located,
    read_labelled_pairs,
    read_text,
    split_fields,
)
from seesawnas.errors import DataError
from seesawnas.io.files import expanded

_NUMBER = re.compile(r"[0-9]{1,18}")  # str.isdecimal is also true of other digits than ASCII's


@dataclass(frozen=True, eq=False)
class TemplateSet:
    """A set of templates, and pairs of them.

    Attributes:
        templates: (N,), the template number of each image.
        media: (N,), the media number of each image.
        left: (P,), the number of the first template of each pair.
        right: (P,), that of the second.
        same: (P,), whether a pair shows one identity.
    """

    name: str
    images: EncodedImages
    templates: NDArray[np.int64]
    media: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def read_templates(
    pairs: str | Path,
    members: str | Path,
    images: str | Path | None,
    *,
    resolution: Resolution = 112,
) -> TemplateSet:
    """The templates that ``members`` lists, and the ``pairs`` of them; images lie below ``images``.

    Images that are not there are counted and named in the notes.

    Raises:
        DataError: If ``images`` is no folder, a file cannot be read, a line is wrong, an image is
            listed twice, or no image exists.
    """
    members, pairs = expanded(members, DataError), expanded(pairs, DataError)
    if images is None or not expanded(images, DataError).is_dir():
        raise DataError(
            f"{members}: requires --images (the image folder), got {images or 'nothing'}"
        )
    found = ImageList(expanded(images, DataError))
    rows = []
    for number, line in content_lines(read_text(members)):
        with located(members, number):
            path, template, media = _member(line)
            before, place = len(found), found.find([path])
            if place is not None and place < before:
                raise DataError(f"images must be unique, got {path!r:.100} twice")
        if place is not None:
            rows.append((place, template, media))
    encoded, notes = found.finished(resolution)
    if not rows:
        raise DataError(
            "; ".join([f"{members}: must name at least one existing image, got none", *notes])
        )
    chosen = np.array(rows, dtype=np.int64)
    left, right, same = read_labelled_pairs(pairs)
    return TemplateSet(pairs.stem, encoded, chosen[:, 1], chosen[:, 2], left, right, same, notes)


def _member(line: str) -> tuple[str, int, int]:
    for separator in reversed(SEPARATORS):  # spaces first, as IJB has them
        fields = split_fields(line, separator)
        if (
            len(fields) == 3
            and fields[0]
            and _NUMBER.fullmatch(fields[1])
            and _NUMBER.fullmatch(fields[2])
        ):
            return fields[0], int(fields[1]), int(fields[2])
    raise DataError(f"must be image, template number, media number, got {line!r:.100}")
