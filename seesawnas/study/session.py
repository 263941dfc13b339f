"""One study session, from its checks to its results.

It checks, locks and opens the studies, requires the same settings, recovers trials, and then runs
sources of proposals. A search, its repeats, an ablation and the levels of a fidelity study are
sources. All that they share is here: who holds the studies, what an interrupted start left, the
time of a start, what is written down of it, and the engine.

    with open_session(
        folder, {"": StudyPart(decisions, settings)}, engine=engine_factory(plan.engine)
    ) as session:
        session.record_start(plan.to_mapping(), data=fingerprint, seeds=seeds)
        for event in session.run(source, seconds=3600):
            ...
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from optuna.storages import BaseStorage
from optuna.trial import TrialState

from seesawnas.cost import LatencyModel
from seesawnas.cost.latency import LATENCY_FILE
from seesawnas.data import FaceData, open_source
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.disk import on_disk
from seesawnas.io.files import expanded, write_atomically
from seesawnas.space import Decision
from seesawnas.study.driver import (
    NOTHING_LEFT,
    TIME_LIMIT_REACHED,
    DriverEvent,
    Ended,
    Propose,
    Stopped,
    TrialSetup,
    drive,
)
from seesawnas.study.engines.base import Failed, Finished
from seesawnas.study.engines.registry import EngineFactory, EngineSettings, check_engine
from seesawnas.study.library.view import find_study
from seesawnas.study.objectives import ACCURACY, Objectives
from seesawnas.study.ranking import Repeating
from seesawnas.study.record.distillation import DISTILLATION, ProxyTeacher
from seesawnas.study.record.provenance import Run, kept_run
from seesawnas.study.record.record import StudyRecord
from seesawnas.study.storage.identity import is_stored, repeats_name, store_study_name, stored_name
from seesawnas.study.storage.open import check_storage, lock_study, open_storage
from seesawnas.train.checkpoint import Checkpoints
from seesawnas.train.full.events import TeacherEvent

T = TypeVar("T")
REPEATS = repeats_name("")
"""The suffix of the study that holds a study's repeats."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that a source found out, in one line."""

    line: str


SessionEvent: TypeAlias = DriverEvent | Repeating | Noted | TeacherEvent


def preflight(
    find: Callable[[], T],
    *,
    data: str | None,
    storage: str | None,
    folder: Path,
    engine: EngineSettings,
    teacher: ProxyTeacher | None = None,
) -> T:
    """Find what a plan names, and check that its trials can run.

    Nothing is written and no faces are read.

    Args:
        find: Finds all that is special to the plan, and may raise InvalidInput.
        data: The folder of faces, None for the default set.
        storage: The storage's URL, None for a journal in ``folder``.
        folder: The study's folder.
        engine: What runs the trials.
        teacher: What they learn from; it is opened, or known from the study if it is gone.

    Returns:
        What ``find`` returned.

    Raises:
        InvalidInput: Every fault of every check, each in its line; a single one as its check raised
            it.
    """

    def open_data() -> None:
        if data is not None and not expanded(data).is_dir():
            open_source(data)  # which says what is wrong with it

    found: list[T] = []
    errors: list[InvalidInput] = []
    checks: tuple[Callable[[], Any], ...] = (
        lambda: found.append(find()),
        lambda: check_storage(storage, folder),
        open_data,
        lambda: check_engine(engine),
        lambda: None if teacher is None else teacher.open(lambda: _attributes(folder, storage)),
    )
    for check in checks:
        try:
            check()
        except InvalidInput as error:
            errors.append(error)
    if len(errors) == 1:  # its kind says more than a StudyError
        raise errors[0]
    if errors:
        raise StudyError("\n".join(line for error in errors for line in str(error).splitlines()))
    return found[0]


def _attributes(folder: Path, storage: str | None) -> Mapping[str, Any]:
    """Those of the study in ``folder``; none if there is no such study yet."""
    try:
        found = find_study(folder, storage)
        attributes: Mapping[str, Any] = found.storage.get_study_user_attrs(found.number)
    except InvalidInput:
        return {}
    return attributes


@dataclass(frozen=True, slots=True)
class StudyPart:
    """One of the Optuna studies that a session holds.

    Attributes:
        decisions: What the options of its trials are chosen from.
        settings: Makes the settings that this start requires from those that the study was started
            with, none if it is new.
        objectives: What its trials are measured by.
        checkpoints: Where its running trials are kept.
        resumes: Whether this start runs its trials. If not, the study is opened only if it is
            stored already, and its interrupted trials wait.
        latency: Predicts the latency that is stored with each network; None if none is.
    """

    decisions: tuple[Decision, ...]
    settings: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    objectives: Objectives = ACCURACY
    checkpoints: Checkpoints | None = None
    resumes: bool = True
    latency: LatencyModel | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a source has to train.

    Attributes:
        propose: The next network to try, None if there are no more.
        faces: What its trials are trained and verified on.
        setup: How they run, and when it is enough; the session sets the time.
        event: Yielded before the first trial.
        finish: Called when no trial runs any more, before the reason is written down.
        why: Says why nothing more is proposed, in words of the source's own; None for the driver's.
    """

    propose: Propose
    faces: FaceData
    setup: TrialSetup
    event: SessionEvent | None = None
    finish: Callable[[], None] = lambda: None
    why: Callable[[], str] | None = None


class Source(Protocol):
    """Where the trials of a study come from."""

    @property
    def name(self) -> str:
        """What its trials are called in messages, such as ``repeats``."""

    @property
    def record(self) -> StudyRecord:
        """The study that holds its trials."""

    def prepare(self) -> Work | Ended:
        """What is to be trained; the reason if nothing is left to train.

        Called when the source's turn comes, so that it sees what the sources before it have stored.
        """


@dataclass
class StudySession:
    """Studies that this process holds and may write to.

    Attributes:
        folder: Where their files lie.
        storage: Where they are stored.
        records: The studies by the suffix of their names, ``""`` for the one that is called as the
            folder.
        engine: Makes what runs the trials.
        recovered: Trials that an interrupted start left, and that this one resumes.
        start: This start as it is written down, None if it is not.
        teacher: What all trials learn from beside the labels, None if it is nothing.
    """

    folder: Path
    storage: BaseStorage
    records: dict[str, StudyRecord]
    engine: EngineFactory
    recovered: int = 0
    start: Run | None = None
    teacher: ProxyTeacher | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def record_start(self, plan: Mapping[str, Any], *, data: str, seeds: dict[str, Any]) -> None:
        """Write this start down in the first study.

        If it ends without a reason, it was interrupted.

        Args:
            plan: What it is asked to do, as a study file holds it.
            data: The faces' fingerprint.
            seeds: The seeds of everything that is drawn, by what they draw.
        """
        record, repeats = next(iter(self.records.values())), self.records.get(REPEATS)
        run = kept_run(record, self.folder, plan, data=data, seeds=seeds, repeats=repeats)
        self.start = self._stack.enter_context(run)

    def recover(self) -> int:
        """Put trials that nothing runs any more back in line; return how many. May be repeated."""
        return sum(record.recover() for record in self.records.values())

    @property
    def trained(self) -> bool:
        """Whether this start has finished a trial yet."""
        return self.start is not None and self.start.trained

    def run(self, *sources: Source, seconds: float | None = None) -> Generator[SessionEvent]:
        """Train what each source asks for, one source after another; yield what happens.

        The last event is ``Ended``: why the first source ended, and whether the time limit came
        before the others finished.

        Args:
            sources: Where the trials come from.
            seconds: Of all sources together, None for no limit.
        """
        end = None if seconds is None else time.monotonic() + seconds
        reason = ""
        for source in sources:
            ended, is_done = yield from self._run(source, end)
            if not reason:
                reason = ended
            elif not is_done and reason != TIME_LIMIT_REACHED:
                reason = f"{reason}; {TIME_LIMIT_REACHED} before the {source.name} finished"
        if self.start is not None:
            self.start.end(reason)
        yield Ended(reason)

    def _run(
        self, source: Source, end: float | None
    ) -> Generator[SessionEvent, None, tuple[str, bool]]:
        """Run ``source`` until the monotonic time ``end`` at the latest.

        Returns:
            Why it ended, and whether all wanted trials are finished.
        """
        work = source.prepare()
        if isinstance(work, Ended):
            return work.reason, True
        faces: FaceData | None = work.faces
        if not work.setup.rules.is_over(source.record):
            faces = yield from self._taught(work.faces, end)
        left = None if end is None else end - time.monotonic()
        if faces is None or (left is not None and left <= 0):
            return TIME_LIMIT_REACHED, False
        if work.event is not None:
            yield work.event
        reason, rules = "", replace(work.setup.rules, seconds=left)
        setup = replace(work.setup, rules=rules)
        with closing(drive(source.record, work.propose, self.engine(faces), setup)) as driven:
            for event in driven:
                if isinstance(event, Ended):
                    own = work.why if event.reason == NOTHING_LEFT else None
                    reason = event.reason if own is None else own()
                    continue
                if self.start is not None and isinstance(event, Finished | Failed | Stopped):
                    self.start.keep()
                yield event
        work.finish()
        return reason, rules.trials is None or source.record.finished >= rules.trials

    def _taught(
        self, faces: FaceData, end: float | None
    ) -> Generator[SessionEvent, None, FaceData | None]:
        """The faces with the teacher's embeddings; None if ``end`` came before they were made."""
        if self.teacher is None:
            return faces
        with closing(self.teacher.embed(faces)) as embedding:
            while end is None or time.monotonic() < end:
                try:
                    yield next(embedding)
                except StopIteration as done:
                    taught: FaceData = done.value
                    return taught
        return None


@contextmanager
def open_session(
    folder: Path,
    parts: Mapping[str, StudyPart],
    *,
    engine: EngineFactory,
    url: str | None = None,
    teacher: ProxyTeacher | None = None,
) -> Iterator[StudySession]:
    """Hold the studies of ``folder``, and put trials that a killed driver left back in line.

    Args:
        folder: Where the studies' files lie.
        parts: The studies by the suffix of their names. One lease, the first one's, holds them all.
        engine: Makes what runs the trials.
        url: The storage, None for where the study lies already, or for a journal in ``folder``.
        teacher: What all trials learn from beside the labels; opened, and part of the settings.

    Raises:
        StudyError: If another process holds a study, if it was started with other settings, or if
            it cannot be read or written.
    """
    with on_disk(folder), lock_study(folder), ExitStack() as stack:
        storage = open_storage(url, folder, writing=True)
        name = stored_name(storage, folder, parts="" not in parts)
        records: dict[str, StudyRecord] = {}
        for suffix, part in parts.items():
            if part.resumes or is_stored(storage, name + suffix):
                record = StudyRecord(
                    storage,
                    name + suffix,
                    part.decisions,
                    part.objectives,
                    part.latency,
                    "" if teacher is None else teacher.label,
                )
                if not records:
                    stack.enter_context(record.lock_storage())
                records[suffix] = record
        # Old studies first: settings that they refuse must not be kept in a new one.
        for suffix, record in sorted(records.items(), key=lambda item: not item[1].settings):
            settings = {**parts[suffix].settings(record.settings)}
            if teacher is not None:
                settings["teacher"] = teacher.setting
            elif settings.get("teacher") is None:
                settings.pop("teacher", None)  # as versions stored them that knew no teacher
            record.require_settings(settings)
        if teacher is not None:
            about = json.dumps(teacher.about())
            for record in records.values():
                if record.study.user_attrs.get(DISTILLATION) != about:
                    record.study.set_user_attr(DISTILLATION, about)
        if "" in parts:
            store_study_name(folder, name)
        if (model := next((part.latency for part in parts.values()), None)) is not None:
            # The settings name it by its digest: whoever has the folder has all of the study.
            write_atomically(folder / LATENCY_FILE, model.to_yaml(), within=folder)
        recovered = sum(_recover(record, parts[suffix]) for suffix, record in records.items())
        yield StudySession(
            folder, storage, records, engine, recovered, teacher=teacher, _stack=stack
        )


def _recover(record: StudyRecord, part: StudyPart) -> int:
    """How many trials this start resumes."""
    found = record.recover()
    if part.checkpoints is not None:
        part.checkpoints.keep({trial.number for trial in record.trials(TrialState.WAITING)})
    return found if part.resumes else 0
