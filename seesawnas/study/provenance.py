"""What made a study: versions, the working directory's git state, the machine; never a reason to fail."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from seesawnas.files import write_atomically
from seesawnas.isolation import clean
from seesawnas.space import write_yaml
from seesawnas.study.record import StudyRecord
from seesawnas.study.store import shown_url

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
    write_atomically(folder / "study.yaml", text, within=folder)


def git_state() -> dict[str, Any] | None:
    """The working directory's commit, and whether anything that git follows differs from it; None without git."""
    commit = _git("rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    return {"commit": commit.strip(), "dirty": _is_dirty()}


def _is_dirty() -> bool:
    """Submodules count by their commit alone: git would ask each of them under its own configuration."""
    names = _git("config", "--list", "--name-only", "-z")
    filters = sorted({name for name in (names or "").split("\0") if name.startswith("filter.")})
    if names is None or any(character in name for name in filters for character in "=\n"):
        return True  # nobody can tell
    off = [word for name in filters for word in ("-c", f"{name}={'false' if name.endswith('.required') else ''}")]
    return bool(_git(*off, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty"))


# What a repository's own configuration would have git run, or fetch from afar; a stranger may have written it.
_HARMLESS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    f"core.attributesFile={os.devnull}",
)
_ALONE = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def _git(*words: str) -> str | None:
    environment = {**os.environ, **_ALONE}
    clean(environment)
    git = shutil.which("git", path=environment.get("PATH", os.defpath))
    if git is None:
        return None
    settings = [word for setting in _HARMLESS for word in ("-c", setting)]
    try:
        done = subprocess.run(
            [git, "--no-pager", *settings, *words],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=10,
            check=True,
            env=environment,
        )
    # No git, no repository, one of another owner, a hung disk; a working directory that was deleted.
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
