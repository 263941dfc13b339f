"""The environment of a study: versions, the working directory's git state, the machine.

Reading it never fails.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from seesawnas.io.files import write_atomically
from seesawnas.io.isolation import clean
from seesawnas.space import write_yaml
from seesawnas.study.record.record import StudyRecord
from seesawnas.study.record.starts import (
    INTERRUPTED,
    PREFIX,
    held,
    read_starts,
    reproducible_settings,
)
from seesawnas.study.storage.urls import shown_url

PACKAGES = ("seesawnas", "torch", "optuna", "ray", "numpy")


def provenance(*, data: str, seeds: dict[str, Any]) -> dict[str, Any]:
    """JSON values; ``data`` is the faces' fingerprint."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in PACKAGES},
        },
        "git": git_state(),
        "machine": {
            "cpus": os.cpu_count(),
            "platform": platform.platform(),
            "processor": platform.machine(),
        },
        "command": [shown_url(word) for word in sys.argv],  # a storage's password
        "data": data,
        "seeds": seeds,
    }


class Run:
    """This start of a study, as it is written down; see :mod:`seesawnas.study.record.starts`.

    ``plan`` is what it is asked to do, as a study file holds it. The study's file, its attribute
    ``study_file`` and ``study.yaml`` in ``folder``, changes with the first trial that this start
    finishes, and no earlier: what trains nothing leaves nothing to run again. ``repeats`` is the
    study of the repeats, if there is one.
    """

    def __init__(
        self,
        record: StudyRecord,
        folder: Path,
        plan: Mapping[str, Any],
        made: dict[str, Any],
        repeats: StudyRecord | None = None,
    ) -> None:
        self._record, self._folder, self._repeats, self._made = record, folder, repeats, made
        self._kept, self._ended = False, False
        self._values = {**made, "plan": dict(plan), "held": held(record.trials(), self._done())}
        number = sum(name.startswith(PREFIX) for name in record.study.user_attrs)
        self._name = f"{PREFIX}{number}"
        # of the starts before: the last of them may have been killed before it could write its file
        text = self._text()
        # By an earlier version, which did not say what each start did.
        if text is None and record.finished:
            text = record.study.user_attrs.get("study_file")
        text = text or write_yaml({**plan, "provenance": made})
        record.study.set_user_attr(self._name, json.dumps(self._values))
        self._write(text)

    def keep(self) -> None:
        """Note that it has finished a trial.

        With the first one the study's file becomes this start's.
        """
        if not self._kept:
            self._kept = True
            self._write(self._text())

    def end(self, reason: str) -> None:
        """Write down why it ended; the first reason counts."""
        if self._ended:
            return
        self._ended = True
        self._record.check()
        self._values["ended"] = reason
        self._record.study.set_user_attr(self._name, json.dumps(self._values))
        if self._kept:
            self._write(self._text())

    @property
    def trained(self) -> bool:
        """Whether it has finished a trial yet."""
        return self._kept

    def _done(self) -> int:
        return 0 if self._repeats is None else len(self._repeats.trials(TrialState.COMPLETE))

    def _text(self) -> str | None:
        """The study file of the settings that produced what the study holds.

        It also has what made the last start that trained.
        """
        starts = read_starts(self._record.study.user_attrs, self._record.trials(), self._done())
        plan = reproducible_settings(starts, self._record.finished)
        if plan is None:
            return None
        last = next(start for start in reversed(starts) if start.numbers or start.repeats)
        hidden = ("plan", "held", "ended")
        return write_yaml(
            {
                **plan,
                "provenance": {name: last.made[name] for name in last.made if name not in hidden},
            }
        )

    def _write(self, text: str | None) -> None:
        if text is None:
            return
        if self._record.study.user_attrs.get("study_file") != text:
            self._record.study.set_user_attr("study_file", text)
        write_atomically(self._folder / "study.yaml", text, within=self._folder)


@contextmanager
def kept_run(
    record: StudyRecord,
    folder: Path,
    plan: Mapping[str, Any],
    *,
    data: str,
    seeds: dict[str, Any],
    repeats: StudyRecord | None = None,
) -> Iterator[Run]:
    """A start of a study, written down; if it ends without a reason it was interrupted."""
    run = Run(record, folder, plan, provenance(data=data, seeds=seeds), repeats)
    try:
        yield run
    finally:
        # A full disk, a database that is away, another driver's study: what ended it is reported.
        with suppress(Exception):
            run.end(INTERRUPTED)


def git_state() -> dict[str, Any] | None:
    """The working directory's commit, and whether anything that git follows differs from it.

    None without git.
    """
    commit = _git("rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    return {"commit": commit.strip(), "dirty": _is_dirty()}


def _is_dirty() -> bool:
    """Whether anything that git follows differs from the commit.

    Submodules count by their commit alone: git would ask each of them under its own configuration.
    """
    names = _git("config", "--list", "--name-only", "-z")
    filters = sorted({name for name in (names or "").split("\0") if name.startswith("filter.")})
    if names is None or any(character in name for name in filters for character in "=\n"):
        return True  # nobody can tell
    off = [
        word
        for name in filters
        for word in ("-c", f"{name}={'false' if name.endswith('.required') else ''}")
    ]
    return bool(
        _git(*off, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty")
    )


# What a repository's own configuration would have git run, or fetch from afar; a stranger may have
# written it.
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
    # No git, no repository, one of another owner, a hung disk; a working directory that was
    # deleted.
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
