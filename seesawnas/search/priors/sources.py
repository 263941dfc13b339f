"""From the REFs of ``--learn-from`` to priors, and the priors that a study keeps.

A REF is a study, a table of trials in a CSV file, or the name of a table that ships. A search
stores what it learnt when it starts, so that it is resumed without them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from seesawnas.analysis.linear_model import Floats
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.catalog import TABLES, holds_study, is_file, studies_of_runs
from seesawnas.io.files import expanded
from seesawnas.io.stored_json import stored_mapping
from seesawnas.search.priors.prior import Prior
from seesawnas.search.priors.table import read_table
from seesawnas.space import Decision
from seesawnas.study import StudyRecord, Trial, TrialState, find_study, study_folder
from seesawnas.study.library.view import find_referenced
from seesawnas.text import nearest, short

PRIORS = "priors"
"""The study's attribute: what it learnt from others when it started."""


def read_priors(
    refs: Sequence[str],
    decisions: Sequence[Decision],
    metric: str,
    folder: Path,
    *,
    storage: str | None = None,
) -> tuple[Prior, ...]:
    """What each of ``refs`` says of ``decisions``.

    Args:
        refs: As ``--learn-from`` has them.
        decisions: Those of the search space.
        metric: What the search maximises; the scores of the priors are its.
        folder: The search's own, which is no earlier study.
        storage: Where studies lie that have no folder here.

    Raises:
        StudyError: With every fault, each in its line.
    """
    found, faults = [], []
    for ref in refs:
        try:
            found.append(_read(ref, decisions, metric, folder, storage))
        except InvalidInput as error:
            faults += [f"--learn-from {line}" for line in str(error).splitlines()]
    if faults:
        raise StudyError("\n".join(faults))
    return tuple(found)


def kept_priors(attributes: Mapping[str, Any], study: str) -> tuple[Prior, ...] | None:
    """What a study of these ``attributes`` learnt when it started; None if it has not stored it.

    Raises:
        StudyError: If it is damaged.
    """
    if (text := attributes.get(PRIORS)) is None:
        return None
    try:
        return tuple(map(Prior.from_mapping, stored_mapping(text)["learnt"]))
    except (KeyError, TypeError, ValueError) as error:
        raise StudyError(f"study {study}: {PRIORS}: {short(error, 200)}") from None


def stored_priors(folder: str, storage: str | None) -> tuple[Prior, ...] | None:
    """What the study of ``folder`` learnt when it started; None if there is no such study yet.

    Nothing is written. A study that cannot be read has none: whatever opens it says why.
    """
    try:
        study = find_study(folder, storage)
        return kept_priors(study.storage.get_study_user_attrs(study.number), study.name)
    except InvalidInput:
        return None


def keep_priors(record: StudyRecord, priors: Sequence[Prior]) -> tuple[Prior, ...]:
    """Store ``priors`` in a study that has none yet.

    Returns:
        Those that the study has now.
    """
    kept = kept_priors(record.study.user_attrs, record.study.study_name)
    if kept is not None or not priors:
        return tuple(priors) if kept is None else kept
    text = json.dumps({"learnt": [prior.to_mapping() for prior in priors]})
    record.study.set_user_attr(PRIORS, text)
    return tuple(priors)


def _read(
    ref: str, decisions: Sequence[Decision], metric: str, folder: Path, storage: str | None
) -> Prior:
    path = expanded(ref) if "://" not in ref else None
    shipped = TABLES.find(ref)
    if path is not None and path.suffix == ".csv":
        table = path if is_file(path) else shipped
    elif path is None or _is_study(study_folder(ref), shipped is not None):
        return _of_study(ref, decisions, metric, folder, storage)
    else:
        table = shipped
    if table is None and storage is not None and path is not None and path.suffix != ".csv":
        return _of_study(ref, decisions, metric, folder, storage)
    if table is None:
        raise _unknown(ref)
    assignments, scores = read_table(table, ref, decisions, metric)
    return Prior.learn(ref, assignments, scores, decisions)


def _is_study(folder: Path, is_shipped: bool) -> bool:
    """Whether a REF means ``folder``: one without a study does not hide a table of its name."""
    return holds_study(folder) if is_shipped else folder.is_dir()


def _of_study(
    ref: str, decisions: Sequence[Decision], metric: str, folder: Path, storage: str | None
) -> Prior:
    study = find_referenced(ref, storage)
    if study.folder.resolve() == folder.resolve():
        raise StudyError(f"{ref}: must be another study, got the search's own")
    trials = [trial for trial in study.view().trials if _counts(trial)]
    return Prior.learn(ref, [trial.params for trial in trials], _scores(trials, metric), decisions)


def _counts(trial: Trial) -> bool:
    is_own = bool(trial.params) and not trial.user_attrs.get("variant")
    return trial.state is TrialState.COMPLETE and is_own and isfinite(trial.values[0])


def _scores(trials: Sequence[Trial], metric: str) -> Floats:
    """(trials,): the metric of the search, if all trials have it; else their first objective.

    Never some of both: they are of different scales.
    """
    values = [trial.user_attrs.get(metric) for trial in trials]
    if not all(isinstance(value, int | float) and isfinite(value) for value in values):
        values = [trial.values[0] for trial in trials]
    return np.array(values, dtype=np.float64)


def _unknown(ref: str) -> StudyError:
    names = [*TABLES.names(), *studies_of_runs()]
    near = nearest(ref, names)
    hint = f"did you mean {near}?" if near else f"shipped are {', '.join(TABLES.names())}"
    return StudyError(f"{short(ref)}: must be a study, a CSV file or a shipped table; {hint}")
