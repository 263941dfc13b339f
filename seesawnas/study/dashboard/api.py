"""A study as optuna-dashboard's pages take it: the JSON of its address ``/api/studies/N``.

It is the same as optuna-dashboard's own answer (a test compares them), except for three things.
Notes, attributes, files and plots come from a showcase. What its pages never read, each option of
each decision of each trial, is left out: two thirds of the bytes. And what was said of a finished
trial is said again without being made again, so that a page that is left open costs the search
beside it next to nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from seesawnas.study.library.view import StudyView
from seesawnas.study.objectives import non_dominated
from seesawnas.text import plain_values

DIGITS = 6
MOST_CURVES = 200
"""Above this many trials optuna-dashboard's own plot of learning curves, a trace a trial, takes
seconds to draw.
"""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file beside a trial: its ``id`` (hexadecimal), its name for users, its type."""

    id: str
    name: str
    mimetype: str


class DashboardContent(Protocol):
    """What a study and its trials show. Notes are Markdown, figures plotly's JSON by an HTML id."""

    def study_note(self, study: StudyView) -> str:
        """The study in words."""

    def study_attributes(self, study: StudyView) -> Mapping[str, str]:
        """Short facts about the study, by their names for users."""

    def figures(self, study: StudyView) -> Mapping[str, str]:
        """The plots of a study."""

    def trial_note(self, study: StudyView, trial: FrozenTrial) -> str:
        """The trial in words."""

    def trial_attributes(self, trial: FrozenTrial) -> Mapping[str, float | str]:
        """Short facts about the trial, by their names for users."""

    def attached(self, trial: FrozenTrial) -> tuple[Artifact, ...]:
        """The trial's files."""

    def content(self, trial: FrozenTrial, attached: Artifact) -> bytes:
        """One of them."""


@dataclass
class StudyJson:
    """Answers about one study; what does not change is kept."""

    showcase: DashboardContent
    _trials: dict[int, tuple[TrialState, str]] = field(default_factory=dict)
    _about: tuple[Any, dict[str, Any]] | None = None

    def text(self, study: StudyView, after: int = 0) -> str:
        """The whole study, with the trials from number ``after`` on."""
        about = {**self._study(study), "best_trials": [], "trials": []}
        # Single trainings are none.
        winners = [] if "ablation" in study.attributes else best_trials(study.trials)
        best = ",".join(self._trial(study, trial) for trial in winners)
        trials = ",".join(self._trial(study, trial) for trial in study.trials[after:])
        return f'{json.dumps(about)[:-1]}, "best_trials": [{best}], "trials": [{trials}]}}'

    def _study(self, study: StudyView) -> dict[str, Any]:
        """All but the trials, made again when one of them has moved."""
        points = sum(len(trial.intermediate_values) for trial in study.trials)
        under_way = [trial.state for trial in study.trials if not trial.state.is_finished()]
        again = sum(repeats.n for repeats in study.repeats.values())
        stamp = (
            len(study.trials),
            points,
            under_way,
            len(study.attributes),
            again,
            len(study.notes),
        )
        if self._about is None or self._about[0] != stamp:
            self._about = (stamp, plain_values(self._made(study)))
        return self._about[1]

    def _made(self, study: StudyView) -> dict[str, Any]:
        shared, union = _search_spaces(study.trials)
        return {
            "name": study.name,
            "directions": study.directions,
            "objective_names": study.objectives,
            "user_attrs": _attributes(self.showcase.study_attributes(study)),
            "union_user_attrs": self._columns(study.trials),
            "intersection_search_space": shared,
            "union_search_space": union,
            "has_intermediate_values": 0
            < sum(bool(trial.intermediate_values) for trial in study.trials)
            <= MOST_CURVES,
            "note": _note(self.showcase.study_note(study), study.system, "dashboard:"),
            "plotly_graph_objects": [
                {"id": name, "graph_object": text}
                for name, text in self.showcase.figures(study).items()
            ],
            "artifacts": [],
            "is_preferential": False,
            "feedback_component_type": {"output_type": "note"},
        }

    def _columns(self, trials: Iterable[FrozenTrial]) -> list[dict[str, Any]]:
        are_numbers: dict[str, bool] = {}
        for trial in trials:
            for name, value in self.showcase.trial_attributes(trial).items():
                are_numbers[name] = are_numbers.get(name, True) and not isinstance(value, str)
        return [{"key": name, "sortable": is_number} for name, is_number in are_numbers.items()]

    def _trial(self, study: StudyView, trial: FrozenTrial) -> str:
        state, text = self._trials.get(trial._trial_id, (None, ""))
        if state is not trial.state or not trial.state.is_finished():
            text = json.dumps(plain_values(self._made_trial(study, trial)))
            self._trials[trial._trial_id] = (trial.state, text)
        return text

    def _made_trial(self, study: StudyView, trial: FrozenTrial) -> dict[str, Any]:
        made: dict[str, Any] = {
            "trial_id": trial._trial_id,
            "study_id": study.number,
            "number": trial.number,
            "state": trial.state.name.capitalize(),
            "params": [_param(trial, name) for name in trial.distributions],
            "fixed_params": [],
            "user_attrs": _attributes(self.showcase.trial_attributes(trial)),
            "note": _note(
                self.showcase.trial_note(study, trial),
                study.system,
                f"dashboard:{trial._trial_id}:",
            ),
            "artifacts": [_file(attached) for attached in self.showcase.attached(trial)],
            "constraints": [],
            "intermediate_values": [
                {"step": step, "value": _number(value)}
                for step, value in sorted(trial.intermediate_values.items())
            ],
        }
        if trial.values is not None:
            made["values"] = [_number(value) for value in trial.values]
        for name, moment in (
            ("datetime_start", trial.datetime_start),
            ("datetime_complete", trial.datetime_complete),
        ):
            made |= {name: moment.isoformat()} if moment is not None else {}
        return made


def best_trials(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """The complete trials that no other dominates, by number.

    If the study has one objective, the first of its best.
    """
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    if complete and len(complete[0].values) == 1:
        return [max(complete, key=lambda trial: (trial.values[0], -trial.number))]
    return [
        complete[place] for place in sorted(non_dominated([trial.values for trial in complete]))
    ]


def _search_spaces(
    trials: Iterable[FrozenTrial],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The decisions that all trials of the space have, and all decisions.

    A network from outside the space has none.
    """
    union: dict[str, BaseDistribution] = {}
    shared: set[str] | None = None
    for trial in trials:
        if trial.distributions and trial.state is not TrialState.FAIL:
            union |= trial.distributions
            shared = (
                set(trial.distributions) if shared is None else shared & trial.distributions.keys()
            )
    spaces = [{"name": name, "distribution": _distribution(union[name])} for name in sorted(union)]
    return [space for space in spaces if space["name"] in (shared or ())], spaces


def _distribution(distribution: BaseDistribution) -> dict[str, Any]:
    match distribution:
        case CategoricalDistribution():
            choices = [
                {"pytype": str(type(choice)), "value": str(choice)}
                for choice in distribution.choices
            ]
            return {"type": "CategoricalDistribution", "choices": choices}
        case IntDistribution() | FloatDistribution():
            names = ("low", "high", "step", "log")
            return {
                "type": type(distribution).__name__,
                **{name: getattr(distribution, name) for name in names},
            }
    raise TypeError(f"distribution {distribution}")


def _param(trial: FrozenTrial, name: str) -> dict[str, Any]:
    value = trial.params[name]
    inner = trial.distributions[name].to_internal_repr(value)
    return {"name": name, "param_internal_value": inner, "param_external_value": str(value)}


def _attributes(values: Mapping[str, float | str]) -> list[dict[str, str]]:
    return [{"key": name, "value": str(value)} for name, value in values.items()]


def _file(attached: Artifact) -> dict[str, str | None]:
    return {
        "artifact_id": attached.id,
        "filename": attached.name,
        "mimetype": attached.mimetype,
        "encoding": None,
    }


def _note(body: str, system: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Our note, and after it what a user wrote with optuna-dashboard itself.

    That keeps notes in pieces.
    """
    theirs = ""
    if f"{prefix}note_ver" in system:
        start = f"{prefix}note_str:"
        pieces = {
            int(name.removeprefix(start)): text
            for name, text in system.items()
            if name.startswith(start)
        }
        theirs = "".join(pieces[place] for place in sorted(pieces))
    return {"version": 1, "body": f"{body}\n---\n\n{theirs}" if theirs else body}


def _number(value: float) -> float | str:
    """As many digits as are useful; JSON has no words for what is not finite."""
    if math.isnan(value):
        return "nan"
    return round(value, DIGITS) if math.isfinite(value) else ("inf" if value > 0 else "-inf")
