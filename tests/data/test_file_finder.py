"""Files by the paths of a stranger's list.

Extensions without regard to case, and nothing outside the folder.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from seesawnas.data.file_finder import FileFinder
from seesawnas.errors import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (
        "in/Up/Up_0001.JPG",
        "in/Up/b.png",
        "in/Up/b.PNG",
        "in/two/x.JPG",
        "in/two/x.Jpg",
        "in/n.txt",
        "out.jpg",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "in/link.JPG").symlink_to(tmp_path / "out.jpg")
    (tmp_path / "other").symlink_to(tmp_path / "in")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("Up/Up_0001.JPG", "Up/Up_0001.JPG"),
        ("Up/Up_0001.jpg", "Up/Up_0001.JPG"),
        ("./Up/Up_0001.jpg", "Up/Up_0001.JPG"),
        ("Up//Up_0001.jpg", "Up/Up_0001.JPG"),
        ("Up\\Up_0001.jpg", "Up/Up_0001.JPG"),
        ("Up/b.png", "Up/b.png"),
        ("Up/b.PNG", "Up/b.PNG"),
        ("Up/up_0001.jpg", None),
        ("up/Up_0001.jpg", None),
        ("Up/Up_0001.jpeg", None),
        ("Up", None),
        ("n.TXT", None),
        ("", None),
        ("\0.jpg", None),
        ("\ud800.jpg", None),
        ("x" * 5000 + ".jpg", None),
    ],
)
def test_the_extension_alone_is_compared_without_regard_to_case(
    root: Path, path: str, place: str | None
) -> None:
    assert FileFinder(root / "in").find(path) == place


@pytest.mark.parametrize("home", ["in", "other"])
def test_whole_paths_inside_the_folder_are_as_good(root: Path, home: str) -> None:
    finder = FileFinder(root / home)
    for start in (root / "in", root / "other", root / "in" / "two" / ".."):
        assert finder.find(f"{start}/Up/Up_0001.jpg") == "Up/Up_0001.JPG"


@pytest.mark.parametrize(
    "path",
    [
        "../out.jpg",
        "Up/../../out.jpg",
        "/etc/passwd",
        "link.JPG",
        "link.jpg",
        "..\\out.jpg",
        "../no.jpg",
    ],
)
def test_what_lies_outside_is_refused(root: Path, path: str) -> None:
    with pytest.raises(DataError, match="must be an image path inside"):
        FileFinder(root / "in").find(path)


def test_several_files_that_differ_in_case_alone_are_refused(root: Path) -> None:
    with pytest.raises(DataError, match=r"x\.JPG, x\.Jpg"):
        FileFinder(root / "in").find("two/x.jpg")
