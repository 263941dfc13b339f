"""Commands that run a study in a folder, and are killed with SIGKILL before they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def killed(folder: Path, command: Sequence[str], study: str, *, done: int) -> None:
    """Run ``command``, and kill it once its study holds ``done`` trainings, before it ends."""
    process = _started(folder, command, study)
    while process.poll() is None and measured(folder, study) < done:
        time.sleep(0.02)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def finished(folder: Path, command: Sequence[str], study: str) -> dict[str, Any]:
    """Run ``command`` to its end; what it wrote to ``result.json``."""
    process = _started(folder, command, study)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads((folder / "runs" / study / "result.json").read_text())
    return found


def measured(folder: Path, study: str) -> int:
    """Trainings that the study's journal holds."""
    journal = folder / "runs" / study / "journal.log"
    return journal.read_text(errors="replace").count('"measurement"') if journal.is_file() else 0


def _started(folder: Path, command: Sequence[str], study: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "seesawnas", *command, "--study", study],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
