"""A real confirmation killed with SIGKILL.

The same command goes on, and ends with the verdict of one that was left alone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.ablation.test_crash_of_ablations import measured
from tests.confirmation.small import write_networks
from tests.faces import write_folder

pytestmark = pytest.mark.processes

WORDS = ["small.yaml", "poor.yaml", "near.yaml", "--seeds", "3", "--data", "faces"]
WORDS += ["--epochs", "2", "--resolution", "32", "--engine", "local", "--workers", "2"]


def start(folder: Path, study: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "seesawnas", "confirm", *WORDS, "--study", study]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finished(folder: Path, study: str) -> dict[str, Any]:
    confirmation = start(folder, study)
    _, errors = confirmation.communicate(timeout=240)
    assert confirmation.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads((folder / "runs" / study / "result.json").read_text())
    return found


@pytest.mark.slow
def test_a_confirmation_that_was_killed_twice_ends_as_one_that_was_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_networks()
    write_folder(tmp_path / "faces")
    for done in (2, 5):
        confirmation = start(tmp_path, "killed")
        while confirmation.poll() is None and measured(tmp_path, "killed") < done:
            time.sleep(0.02)
        assert confirmation.poll() is None
        os.kill(confirmation.pid, signal.SIGKILL)
        confirmation.communicate()
    again, whole = finished(tmp_path, "killed"), finished(tmp_path, "alone")
    assert again["race"] == whole["race"]
    assert again["arms"] == whole["arms"]
    assert measured(tmp_path, "killed") == measured(tmp_path, "alone") == 9
