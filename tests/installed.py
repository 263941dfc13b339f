"""An example package of the docs, installed as a user installs it, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"


def install(example: Path, folder: Path) -> Path:
    """Where ``example`` is installed, and nothing else; a copy of it is built in ``folder``."""
    site, source = folder / "site", folder / "source"
    shutil.copytree(example, source, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    pip = ["pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [sys.executable, "-m", *pip, "--target", str(site), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named pip" in done.stderr:
        pytest.skip("there is no pip in this environment to install the example with")
    assert done.returncode == 0, done.stderr
    return site


def run_python(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Python in ``folder``, with what is installed in ``site``."""
    paths = os.pathsep.join([str(site), str(ROOT)])
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


def run_command(site: Path, folder: Path, *words: str) -> str:
    """What the command ``seesawnas`` prints there."""
    done = run_python(site, folder, "-m", "seesawnas", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout
