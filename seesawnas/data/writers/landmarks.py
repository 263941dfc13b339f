"""Five landmarks per face from a CSV file, by the names of its columns if it has any."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.pairs.text_lines import (
    content_lines,
    find_separator,
    located,
    read_text,
    split_fields,
)
from seesawnas.data.skipped import printable
from seesawnas.errors import DataError

_Floats = NDArray[np.float64]
_POINTS = "eyes, nose, mouth corners, left (in the image) before right"
_COLUMNS = f"FILE,x1,y1,...,x5,y5: {_POINTS}"
_LARGEST = 1e6
_WORDS = {"lefteye": 0, "leye": 0, "eyeleft": 0, "righteye": 1, "reye": 1, "eyeright": 1, "nose": 2}
_WORDS |= {
    "leftmouth": 3,
    "mouthleft": 3,
    "lmouth": 3,
    "rightmouth": 4,
    "mouthright": 4,
    "rmouth": 4,
}
_IN_ORDER = range(11)


def read_landmarks(path: Path) -> dict[str, _Floats]:
    """File, relative to the folder of faces -> (5, 2), in pixels.

    A first line of names may have the columns in any order.

    Raises:
        DataError: If a line is wrong (it names the first such line), if names do not say which
            column is which, or if left and right are swapped.
    """
    lines = list(content_lines(read_text(path)))
    separator = find_separator([line for _, line in lines], 11)
    landmarks: dict[str, _Floats] = {}
    order: Sequence[int] = _IN_ORDER
    for place, (number, line) in enumerate(lines):
        with located(path, number):
            fields = split_fields(line, separator)
            if place == 0 and not any(_number(field) is not None for field in fields[1:]):
                order = _order(fields) if len(lines) > 1 else order
                continue
            name, points = _face(fields, order)
            if name in landmarks and not np.array_equal(landmarks[name], points):
                raise DataError(f"must have one line per image, got {name!r:.100} twice")
            landmarks[name] = points
    if not landmarks:
        raise DataError(
            f"{printable(str(path))}: must contain landmarks, got none; each line must be "
            f"{_COLUMNS}"
        )
    mirrored = sum(map(_is_mirrored, landmarks.values()))
    if 2 * mirrored > len(landmarks):
        raise DataError(
            f"{printable(str(path))}: must have {_POINTS}, got them swapped in {mirrored} of "
            f"{len(landmarks)} lines"
        )
    return landmarks


def _face(fields: Sequence[str], order: Sequence[int]) -> tuple[str, _Floats]:
    numbers = [_number(fields[column]) for column in order[1:]] if len(fields) > max(order) else []
    points = [number for number in numbers if number is not None and abs(number) < _LARGEST]
    if len(points) != 10 or (order is _IN_ORDER and len(fields) != 11) or not fields[order[0]]:
        raise DataError(f"must be {_COLUMNS}")
    return fields[order[0]].replace("\\", "/").removeprefix("./"), np.array(points).reshape(5, 2)


def _number(field: str) -> float | None:
    """The finite number in ``field``, None if it is none.

    float() also reads 1_0 and the digits of other scripts.
    """
    try:
        number = float(field) if field.isascii() and "_" not in field else np.nan
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _order(names: Sequence[str]) -> list[int]:
    """The columns of the file, x1, y1, ... y5.

    Raises:
        DataError: If the names do not say it.
    """
    marks: dict[tuple[int, str], int] = {}
    others = []
    for column, name in enumerate(names):
        mark = _mark(re.sub(r"[\W_]+", "", name.lower()))
        if mark is None:
            others.append(column)
        elif mark in marks:
            raise DataError(
                f"column names must be unique, as in file,x1,y1,...,x5,y5, got {name!r:.40} twice"
            )
        else:
            marks[mark] = column
    least = min((point for point, _ in marks), default=0)
    wanted = [(point + least, axis) for point in range(5) for axis in "xy"]
    if set(marks) != set(wanted) or not others:
        shown = ", ".join(names)
        raise DataError(f"must name the columns file,x1,y1,...,x5,y5, got {shown!r:.150}")
    return [others[0], *(marks[mark] for mark in wanted)]


def _mark(name: str) -> tuple[int, str] | None:
    """``x1``, ``landmark1x`` and ``lefteyex`` -> (point, axis)."""
    match = re.fullmatch(r"[a-z]{0,20}?([xy])([0-9])|[a-z]{0,20}?([0-9])([xy])", name, re.ASCII)
    if match is not None:
        return int(match[2] or match[3]), match[1] or match[4]
    for word, point in _WORDS.items():
        if word in name and name[-1] in "xy":
            return point, name[-1]
    return None


def _is_mirrored(points: _Floats) -> bool:
    """Whether left and right are swapped, however the face is turned.

    No similarity maps such landmarks to a face.
    """
    across, down = points[1] - points[0], points[3:].mean(axis=0) - points[:2].mean(axis=0)
    return bool(across[0] * down[1] - across[1] * down[0] < 0)
