"""Landmarks by the names of their columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seesawnas.data import read_landmarks
from seesawnas.data.writers.align import TEMPLATE
from seesawnas.errors import DataError

INTERLEAVED = [f"{axis}{point}" for point in range(1, 6) for axis in "xy"]
CELEBA = [
    f"{part}_{axis}"
    for part in ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")
    for axis in "xy"
]


def _text(names: list[str], separator: str = ",", points: np.ndarray = TEMPLATE) -> str:
    """Columns in the order of ``names``, which say what INTERLEAVED or CELEBA say."""
    values = dict(zip(INTERLEAVED, points.ravel().tolist(), strict=True)) | dict(
        zip(CELEBA, points.ravel().tolist(), strict=True)
    )
    fields = [str(values[name]) if name in values else "a/1.jpg" for name in names]
    return f"{separator.join(names)}\n{separator.join(fields)}\n"


@pytest.mark.parametrize(
    "names",
    [
        ["file", *INTERLEAVED],
        ["file", *INTERLEAVED[::2], *INTERLEAVED[1::2]],
        [*INTERLEAVED, "file"],
        ["image_id", *CELEBA],
        ["image_id", *CELEBA[2:4], *CELEBA[:2], *CELEBA[4:]],
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_the_names_say_which_column_is_which(
    tmp_path: Path, names: list[str], separator: str
) -> None:
    (tmp_path / "five.csv").write_text(_text(names, separator))
    found = read_landmarks(tmp_path / "five.csv")
    assert list(found) == ["a/1.jpg"]
    assert np.allclose(found["a/1.jpg"], TEMPLATE)


LINE = _text(["file", *INTERLEAVED]).splitlines()[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LINE.replace("38.2946", "38.2946x") + "\n" + LINE, "line 1: must be FILE"),
        (_text(["file", *INTERLEAVED]).replace("x1", "u"), "line 1: must name the columns"),
        (
            _text(["file", *INTERLEAVED]).replace("x1", "x2", 1),
            "line 1: column names must be unique",
        ),
        (
            LINE + "\n" + LINE.replace("38.2946", "39"),
            "line 2: must have one line per image, got 'a/1.jpg' twice",
        ),
        (LINE.replace("38.2946", "3_8"), "line 1: must be FILE"),
        (LINE.replace("38.2946", "\u0663\u0668"), "line 1: must be FILE"),
        (_text(["file", *INTERLEAVED], points=TEMPLATE[[1, 0, 2, 4, 3]]), "swapped in 1 of 1"),
    ],
)
def test_what_would_be_misread_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "five.csv").write_text(text)
    with pytest.raises(DataError, match=words) as caught:
        read_landmarks(tmp_path / "five.csv")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("angle", [0.5, 1.6, 3.1, -2.0])
def test_a_face_that_is_turned_is_not_taken_for_a_mirrored_one(
    tmp_path: Path, angle: float
) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    (tmp_path / "five.csv").write_text(_text(["file", *INTERLEAVED], points=TEMPLATE @ turn.T))
    assert np.allclose(read_landmarks(tmp_path / "five.csv")["a/1.jpg"], TEMPLATE @ turn.T)
