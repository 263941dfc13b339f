"""Folders for drafts: gone afterwards, and those of dead processes alone are removed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seesawnas.io.drafts import draft_folder, lock_file

_HOLD = """
import sys, time
from pathlib import Path
from seesawnas.io.drafts import draft_folder
with draft_folder(Path(sys.argv[1]), "tiny") as folder:
    (folder / "tiny.onnx").write_text("half")
    print(folder, flush=True)
    time.sleep(600)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_beside_its_files_and_gone_afterwards(tmp_path: Path) -> None:
    with draft_folder(tmp_path, "tiny") as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(".tiny.")
        (folder / "deep").mkdir()
        (folder / "deep" / "file").touch()
    assert names(tmp_path) == []


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with draft_folder(tmp_path, "tiny") as folder:
            (folder / "tiny.onnx").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


@pytest.mark.processes
def test_what_a_killed_process_left_is_removed_and_a_living_one_s_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        held = Path(process.stdout.readline().strip())
        with draft_folder(tmp_path, "tiny"):
            assert (held / "tiny.onnx").is_file()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == [held.name]
    with draft_folder(tmp_path, "other"):
        assert held.is_dir()
    with draft_folder(tmp_path, "tiny"):
        assert not held.exists()
    assert names(tmp_path) == []


def test_two_at_a_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    with draft_folder(tmp_path, "tiny") as first, draft_folder(tmp_path, "tiny") as second:
        assert first != second
        assert first.is_dir()
        assert second.is_dir()


def test_what_is_somebody_s_own_stays(tmp_path: Path) -> None:
    (tmp_path / ".tiny.01234567.draft").mkdir()
    (tmp_path / ".tiny.01234567.draft" / "mine").touch()
    (tmp_path / ".tiny.backup").mkdir()
    (tmp_path / ".tinyx01234567.draft").mkdir()
    (tmp_path / ".tiny.11111111.draft").mkdir(mode=0o755)  # of no draft's mode
    (tmp_path / ".tiny.11111111.draft" / "in_use").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "in_use").touch()
    (tmp_path / ".tiny.76543210.draft").symlink_to(tmp_path / "elsewhere")
    (tmp_path / ".tiny.00000000.draft").touch()
    before = names(tmp_path)
    with draft_folder(tmp_path, "tiny"):
        pass
    assert names(tmp_path) == before
    assert (tmp_path / "elsewhere" / "in_use").is_file()


def test_a_folder_that_was_killed_before_its_lock_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".tiny.01234567.draft").mkdir(mode=0o700)
    with draft_folder(tmp_path, "tiny"):
        pass
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["n" * 250, "ñ" * 120])
def test_a_long_name_still_makes_a_folder(tmp_path: Path, name: str) -> None:
    with draft_folder(tmp_path, name) as folder:
        assert folder.is_dir()


def test_a_file_system_without_locks_still_makes_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with draft_folder(tmp_path, "tiny") as folder:
        (folder / "tiny.onnx").touch()
    assert names(tmp_path) == []


def test_a_lock_is_held_once_and_gone_with_its_descriptor(tmp_path: Path) -> None:
    first = lock_file(tmp_path / "lock", os.O_CREAT)
    with pytest.raises(BlockingIOError):
        lock_file(tmp_path / "lock")
    os.close(first)
    os.close(lock_file(tmp_path / "lock"))
    with pytest.raises(FileNotFoundError):
        lock_file(tmp_path / "none")
