"""A real ablation killed with SIGKILL.

The same command goes on, and ends with the figures of one that was left alone.
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

from seesawnas.space import write_yaml
from tests.ablation.small import SMALL
from tests.faces import write_folder

pytestmark = pytest.mark.processes

WORDS = [
    "small.yaml",
    "--factors",
    "se,kind",
    "--levels",
    "se=0 kind=plain",
    "--seeds",
    "2",
    "--data",
    "faces",
]
WORDS += ["--epochs", "2", "--resolution", "32", "--engine", "local", "--workers", "2"]


def start(folder: Path, study: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "seesawnas", "ablate", *WORDS, "--study", study]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finished(folder: Path, study: str) -> dict[str, Any]:
    ablation = start(folder, study)
    _, errors = ablation.communicate(timeout=240)
    assert ablation.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads((folder / "runs" / study / "result.json").read_text())
    return found


def measured(folder: Path, study: str) -> int:
    journal = folder / "runs" / study / "journal.log"
    return journal.read_text(errors="replace").count('"measurement"') if journal.is_file() else 0


@pytest.mark.slow
def test_an_ablation_that_was_killed_twice_ends_as_one_that_was_left_alone(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(write_yaml(SMALL))
    write_folder(tmp_path / "faces")
    for done in (1, 3):
        ablation = start(tmp_path, "killed")
        while ablation.poll() is None and measured(tmp_path, "killed") < done:
            time.sleep(0.02)
        assert ablation.poll() is None
        os.kill(ablation.pid, signal.SIGKILL)
        ablation.communicate()
    again, whole = finished(tmp_path, "killed"), finished(tmp_path, "alone")
    assert again["effects"] == whole["effects"]
    assert again["arms"] == whole["arms"]
    assert measured(tmp_path, "killed") == measured(tmp_path, "alone") == 6
