"""Files that are either whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seesawnas.errors import InvalidInput
from seesawnas.files import make_folder, write_atomically


def test_text_and_bytes_arrive_and_folders_are_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.txt", "grün")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "grün".encode()
    write_atomically(tmp_path / "a" / "b.txt", b"\x00")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"\x00"


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "kept.txt"
    target.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInput, match=r"kept\.txt: cannot be written: No space left on device"):
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
