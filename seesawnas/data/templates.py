"""Templates of several pictures of one person, as IJB-B and IJB-C have them, and the pairs of templates to verify.

face_tid_mid.txt          lines ``1.jpg 1 69544``: picture, template, media (a photograph, or a video with many frames)
template_pair_label.txt   lines ``1 11065 1``: two templates, and 1 where they show one person
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.decode import Resolution
from seesawnas.data.pictures import PictureList, Pictures
from seesawnas.data.text_lines import located, read_text
from seesawnas.errors import DataError


@dataclass(frozen=True, eq=False)
class TemplateSet:
    """templates, media: (N,) numbers of each picture's; left, right: (P,) numbers of templates; same: (P,)."""

    name: str
    pictures: Pictures
    templates: NDArray[np.int64]
    media: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def read_templates(
    pairs: str | Path, members: str | Path, images: str | Path | None, *, resolution: Resolution = 112
) -> TemplateSet:
    """The templates that ``members`` lists and the ``pairs`` of them; pictures lie below ``images``.

    Pictures that are not there are counted and named in the notes. Raises DataError, in one line.
    """
    members, pairs = Path(members).expanduser(), Path(pairs).expanduser()
    if images is None or not Path(images).expanduser().is_dir():
        raise DataError(f"{members}: needs the folder of its images (--images), got {images or 'nothing'}")
    found = PictureList(Path(images).expanduser())
    rows = []
    for number, line in enumerate(read_text(members).splitlines(), 1):
        if line.strip():
            with located(members, number):
                path, template, media = _member(line)
                picture = found.find([path])
            if picture is not None:
                rows.append((picture, template, media))
    pictures, notes = found.finished(resolution)
    if not rows:
        raise DataError("; ".join([f"{members}: names no picture that is there", *notes]))
    chosen = np.array(rows, dtype=np.int64)
    if len(chosen) != len(pictures):
        raise DataError(f"{members}: must name each picture once")
    left, right, same = _numbers(pairs).T
    return TemplateSet(pairs.stem, pictures, chosen[:, 1], chosen[:, 2], left, right, same == 1, notes)


def _member(line: str) -> tuple[str, int, int]:
    fields = line.replace(",", " ").split()
    if len(fields) != 3 or not all(field.isascii() and field.isdecimal() and len(field) < 19 for field in fields[1:]):
        raise DataError(f"must be a picture, a template's number and a media's, got {line!r:.100}")
    return fields[0], int(fields[1]), int(fields[2])


def _numbers(path: Path) -> NDArray[np.int64]:
    """(P, 3). IJB-C has 15 million lines: numpy reads them, and not we one by one."""
    start = read_start(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy warns of an empty file
            delimiter = "," if "," in start else None
            rows: NDArray[np.int64] = np.loadtxt(path, dtype=np.int64, delimiter=delimiter, ndmin=2, encoding="utf-8")
    except (ValueError, OSError, UserWarning, OverflowError) as error:
        raise DataError(
            f"{path}: must have two templates and 1 or 0 a line: {str(error).splitlines()[0][:200]}"
        ) from None
    if rows.shape[1] != 3 or not np.isin(rows[:, 2], (0, 1)).all():
        raise DataError(f"{path}: must have two templates and 1 or 0 a line")
    return rows


def read_start(path: Path) -> str:
    """The first line. Raises DataError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.readline(1000).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
