"""Temporary folders that dead processes left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seesawnas.errors import StudyError
from seesawnas.study.engines.ray.leftovers import create_temp_folder, remove_stale_folders

IMPORT = "from seesawnas.study.engines.ray.leftovers import create_temp_folder"

pytestmark = pytest.mark.processes


def left(above: Path, name: str = "seesawnas-abcdefg1", *inside: str) -> Path:
    folder = above / name
    folder.mkdir(mode=0o700)
    for each in inside:
        (folder / each).mkdir()
    return folder


def test_the_folder_of_a_process_that_was_killed_is_removed_and_that_of_one_that_lives_is_not(
    tmp_path: Path,
) -> None:
    code = f"{IMPORT}; print(create_temp_folder({str(tmp_path)!r})[0], flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        (theirs / "ray").mkdir()
        remove_stale_folders(tmp_path)
        assert theirs.is_dir()
        other.kill()
    mine, lock = create_temp_folder(str(tmp_path))
    assert list(tmp_path.iterdir()) == [mine]
    remove_stale_folders(tmp_path)
    assert mine.is_dir()
    os.close(lock)


@pytest.mark.parametrize("inside", [(), ("ray",), ("ray", "tune0", "tune1")])
def test_what_an_older_version_left_is_removed(tmp_path: Path, inside: tuple[str, ...]) -> None:
    left(tmp_path, "seesawnas-abcdefg1", *inside)
    remove_stale_folders(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_in_which_a_process_has_a_file_open_stays(tmp_path: Path) -> None:
    folder = left(tmp_path, "seesawnas-abcdefg1", "ray")
    code = f"file = open({str(folder / 'ray' / 'log')!r}, 'w'); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        remove_stale_folders(tmp_path)
        assert (folder / "ray").is_dir()
        other.kill()


def test_nothing_that_is_somebodys_own_is_removed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    left(tmp_path, "seesawnas-training", "ray", "my_results")
    left(tmp_path, "seesawnas-results_of_may", "ray")
    left(tmp_path, "seesawnas-open0000", "ray").chmod(0o755)
    (tmp_path / "seesawnas-file0000").touch()
    (tmp_path / "seesawnas-link0000").symlink_to(tmp_path / "kept")
    linked = left(tmp_path, "seesawnas-inlink00")
    (linked / "ray").symlink_to(tmp_path / "kept")
    before = {path.name for path in tmp_path.iterdir()}
    remove_stale_folders(tmp_path)
    # The link itself, not its target.
    assert before - {path.name for path in tmp_path.iterdir()} == {"seesawnas-inlink00"}
    assert (tmp_path / "kept" / "file").exists()


def test_many_starts_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    code = f"{IMPORT}; print(create_temp_folder({str(tmp_path)!r})[0], flush=True); input()"
    words = [sys.executable, "-c", code]
    started = [
        subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, close_fds=True
        )
        for _ in range(4)
    ]
    try:
        folders = [Path(one.stdout.readline().strip()) for one in started if one.stdout is not None]
        assert len(set(folders)) == 4
        assert all((folder / "in_use").is_file() for folder in folders)
    finally:
        for one in started:
            one.communicate("")


def test_no_room_for_temporary_files_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"cannot be written: .*; set TMPDIR") as caught:
        create_temp_folder(str(tmp_path / "missing"))
    assert "\n" not in str(caught.value)
