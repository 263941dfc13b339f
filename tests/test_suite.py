"""The suite itself: a test that crashes or hangs ends the run, with its name and a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
FINE = "def test_fine():\n    pass\n"
CRASH = "import os, signal\ndef test_crash():\n    os.kill(os.getpid(), signal.SIGSEGV)\n"
HANG = "import time\ndef test_hang():\n    time.sleep(1000)\n"
# A lock taken twice waits in C, holds the interpreter, and no signal gets through.
DEADLOCK = """import ctypes
def test_deadlock():
    lock = ctypes.create_string_buffer(64)
    libc = ctypes.PyDLL(None)
    libc.pthread_mutex_lock(lock)
    libc.pthread_mutex_lock(lock)
"""


def run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Both cores and the project's own settings, with limits of seconds in the place of minutes."""
    (folder / "test_first.py").write_text(text)
    (folder / "test_second.py").write_text(FINE)
    limits = ["-o", "timeout=3", "-o", "faulthandler_timeout=6", "-p", "no:cacheprovider"]
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(ROOT / "setup.cfg"),
        "--rootdir",
        str(folder),
        "-n",
        "2",
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return subprocess.run(
        [*words, "--dist", "loadfile", *limits, str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "name"),
    [(CRASH, "test_crash"), (HANG, "test_hang"), (DEADLOCK, "test_deadlock")],
    ids=["crash", "hang", "hang in C"],
)
def test_a_test_that_crashes_or_hangs_ends_the_run_by_its_name(
    tmp_path: Path, text: str, name: str
) -> None:
    done = run(tmp_path, text)
    assert done.returncode == 1
    assert name in done.stdout
    assert "1 failed" in done.stdout


def test_the_examples_of_a_gating_run_are_the_same_each_time() -> None:
    wanted = os.environ.get("HYPOTHESIS_PROFILE", "seesawnas") != "fuzz"
    assert settings.get_profile("seesawnas").derandomize
    assert settings().derandomize is wanted
