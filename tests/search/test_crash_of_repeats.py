"""A real search killed with SIGKILL while it repeats its best networks.

No repeat lost, none doubled.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seesawnas.space import write_yaml
from seesawnas.study import StudyRecord, TrialState, open_storage, read_repeats
from seesawnas.testing.engines import SMALL_SPACE
from tests.faces import write_folder
from tests.study.fakes import small_set

pytestmark = pytest.mark.processes

STUDY = {
    "budget": "1M",
    "space": "small.yaml",
    "data": "faces",
    "trials": 2,
    "repeats": 3,
    "repeat_top": 1,
    "workers": 1,
    "epochs": 2,
    "resolution": 32,
    "engine": "local",
}


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "seesawnas", "search", "tiny.yaml"]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def measured(folder: Path) -> int:
    journal = folder / "runs" / "tiny" / "journal.log"
    return journal.read_text(errors="replace").count('"measurement"') if journal.is_file() else 0


@pytest.mark.slow
def test_repeats_go_on_after_a_kill(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(write_yaml(SMALL_SPACE))
    (tmp_path / "tiny.yaml").write_text(write_yaml(STUDY))
    write_folder(tmp_path / "faces")
    search = start(tmp_path)
    while search.poll() is None and measured(tmp_path) < 3:  # two trials, and the first repeat
        time.sleep(0.02)
    assert search.poll() is None
    os.kill(search.pid, signal.SIGKILL)
    search.communicate()
    last = start(tmp_path)
    _, errors = last.communicate(timeout=240)
    assert last.returncode == 0, errors.decode()
    storage = open_storage(None, tmp_path / "runs" / "tiny", writing=True)
    for name, trials in (("tiny", 2), ("tiny.repeats", 3)):
        record = StudyRecord(storage, name, small_set().decisions)
        assert [trial.state for trial in record.trials()] == [TrialState.COMPLETE] * trials
        assert len(record.keys()) == trials
    assert [found.n for found in read_repeats(storage, "tiny").values()] == [3]
    lines = [
        json.loads(line)
        for line in (tmp_path / "runs" / "tiny" / "journal.log").read_text().splitlines()
    ]
    assert sum("measurement" in (line.get("user_attr") or {}) for line in lines) == 5
