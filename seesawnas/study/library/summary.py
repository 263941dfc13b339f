"""What a list of studies says of each: its kind, its state, its trials, its best, its size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from seesawnas.errors import InvalidInput
from seesawnas.io.catalog import RUNS, holds_study, studies_of_runs
from seesawnas.study.driver import TIME_LIMIT_REACHED
from seesawnas.study.library.lookup import check_there
from seesawnas.study.library.places import StudyPlace
from seesawnas.study.library.view import StudyView
from seesawnas.study.ranking import best_row
from seesawnas.study.record.agreement import StudyKind
from seesawnas.study.record.starts import INTERRUPTED, STATES, Start, last_plan, read_starts
from seesawnas.study.storage.folders import folder_size
from seesawnas.study.storage.identity import is_own_name, parts_of
from seesawnas.study.storage.open import (
    last_written,
    open_url,
    storage_url,
)
from seesawnas.study.storage.urls import normal_url, shown_url
from seesawnas.text import one_line
from seesawnas.units import iso_time, local_time

Kind: TypeAlias = StudyKind | Literal["fidelity", "other"]
State: TypeAlias = Literal["running", "stopped", "finished", "unreadable"]
_OTHER_ENDS = ("trials", "patience", "target", "seeds")
"""Settings beside the time that end a study."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best network of a study, by the metric that it is ranked by.

    Attributes:
        trial: The number of its trial, the first if it was trained several times.
        network: Its name or its digest.
        metric: As :data:`seesawnas.evaluation.metrics.METRICS` names it.
        value: What it is ranked by: the mean over repeats if there are any.
        madds: Its MAdds.
        trainings: Of how many trainings ``value`` is the mean.
    """

    trial: int
    network: str
    metric: str
    value: float
    madds: int
    trainings: int = 1

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; the keys are stable."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class StudySummary:
    """A study in a line of a list.

    Attributes:
        name: What commands call it.
        kind: ``search``, ``ablation``, ``confirmation``, ``fidelity``, or ``other``, a study of
            another program; None if it cannot be read.
        state: ``running``, ``finished`` (what was asked for is done), ``stopped`` (something is
            left of it), or ``unreadable``.
        trials: How many trials there are, by their states in words; repeats are not among them.
        repeats: How many repeats are complete.
        best: None if no trial is complete, and of fidelity studies.
        bytes: The size of its folder; None if it has none here.
        written: When it was last written to, in seconds since 1970; None if nothing says it.
        folder: Its folder; None if it has none here.
        storage: The URL of its database, without passwords, or the path of its journal.
        holder: Which process runs it; None if none does.
        fault: Why it cannot be read, in one line.
        notes: What of it cannot be read, one line each.
        asked: How many trials its last start asked for; None if that is not on record, or of a kind
            of study without such a number.
    """

    name: str
    kind: Kind | None
    state: State
    trials: dict[str, int]
    repeats: int
    best: Best | None
    bytes: int | None
    written: float | None
    folder: Path | None
    storage: str
    holder: str | None = None
    fault: str | None = None
    notes: tuple[str, ...] = ()
    asked: int | None = None

    @classmethod
    def of(cls, place: StudyPlace) -> StudySummary:
        """The study of ``place``, as it stands.

        Raises:
            StudyError: If it cannot be read.
        """
        return cls.of_views(place, [study.view() for study in place.studies()])

    @classmethod
    def of_views(cls, place: StudyPlace, views: list[StudyView]) -> StudySummary:
        """The study of ``place``, whose studies are read already."""
        holder = place.holder()
        return cls(
            name=place.name,
            kind=_kind(place, views[0]),
            state="running" if holder else _state(place, views),
            trials=_counts(views),
            repeats=sum(repeats.n for repeats in views[0].repeats.values()),
            best=None if place.is_fidelity else _best(views[0]),
            bytes=folder_size(place.folder) if place.has_folder else None,
            written=_written(place, views),
            folder=place.folder if place.has_folder else None,
            storage=place.shown,
            holder=holder,
            notes=tuple(note for view in views for note in view.notes),
            asked=_asked(views[0]),
        )

    @classmethod
    def unreadable(cls, name: str, folder: Path | None, storage: str, fault: str) -> StudySummary:
        """A study that cannot be read; ``fault`` says why."""
        return cls(
            name=name,
            kind=None,
            state="unreadable",
            trials={},
            repeats=0,
            best=None,
            bytes=None if folder is None else folder_size(folder),
            written=None if folder is None else last_written(folder),
            folder=folder,
            storage=storage,
            fault=fault,
        )

    @property
    def number_of_trials(self) -> int:
        """Trials in whatever state."""
        return sum(self.trials.values())

    @property
    def finished(self) -> int:
        """Trials that ended, in whatever way."""
        return sum(self.trials.get(STATES[state], 0) for state in STATES if state.is_finished())

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; keys are only ever added."""
        written = None if self.written is None else iso_time(local_time(self.written))
        return {
            "name": self.name,
            "kind": self.kind,
            "state": self.state,
            "trials": {"all": self.number_of_trials, "finished": self.finished, **self.trials},
            "asked": self.asked,
            "repeats": self.repeats,
            "best": None if self.best is None else self.best.to_mapping(),
            "bytes": self.bytes,
            "written": written,
            "folder": None if self.folder is None else str(self.folder),
            "storage": self.storage,
            "holder": self.holder,
            "fault": self.fault,
        }


def list_studies(url: str | None = None) -> Iterator[StudySummary]:
    """The studies under runs/, by name; or those of a database.

    Args:
        url: The database; None for runs/.

    Raises:
        StudyError: If the database cannot be read; a study that cannot is listed with the reason.
    """
    if url is not None:
        yield from _of_database(url)
        return
    for name in studies_of_runs():
        yield _summary(name, RUNS / name)


def _of_database(url: str) -> Iterator[StudySummary]:
    check_there(url := normal_url(url))
    storage = open_url(url, writing=False)
    try:  # the places share its connections
        names = {study.study_name for study in storage.get_all_studies()}
        for name in sorted(filter(is_own_name, names)):
            folder = RUNS / name
            if holds_study(folder) and _storage_of(folder) == url:
                yield _summary(name, folder)
                continue
            place = StudyPlace(name, folder, url, storage, name, parts_of(names, name))
            try:
                yield StudySummary.of(place)
            except InvalidInput as error:
                yield StudySummary.unreadable(name, None, shown_url(url), one_line(str(error)))
    finally:
        storage.database.engine.dispose()


def _summary(name: str, folder: Path) -> StudySummary:
    try:
        with StudyPlace.find(name) as place:
            return StudySummary.of(place)
    except InvalidInput as error:
        storage = _storage_of(folder)
        shown = str(folder) if storage is None else shown_url(storage)
        return StudySummary.unreadable(name, folder, shown, one_line(str(error)))


def _storage_of(folder: Path) -> str | None:
    try:
        return storage_url(None, folder)
    except InvalidInput:
        return None


def _kind(place: StudyPlace, view: StudyView) -> Kind:
    if place.is_fidelity:
        return "fidelity"
    return view.kind if view.is_shipped else "other"


def _state(place: StudyPlace, views: list[StudyView]) -> State:
    """The state of a study that does not run: by its last start, if it is on record."""
    is_left = any(not trial.state.is_finished() for view in views for trial in view.trials)
    if place.is_fidelity:
        is_judged = (place.folder / "fidelity.json").is_file()
        return "finished" if is_judged and not is_left else "stopped"
    starts = read_starts(views[0].attributes, views[0].trials)
    if not starts:
        return "stopped" if is_left else "finished"
    return "finished" if _is_done(starts[-1]) else "stopped"


def _asked(view: StudyView) -> int | None:
    trials = (last_plan(read_starts(view.attributes, view.trials)) or {}).get("trials")
    return trials if isinstance(trials, int) else None


def _is_done(start: Start) -> bool:
    """Whether a start did what it was asked for; a time limit is that if nothing else was."""
    if start.ended is None or start.ended == INTERRUPTED:
        return False
    has_other_end = any((start.plan or {}).get(name) is not None for name in _OTHER_ENDS)
    return TIME_LIMIT_REACHED not in start.ended or not has_other_end


def _counts(views: list[StudyView]) -> dict[str, int]:
    found = Counter(trial.state for view in views for trial in view.trials)
    return {word: found[state] for state, word in STATES.items()}


def _best(view: StudyView) -> Best | None:
    row = best_row(view.complete, view.repeats) if view.is_shipped else None
    if row is None:
        return None
    trainings = 1 if row.repeats is None else row.repeats.n
    return Best(row.number, row.label, view.metric, row.merit, row.madds, trainings)


def _written(place: StudyPlace, views: list[StudyView]) -> float | None:
    if place.has_folder:
        return last_written(place.folder)
    moments = (
        moment
        for view in views
        for trial in view.trials
        for moment in (trial.datetime_start, trial.datetime_complete)
    )
    return max((moment.timestamp() for moment in moments if moment is not None), default=None)
