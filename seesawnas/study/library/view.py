"""A study as it stands in its storage: found by name, read whole, never written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from seesawnas.cost import ALL_COSTS
from seesawnas.errors import StudyError
from seesawnas.evaluation.metrics import METRICS
from seesawnas.io.catalog import RUNS, holds_study
from seesawnas.io.stored_json import stored_mapping
from seesawnas.study.library.lookup import check_there, is_in_database, open_to_read
from seesawnas.study.objectives import Objectives
from seesawnas.study.ranking import Repeats, best_trial, repeats_of
from seesawnas.study.record.agreement import StudyKind, kind_of
from seesawnas.study.record.finalists import missed_limit
from seesawnas.study.record.reading import read_attributes, read_objectives, read_trials
from seesawnas.study.record.validation import SkippedTrial, check_format, trusted
from seesawnas.study.storage.identity import is_own_name, repeats_name, stored_name
from seesawnas.study.storage.open import latest_study, open_url, storage_url, study_folder
from seesawnas.study.storage.urls import missing_file, normal_url, shown_url
from seesawnas.text import nearest, short

_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class StudyView:
    """A study as it stands.

    Attributes:
        name: Its name in the storage.
        number: Its number in the storage.
        attributes: What it was made with.
        system: What optuna-dashboard and others keep with the study.
        objectives: What its trials are measured by.
        directions: ``maximize`` or ``minimize``, for each objective.
        trials: Its trials, without those left out.
        repeats: Its networks' trainings from new seeds, by digest.
        skipped: Trials that cannot be trusted and are not among the others.
        faults: What else of it cannot be shown.
    """

    name: str
    number: int
    attributes: Mapping[str, Any]
    system: Mapping[str, Any]
    objectives: tuple[str, ...]
    directions: tuple[str, ...]
    trials: tuple[FrozenTrial, ...]
    repeats: Mapping[str, Repeats] = field(default_factory=dict)
    skipped: tuple[SkippedTrial, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What cannot be shown of the study, and why, one line each; networks not ranked too."""
        return (
            *self.faults,
            *(f"{one}; ignored" for one in self.skipped),
            *(f"network {digest}: {why}; not ranked" for digest, why in self.missed.items()),
        )

    @property
    def missed(self) -> Mapping[str, str]:
        """Finalists that took longer than the budget allows: why, by digest."""
        return missed_limit(self.attributes)

    @property
    def complete(self) -> list[FrozenTrial]:
        """The trials that are ranked: complete, with a network that meets the budget."""
        missed = self.missed
        return [
            trial
            for trial in self.trials
            if trial.state is TrialState.COMPLETE
            and "accuracy" in trial.user_attrs
            and trial.user_attrs.get("digest") not in missed
        ]

    def pick(self, which: str, ref: str) -> FrozenTrial:
        """The trial of a number as text, or the ``best``; ``ref`` names it in messages.

        Raises:
            StudyError: If there is none, or if it cannot be shown.
        """
        if which == "best":
            if not (complete := self.complete):
                raise StudyError(f"{ref}: no trial is complete yet")
            return best_trial(complete, self.repeats)
        if len(which) > _MOST_DIGITS:
            raise StudyError(
                f"{ref.rpartition(':')[0]}: must be followed by :NUMBER or :best, got "
                f"{short(which)}"
            )
        wanted = int(which)
        for one in self.skipped:
            if one.number == wanted:
                raise StudyError(f"{ref.rpartition(':')[0]}, {one}")
        found = next((trial for trial in self.trials if trial.number == wanted), None)
        if found is None:
            most = max((trial.number for trial in self.trials), default=-1)
            raise StudyError(f"{ref[:60]}: trial number must be less than {most + 1}, got {which}")
        return found

    @property
    def metric(self) -> str:
        """The first objective, as :data:`METRICS` names it.

        Accuracy if another program named it otherwise.
        """
        names = {metric.title: name for name, metric in METRICS.items()}
        return names.get(self.objectives[0], "accuracy")

    @property
    def sought(self) -> Objectives:
        """The objectives as a search names them.

        If another program named costs otherwise, only the known ones are among them.
        """
        names = {kind.title: name for name, kind in ALL_COSTS.items()}
        return Objectives(
            self.metric, tuple(names[title] for title in self.objectives[1:] if title in names)
        )

    @property
    def is_shipped(self) -> bool:
        """Whether the study is of networks."""
        return "settings" in self.attributes or any(
            "spec" in trial.user_attrs for trial in self.trials
        )

    @property
    def kind(self) -> StudyKind:
        """What it was made for, by its settings; a search if these cannot be read."""
        try:
            return kind_of(stored_mapping(self.attributes.get("settings", "{}")))
        except ValueError:
            return "search"


@dataclass(frozen=True, slots=True)
class StoredStudy:
    """A stored study.

    Attributes:
        ref: What commands call it.
        folder: Its folder.
        storage: Its storage.
        number: Its number in the storage.
        stored: Its name in the storage.
        name: What it is called when it is shown: as its folder, also if that was renamed since.
    """

    ref: str
    folder: Path
    storage: BaseStorage
    number: int
    stored: str
    name: str

    def view(self) -> StudyView:
        """The study as it stands now, called as its folder is."""
        return replace(load_view(self.storage, self.number), name=self.name)


def find_study(name: str | Path | None, url: str | None = None) -> StoredStudy:
    """The study ``name``.

    Args:
        name: A folder under runs/, a path, or the URL of a database that holds one study alone;
            None for the study last written to.
        url: Its storage, if the search did not run on this machine.

    Raises:
        StudyError: If there is no such study, or if its storage cannot be read.
    """
    if isinstance(name, str) and "://" in name and url is None:
        return _only(name)
    ref = latest_study() if name is None else str(name)
    folder = name if isinstance(name, Path) else study_folder(ref)
    _, opened = open_to_read(ref, folder, url)
    wanted = stored_name(opened, folder)
    number = study_number(opened, wanted, or_first=name is None)
    stored = opened.get_study_name_from_id(number)
    return StoredStudy(
        ref, folder, opened, number, stored, folder.absolute().name if stored == wanted else stored
    )


def find_referenced(name: str, storage: str | None = None) -> StoredStudy:
    """The study that a REF names, beside whatever else a command names.

    Args:
        name: A folder under runs/, a path, the URL of a database that holds one study alone, or a
            study's name in ``storage``.
        storage: Where studies lie that have no folder here; None for nowhere else.

    Raises:
        StudyError: If there is no such study, or two of them, or if its storage cannot be read.
    """
    if "://" in name:
        return find_study(name)
    folder = study_folder(name)
    if storage is None:
        return find_study(name)
    url = normal_url(storage)
    if not holds_study(folder):
        if missing_file(url) is not None:
            raise StudyError(
                f"{name}: must be an existing study, got none under {RUNS} and no file "
                f"{shown_url(url)}"
            )
        return find_study(name, url)
    is_path = "/" in name
    if not is_path and storage_url(None, folder) != url and _is_also_in(url, folder.name):
        raise StudyError(
            f"{name}: must name one study, got one in {folder} and one in {shown_url(url)}; write "
            f"{folder} for the first"
        )
    return find_study(name)


def _is_also_in(url: str, name: str) -> bool:
    """Whether the database of ``url`` is there and has a study of this name."""
    try:
        return is_in_database(url, [name])
    except StudyError:  # reported by whatever needs the database
        return False


def study_number(storage: BaseStorage, name: str, *, or_first: bool = False) -> int:
    """The number of a study in its storage, as the dashboard's addresses have it.

    Args:
        storage: The storage.
        name: The name of the study in the storage.
        or_first: Take the storage's first study if none has this name, as in a fidelity study's,
            which holds a study for each size of the input.

    Raises:
        StudyError: If there is no such study.
    """
    try:
        return int(storage.get_study_id_from_name(name))
    except KeyError:
        studies = storage.get_all_studies()
        if or_first and studies:
            return int(min(study._study_id for study in studies))
        near = nearest(name, filter(is_own_name, (study.study_name for study in studies)))
        hint = f"; did you mean {near}?" if near else ""
        raise StudyError(
            f"study {name}: there is no study of this name in its storage{hint}"
        ) from None


def load_view(storage: BaseStorage, number: int) -> StudyView:
    """Everything that is shown of a study.

    Trials that cannot be shown are left out of it, and it says which and why.

    Raises:
        StudyError: If there is nothing to show: a storage that cannot be read, a study of a newer
            version.
    """
    name = storage.get_study_name_from_id(number)
    attributes, faults = read_attributes(storage, number)
    check_format(attributes, f"study {name}")
    directions, objectives, more = read_objectives(storage, number)
    stored, unread = read_trials(storage, number)
    ours = "settings" in attributes or any(_has_spec(trial) for trial in stored)
    trials, damaged = trusted(stored, len(directions), ours=ours)
    repeats, damaged_repeats = _repeats(storage, name)
    skipped = sorted([*unread, *damaged], key=lambda one: -1 if one.number is None else one.number)
    return StudyView(
        name=name,
        number=number,
        attributes=attributes,
        system=storage.get_study_system_attrs(number),
        objectives=objectives,
        directions=directions,
        trials=tuple(trials),
        repeats=repeats_of(repeats),
        skipped=tuple(skipped),
        faults=(*faults, *more, *(f"repeats, {one}; ignored" for one in damaged_repeats)),
    )


def _has_spec(trial: FrozenTrial) -> bool:
    return isinstance(trial.user_attrs, dict) and "spec" in trial.user_attrs


def _repeats(storage: BaseStorage, name: str) -> tuple[list[FrozenTrial], list[SkippedTrial]]:
    try:
        number = int(storage.get_study_id_from_name(repeats_name(name)))
    except KeyError:
        return [], []
    stored, unread = read_trials(storage, number)
    trials, damaged = trusted(stored, len(storage.get_study_directions(number)))
    return trials, [*unread, *damaged]


def _only(url: str) -> StoredStudy:
    check_there(url)
    opened = open_url(url, writing=False)
    studies = [
        study
        for study in opened.get_all_studies()
        if not study.study_name.endswith(repeats_name(""))
    ]
    if len(studies) != 1:
        names = ", ".join(sorted(study.study_name for study in studies))
        held = f"it contains {names}" if studies else "it is empty"
        raise StudyError(
            f"storage {shown_url(url)}: must contain exactly one study, or give its name; {held}"
        )
    (study,) = studies
    name = study.study_name
    return StoredStudy(name, study_folder(name), opened, study._study_id, name, name)
