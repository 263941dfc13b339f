"""LFW's lists in the forms that go round."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from seesawnas.data import read_pairs
from seesawnas.errors import DataError

PAIRS = [
    ("Ann/Ann_0001.jpg", "Ann/Ann_0002.JPG", True),
    ("Ann/Ann_0001.jpg", "zed/zed_0001.png", False),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("Ann/Ann_0001.jpg", "Ann/Ann_0002.JPG", "zed/zed_0001.png", "Zed/other.png"):
        (tmp_path / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "images" / name)
    return tmp_path


def _read(root: Path, name: str, text: str) -> list[tuple[str, str, bool]]:
    (root / name).write_text(text)
    found = read_pairs(root / name, images=root / "images", resolution=8)
    places = found.images.places
    sides = (found.left.tolist(), found.right.tolist(), found.same.tolist())
    assert found.people is not None
    return [(places[a], places[b], same) for a, b, same in zip(*sides, strict=True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pairs.txt", "1 1\nAnn\t1\t2\nAnn 1 zed 1\n"),
        ("pairs.txt", "1\nAnn,1,2\nAnn,1,zed,1\n"),
        ("pairs.txt", "name i j\nAnn 0001 2\n# so\nAnn 1 zed 01\n"),
        ("pairs.csv", "name,imagenum1,imagenum2,\nAnn,1,2,\nAnn,1,zed,1\n"),
        ("pairs.csv", "Ann;1;2\nAnn;1;zed;1\n"),
    ],
)
def test_numbers_of_images_are_read_in_every_layout(root: Path, name: str, text: str) -> None:
    assert _read(root, name, text) == PAIRS


@pytest.mark.parametrize(
    "text",
    [
        "1 1\nAnn 1 \u00b2\n",
        "\u0661 \u0661\nAnn 1 2\n",
        "9" * 5000 + "\nAnn 1 2\n",
        "1\nAnn 1 " + "9" * 5000,
        "1\nann 1 2\n",
        "1\nAnn 1 2\nAnn 1 Ann 2\nAnn 1 zed 1\n",
    ],
)
def test_digits_of_other_scripts_numbers_without_end_and_other_names_are_one_line(
    root: Path, text: str
) -> None:
    with pytest.raises(DataError) as caught:
        _read(root, "pairs.txt", text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_a_header_that_the_lines_contradict_is_named(root: Path) -> None:
    (root / "pairs.txt").write_text("10 300\nAnn 1 2\nAnn 1 zed 1\n")
    found = read_pairs(root / "pairs.txt", images=root / "images")
    assert found.notes == (
        "folds may be wrong: the first line gives 10 folds of 600 pairs, got 2 pairs",
    )
