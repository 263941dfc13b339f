"""Files of templates, as IJB has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from seesawnas.data import read_templates
from seesawnas.errors import DataError

MEMBERS = "1.png 5 70\n2.png 5 71\n3.png 9 72\n"


@pytest.fixture
def ijb(tmp_path: Path) -> Path:
    (tmp_path / "loose_crop").mkdir()
    for number in (1, 2, 3):
        Image.new("L", (8, 8)).save(tmp_path / f"loose_crop/{number}.png")
    (tmp_path / "tid_mid.txt").write_text(MEMBERS)
    (tmp_path / "pairs.txt").write_text("5 9 0\n5 5 1\n")
    return tmp_path


def test_images_templates_media_and_pairs_are_read(ijb: Path) -> None:
    found = read_templates(ijb / "pairs.txt", ijb / "tid_mid.txt", ijb / "loose_crop")
    assert found.images.places == ["1.png", "2.png", "3.png"]
    assert (found.templates.tolist(), found.media.tolist()) == ([5, 5, 9], [70, 71, 72])
    assert (found.left.tolist(), found.right.tolist(), found.same.tolist()) == (
        [5, 5],
        [9, 5],
        [False, True],
    )


def test_commas_will_do_and_missing_images_are_named(ijb: Path) -> None:
    (ijb / "tid_mid.txt").write_text(MEMBERS.replace(" ", ",") + "4.png,9,73\n")
    (ijb / "pairs.txt").write_text("5,9,0\n")
    found = read_templates(ijb / "pairs.txt", ijb / "tid_mid.txt", ijb / "loose_crop")
    assert len(found.templates) == 3
    assert found.notes == ("missing images: 1 (4.png)",)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("tid_mid.txt", "1.png 5\n", "line 1: must be image, template number, media number"),
        ("tid_mid.txt", "1.png 5 x\n", "line 1: must be image"),
        ("tid_mid.txt", "../1.png 5 7\n", "line 1: must be an image path inside"),
        ("tid_mid.txt", "9.png 5 7\n", "must name at least one existing image, got none"),
        ("tid_mid.txt", "1.png 5 7\n1.png 5 8\n", "images must be unique"),
        ("pairs.txt", "", "must have two template numbers"),
        ("pairs.txt", "5 9\n", "must have two template numbers"),
        ("pairs.txt", "5 9 2\n", "must have two template numbers"),
        ("pairs.txt", "5 nine 0\n", "must have two template numbers"),
    ],
)
def test_a_damaged_file_is_one_line(ijb: Path, file: str, text: str, words: str) -> None:
    (ijb / file).write_text(text)
    with pytest.raises(DataError) as caught:
        read_templates(ijb / "pairs.txt", ijb / "tid_mid.txt", ijb / "loose_crop")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_folder_of_images_is_needed(ijb: Path) -> None:
    with pytest.raises(DataError, match="requires --images"):
        read_templates(ijb / "pairs.txt", ijb / "tid_mid.txt", None)


_LINES = st.lists(
    st.sampled_from(
        (
            "1.png",
            "../1.png",
            "5",
            "9",
            "70",
            "-1",
            "9" * 30,
            " ",
            ",",
            "\n",
            "\0",
            "1.png 5 70\n",
            "5 9 0\n",
        )
    )
    | st.text(max_size=4),
    max_size=30,
).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(_LINES, _LINES)
def test_any_files_are_read_or_refused_and_nothing_else(
    ijb: Path, members: str, pairs: str
) -> None:
    (ijb / "tid_mid.txt").write_text(MEMBERS + members)
    (ijb / "pairs.txt").write_text("5 9 0\n" + pairs)
    try:
        found = read_templates(ijb / "pairs.txt", ijb / "tid_mid.txt", ijb / "loose_crop")
    except DataError as error:
        lines = str(error).splitlines()
    else:
        lines = [f"{len(found.same)} pairs"]
        assert len(found.templates) == len(found.media) == len(found.images) >= 3
    assert len(lines) == 1
