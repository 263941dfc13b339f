"""Files that are either whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seesawnas.errors import InvalidInput
from seesawnas.io.files import (
    expanded,
    inside,
    make_folder,
    named_twice,
    open_within,
    write_atomically,
)


def test_text_and_bytes_arrive_and_folders_are_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.txt", "grün")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "grün".encode()
    write_atomically(tmp_path / "a" / "b.txt", b"\x00")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"\x00"


def test_a_failed_write_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "kept.txt"
    target.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        InvalidInput, match=r"kept\.txt: cannot be written: No space left on device"
    ):
        write_atomically(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_keeps_pointing_where_it_did(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "text"


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_atomically("/dev/null", "gone")
    assert not Path("/dev/null").is_file()


def test_a_folder_is_no_file_and_a_file_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written: Is a directory"):
        write_atomically(tmp_path, "text")
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="must be a folder, got a file"):
        make_folder(tmp_path / "file")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder reached by a link, beside a folder and a file of others."""
    (tmp_path / "real").mkdir()
    (tmp_path / "study").symlink_to(tmp_path / "real")
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "file").write_text("theirs")
    return tmp_path / "study"


@pytest.mark.parametrize(
    "target", ["../others/file", "../others/missing", "/etc/passwd", "..", "."]
)
def test_a_file_of_a_study_is_not_written_through_a_link_that_leaves_it(
    study: Path, target: str
) -> None:
    (study / "best.yaml").symlink_to(target)
    with pytest.raises(InvalidInput, match=r"best\.yaml: must not be a link to outside") as caught:
        write_atomically(study / "best.yaml", "ours", within=study)
    assert "\n" not in str(caught.value)
    assert (study.parent / "others" / "file").read_text() == "theirs"
    assert not (study.parent / "others" / "missing").exists()
    with pytest.raises(InvalidInput):
        open_within(study, study / "best.yaml", "a")


def test_nor_in_a_folder_that_is_such_a_link(study: Path) -> None:
    (study / "checkpoints").symlink_to("../others")
    with pytest.raises(InvalidInput, match="must not be a link to outside"):
        write_atomically(study / "checkpoints" / "file", "ours", within=study)
    assert (study.parent / "others" / "file").read_text() == "theirs"


@pytest.mark.parametrize("there", ["link", "loop", "fifo", "hard"])
def test_within_a_study_whatever_has_the_files_name_is_replaced(study: Path, there: str) -> None:
    path, theirs = study / "holder.json", study.parent / "others" / "file"
    match there:
        case "link":
            (study / "inner").write_text("old")
            path.symlink_to("inner")
        case "loop":
            path.symlink_to("holder.json")
        case "fifo":
            os.mkfifo(path)
        case "hard":
            path.hardlink_to(theirs)
    write_atomically(path, "ours", within=study)
    assert path.read_text() == "ours"
    assert theirs.read_text() == "theirs"


def test_a_link_that_is_made_between_the_check_and_the_writing_is_not_followed(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checked(folder: str | Path, path: str | Path) -> Path:
        real = inside(folder, path)
        real.parent.rmdir()
        real.parent.symlink_to(study.parent / "others")
        return real

    (study / "checkpoints").mkdir()
    monkeypatch.setattr("seesawnas.io.files.inside", checked)
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_atomically(study / "checkpoints" / "file", "ours", within=study)
    assert (study.parent / "others" / "file").read_text() == "theirs"


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_atomically(tmp_path / "url", "secret", within=tmp_path, mode=0o600)
    assert (tmp_path / "url").stat().st_mode & 0o777 == 0o600


def test_a_tilde_is_the_home_directory_and_never_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert make_folder("~/out") == tmp_path / "me" / "out"
    write_atomically("~/out/a", "text")
    assert (tmp_path / "me" / "out" / "a").read_text() == "text"
    assert not list(Path().iterdir())


@pytest.mark.parametrize("home", ["", "relative"])
@pytest.mark.parametrize("path", ["~", "~/a", "~nobody_of_this_name/a"])
def test_a_tilde_that_nobody_knows_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", home)
    for use in (make_folder, expanded, lambda path: write_atomically(path, "text")):
        with pytest.raises(
            InvalidInput, match=f"{path}: .*: home directory is not known"
        ) as caught:
            use(path)
        assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_file_may_be_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("~draft.csv").touch()
    assert expanded("~draft.csv") == Path("~draft.csv")


def test_names_of_the_same_file_or_the_same_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    Path("b").symlink_to("a")
    assert named_twice(["a", "x", "c/a", "y"]) is None
    assert named_twice(["x", "a", "./b/../a"]) == ("a", "./b/../a")
    assert named_twice(["a/", "x", Path("b")]) == ("a/", "b")
    assert named_twice(["study:1", "./study:1", "study:1"]) == ("study:1", "study:1")
