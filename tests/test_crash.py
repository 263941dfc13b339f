"""A real search, killed with SIGKILL at random moments and started again: nothing lost, nothing run twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from seesawnas.space import write_yaml
from seesawnas.study import TrialState
from tests.faces import write_folder
from tests.study.fakes import SMALL_SPACE, record_in

TRIALS, KILLS = 6, 3


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "seesawnas",
        "search",
        "--engine",
        "local",
        "--budget",
        "1M",
        "--space",
        "small.yaml",
    ]
    command += ["--data", "faces", "--trials", str(TRIALS), "--epochs", "2", "--resolution", "32", "--study", "crash"]
    # A group of its own: what is killed is the driver alone, as the kernel's out-of-memory killer would.
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )


def finished(folder: Path) -> int:
    journal = folder / "runs" / "crash" / "journal.log"
    return journal.read_text(errors="replace").count('"measurement"') if journal.is_file() else 0


def measurements(folder: Path) -> dict[int, int]:
    """How often each trial was measured, by the journal's own lines."""
    lines = (folder / "runs" / "crash" / "journal.log").read_text().splitlines()
    found = [line for line in map(json.loads, lines) if "measurement" in (line.get("user_attr") or {})]
    return dict(Counter(line["trial_id"] for line in found))


def nobody_left(group: int, seconds: float = 10) -> bool:
    """Whether the workers of a killed driver end too, and leave the cores to the next."""
    for _ in range(int(seconds / 0.1)):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_a_search_killed_at_random_moments_and_resumed_ends_as_if_it_never_was(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(write_yaml(SMALL_SPACE))
    write_folder(tmp_path / "faces")
    rng = random.Random(0)
    kills = 0
    for kill in range(KILLS):
        search = start(tmp_path)
        goal = min(kill + 1, TRIALS - 1)
        while search.poll() is None and finished(tmp_path) < goal:
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 1.0))
        if search.poll() is None:
            os.kill(search.pid, signal.SIGKILL)
            kills += 1
        search.communicate()
        assert nobody_left(search.pid)
    last = start(tmp_path)
    _, errors = last.communicate(timeout=240)
    assert last.returncode == 0, errors.decode()
    record = record_in(tmp_path / "runs" / "crash")
    states = [trial.state for trial in record.trials()]
    assert states == [TrialState.COMPLETE] * TRIALS
    assert len(record.keys()) == TRIALS
    assert measurements(tmp_path) == dict.fromkeys(range(TRIALS), 1)
    summary = json.loads((tmp_path / "runs" / "crash" / "summary.json").read_text())
    assert summary["finished"] == TRIALS
    assert kills > 0


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_asked_to_stop_says_so_and_leaves_nothing_running(tmp_path: Path, end: signal.Signals) -> None:
    (tmp_path / "small.yaml").write_text(write_yaml(SMALL_SPACE))
    write_folder(tmp_path / "faces")
    search = start(tmp_path)
    while search.poll() is None and finished(tmp_path) < 1:
        time.sleep(0.05)
    os.killpg(search.pid, end)  # Ctrl-C reaches the workers too
    out, errors = search.communicate(timeout=60)
    assert search.returncode == 130, errors.decode()
    assert b"the same command goes on" in errors
    assert b"Ranked by verification accuracy" in out
    record = record_in(tmp_path / "runs" / "crash")
    assert not record.trials(TrialState.RUNNING)
    assert record.trials(TrialState.COMPLETE)


@pytest.mark.slow
def test_a_search_stopped_while_its_workers_start_prints_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(write_yaml(SMALL_SPACE))
    write_folder(tmp_path / "faces")
    search = start(tmp_path)
    while search.poll() is None and not (tmp_path / "runs" / "crash" / "journal.log").is_file():
        time.sleep(0.05)
    time.sleep(1.5)
    os.killpg(search.pid, signal.SIGINT)
    _, errors = search.communicate(timeout=60)
    assert search.returncode == 130
    assert b"Traceback" not in errors
