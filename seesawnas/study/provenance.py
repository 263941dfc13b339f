"""What made a study: versions, the working directory's git state, the machine; never a reason to fail."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from seesawnas.files import write_atomically
from seesawnas.space import write_yaml
from seesawnas.study.record import StudyRecord
from seesawnas.study.urls import shown_url

PACKAGES = ("seesawnas", "torch", "optuna", "ray", "numpy")


def provenance(*, data: str, seeds: dict[str, Any]) -> dict[str, Any]:
    """JSON values; ``data`` is the faces' fingerprint."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "git": git_state(),
        "machine": {"cpus": os.cpu_count(), "platform": platform.platform(), "processor": platform.machine()},
        "command": [shown_url(word) for word in sys.argv],  # a storage's password
        "data": data,
        "seeds": seeds,
    }


def keep_run(record: StudyRecord, folder: Path, plan: Mapping[str, Any], *, data: str, seeds: dict[str, Any]) -> None:
    """Store what a run is: its plan as a study file that runs again as it is, and what made it.

    The study keeps what made each of its runs, and the study file of the last; ``study.yaml`` in ``folder`` is that, too.
    """
    made = provenance(data=data, seeds=seeds)
    text = write_yaml({**plan, "provenance": made})
    record.study.set_user_attr("study_file", text)
    number = sum(name.startswith("run.") for name in record.study.user_attrs)
    record.study.set_user_attr(f"run.{number}", json.dumps(made))
    write_atomically(folder / "study.yaml", text)


def git_state() -> dict[str, Any] | None:
    """The working directory's commit, and whether anything that git follows differs from it; None without git."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "dirty": bool(_git("status", "--porcelain", "--untracked-files=no"))}


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):  # no git, no repository, one of another owner, a hung disk
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
