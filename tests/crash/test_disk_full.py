"""A disk that is really full.

One line, exit code 2, and after making room the same command goes on.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from seesawnas.cli.app import app
from seesawnas.space import write_yaml
from seesawnas.study import TrialState
from seesawnas.study.engines import registry as engines
from seesawnas.testing.engines import SMALL_SPACE
from tests.faces import write_folder
from tests.study.fakes import FakeEngine
from tests.study.storages import record_at

TRIALS, BLOCK = 12, 4096


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 12 MiB, the working folder."""
    small = tmp_path / "disk"
    small.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "small", small], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        (tmp_path / "small.yaml").write_text(write_yaml(SMALL_SPACE))
        write_folder(tmp_path / "faces")
        monkeypatch.chdir(small)
        yield small
    finally:
        os.chdir(tmp_path)
        subprocess.run(["umount", "-l", small], check=True)


def search(storage: str) -> Result:
    words = [
        "search",
        "--space",
        "../small.yaml",
        "--budget",
        "1M",
        "--data",
        "../faces",
        "--study",
        "s",
    ]
    words += ["--epochs", "2", "--resolution", "32", "--trials", str(TRIALS), "--engine", "local"]
    return CliRunner().invoke(
        app, words + (["--storage", "sqlite:///study.db"] if storage == "sqlite" else [])
    )


def fill(disk: Path, room: int) -> Path:
    """Leave ``room`` bytes."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * BLOCK
    with filler.open("wb") as file:
        file.write(b"\0" * max(0, free - room))
    return filler


@pytest.mark.parametrize("storage", ["journal", "sqlite"])
def test_a_search_that_fills_its_disk_again_and_again_ends_as_if_it_never_had(
    disk: Path, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optuna.storages._rdb.storage.random.random", lambda: 0.0)
    monkeypatch.setitem(engines.ENGINES, "local", lambda faces, settings: FakeEngine())
    # A block more each time: the disk fills at the lock, the settings, a trial, a checkpoint, a
    # line's middle.
    for blocks in [*range(1, 8), 10, 13, 17, 25]:
        filler = fill(disk, blocks * BLOCK)
        result = search(storage)
        assert result.exit_code == 2, result.output
        assert "Traceback" not in result.stderr
        assert (
            "full" in result.stderr.splitlines()[-1]
            or "No space left" in result.stderr.splitlines()[-1]
        )
        filler.unlink()
    result = search(storage)
    assert result.exit_code == 0, result.output
    record = record_at("sqlite:///study.db" if storage == "sqlite" else None, disk / "runs" / "s")
    assert [trial.state for trial in record.trials()] == [TrialState.COMPLETE] * TRIALS
    assert len(record.keys()) == TRIALS
