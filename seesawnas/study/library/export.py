"""Trials as JSON values, for other programs: all that is stored of them, by stable keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optuna.trial import FrozenTrial

from seesawnas.cost import ALL_COSTS
from seesawnas.errors import StudyError
from seesawnas.evaluation.metrics import METRICS
from seesawnas.io.stored_json import stored_mapping
from seesawnas.space import read_yaml
from seesawnas.study.library.places import StudyPlace
from seesawnas.study.library.view import StudyView
from seesawnas.study.record.starts import STATES
from seesawnas.units import iso_time

_TEXTS = ("digest", "label", "variant", "teacher", "reason")


def exported_trials(place: StudyPlace, trial: str | None = None) -> Iterator[dict[str, Any]]:
    """The trials of a study by number, its repeats after them.

    Args:
        place: Where the study lies.
        trial: The number of a single trial, or ``best``; None for all, with the repeats.

    Raises:
        StudyError: If the study cannot be read, or if there is no such trial.
    """
    if trial is None:
        for study in place.studies(repeats=True):
            view = study.view()
            yield from (trial_values(one, view) for one in view.trials)
        return
    if trial != "best" and not (trial.isascii() and trial.isdecimal()):
        raise StudyError(f"--trial must be a number or best, got {trial[:60]}")
    for view in (study.view() for study in place.studies()):
        yield trial_values(view.pick(trial, f"{place.name}:{trial}"), view)


def trial_values(trial: FrozenTrial, view: StudyView) -> dict[str, Any]:
    """A trial as JSON values; keys are only ever added.

    Attributes of a trial that it does not have are None, except that metrics and costs which are
    not stored are left out.

    Args:
        trial: The trial.
        view: Its study.
    """
    attrs = trial.user_attrs
    spec, proxy = attrs.get("spec"), attrs.get("proxy")
    values: tuple[float | None, ...] = tuple(trial.values or (None,) * len(view.objectives))
    return {
        "study": view.name,
        "trial": trial.number,
        "state": STATES[trial.state],
        "objectives": dict(zip(view.objectives, values, strict=False)),
        **{name: attrs.get(name) or None for name in _TEXTS},
        "metrics": {name: attrs[name] for name in METRICS if name in attrs},
        "accuracy_std": attrs.get("accuracy_std"),
        "costs": {name: attrs[name] for name in ALL_COSTS if name in attrs},
        "curve": {str(epoch): value for epoch, value in sorted(trial.intermediate_values.items())},
        "options": dict(trial.params),
        "spec": read_yaml(str(spec), "spec") if spec else None,
        "proxy": stored_mapping(proxy) if proxy else None,
        "seconds": attrs.get("seconds"),
        "stopped_after": attrs.get("stopped_after"),
        "started": trial.datetime_start and iso_time(trial.datetime_start),
        "ended": trial.datetime_complete and iso_time(trial.datetime_complete),
    }
