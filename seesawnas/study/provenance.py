"""What made a study: versions, the working directory's git state, the machine; never a reason to fail."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from optuna.trial import TrialState

from seesawnas.files import write_atomically
from seesawnas.space import write_yaml
from seesawnas.study.driver import Stopped
from seesawnas.study.engine import Failed, Finished
from seesawnas.study.record import StudyRecord
from seesawnas.study.starts import INTERRUPTED, PREFIX, held, read_starts, reproducing
from seesawnas.study.store import shown_url

E = TypeVar("E")
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


class Run:
    """This start of a study, as it is written down; see :mod:`seesawnas.study.starts`.

    ``plan`` is what it is asked to do, as a study file holds it. The study's file, its attribute ``study_file`` and
    ``study.yaml`` in ``folder``, changes with the first trial that this start finishes, and no earlier: what trains nothing
    leaves nothing to run again. ``repeats`` is the study of the repeats, where there is one.
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
        text = (
            self._text()
        )  # of the starts before: the last of them may have been killed before it could write its file
        if text is None and record.finished:  # by an earlier version, which did not say what each start did
            text = record.study.user_attrs.get("study_file")
        text = text or write_yaml({**plan, "provenance": made})
        record.study.set_user_attr(self._name, json.dumps(self._values))
        self._write(text)

    def watch(self, events: Iterable[E]) -> Generator[E]:
        """``events`` as they come; with the first trial that is finished the study's file becomes this start's."""
        for event in events:
            if not self._kept and isinstance(event, Finished | Failed | Stopped):
                self._kept = True
                self._write(self._text())
            yield event

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
        """The study file of the settings that produced what the study holds, with what made the last start that trained."""
        starts = read_starts(self._record.study.user_attrs, self._record.trials(), self._done())
        plan = reproducing(starts, self._record.finished)
        if plan is None:
            return None
        last = next(start for start in reversed(starts) if start.numbers or start.repeats)
        hidden = ("plan", "held", "ended")
        return write_yaml({**plan, "provenance": {name: last.made[name] for name in last.made if name not in hidden}})

    def _write(self, text: str | None) -> None:
        if text is None:
            return
        if self._record.study.user_attrs.get("study_file") != text:
            self._record.study.set_user_attr("study_file", text)
        write_atomically(self._folder / "study.yaml", text)


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
    """A start of a study, written down; where it ends without a reason it was interrupted."""
    run = Run(record, folder, plan, provenance(data=data, seeds=seeds), repeats)
    try:
        yield run
    finally:
        with suppress(Exception):  # a full disk, a database that is away, another driver's study: what ended it is told
            run.end(INTERRUPTED)


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
