"""A study read from its storage as far as possible.

What cannot be read is reported, one line each.
"""

from __future__ import annotations

from typing import Any

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial
from sqlalchemy import text

from seesawnas.errors import StudyError
from seesawnas.io.stored_json import shown, stored_mapping, too_deep
from seesawnas.study.record.validation import SkippedTrial
from seesawnas.study.storage.database import DamagedError, PatientStorage
from seesawnas.text import one_line

TITLES = "study:metric_names"
"""Optuna's system attribute of the objectives' titles."""
_MAPPINGS = ("settings", "ablation", "finalists", "distillation", "priors")


def read_trials(storage: BaseStorage, study: int) -> tuple[list[FrozenTrial], list[SkippedTrial]]:
    """The trials of a study, and those that the storage cannot read.

    A database whose cells are damaged is read row by row.
    """
    if not isinstance(storage, PatientStorage):
        return storage.get_all_trials(study, deepcopy=False), []
    try:
        trials = storage.get_all_trials(study, deepcopy=False)
    except DamagedError:
        return _by_row(storage, study)
    # Optuna keeps a trial a number in memory, so that of two with one number the first is
    # forgotten.
    return (trials, []) if len(trials) == len(_rows(storage, study)) else _by_row(storage, study)


def read_attributes(storage: BaseStorage, study: int) -> tuple[dict[str, Any], list[str]]:
    """A study's own attributes that can be shown, and a line for each that cannot."""
    try:
        stored = storage.get_study_user_attrs(study)
    except DamagedError as error:
        return {}, [f"the study's attributes cannot be read: {error}"]
    kept: dict[str, Any] = {}
    faults: list[str] = []
    for name, value in stored.items() if isinstance(stored, dict) else ():
        fault = attribute_fault(str(name), value)
        if fault is None:
            kept[str(name)] = value
        else:
            faults.append(one_line(f"{name}: {fault}; ignored"))
    return kept, faults


def attribute_fault(name: str, value: Any) -> str | None:
    """What is wrong with an attribute of a study.

    None if nothing is, or if it is another program's.
    """
    if too_deep(value):
        return "must not be nested so deeply"
    try:
        if name in _MAPPINGS or name.startswith("run."):
            stored_mapping(value)
        elif name == "study_file" and not isinstance(value, str):
            return f"must be text, got {shown(value)}"
    except ValueError as error:
        return str(error)
    return None


def read_objectives(
    storage: BaseStorage, study: int
) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """The directions of a study, its objectives' titles, and a line if they do not agree."""
    directions = tuple(direction.name.lower() for direction in storage.get_study_directions(study))
    if not directions:
        raise StudyError("the study must have at least one objective, got none")
    numbered = tuple(f"objective {number}" for number in range(len(directions)))
    titles = storage.get_study_system_attrs(study).get(TITLES)
    if titles is None:
        return directions, numbered, []
    if (
        isinstance(titles, list)
        and len(titles) == len(directions)
        and all(isinstance(t, str) and t for t in titles)
    ):
        return directions, tuple(titles), []
    return (
        directions,
        numbered,
        [f"objectives: must be {len(directions)} titles, got {shown(titles)}"],
    )


def _by_row(storage: PatientStorage, study: int) -> tuple[list[FrozenTrial], list[SkippedTrial]]:
    trials: list[FrozenTrial] = []
    left: list[SkippedTrial] = []
    for trial_id, number in _rows(storage, study):
        try:
            trials.append(_read_row(storage, trial_id))
        except (StudyError, KeyError) as error:
            known = number if type(number) is int else None
            left.append(SkippedTrial(known, one_line(str(error).partition(": ")[2] or str(error))))
    return trials, left


def _read_row(storage: PatientStorage, trial_id: int) -> FrozenTrial:
    return storage.repeated(lambda again: storage.database.get_trial(trial_id))


def _rows(storage: PatientStorage, study: int) -> list[tuple[Any, Any]]:
    """The id and the number of each trial of a study."""
    query = text("SELECT trial_id, number FROM trials WHERE study_id = :study")

    def read(again: bool) -> list[tuple[Any, Any]]:
        with storage.database.engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query, {"study": study})]

    return storage.repeated(read)
