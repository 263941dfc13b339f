"""Optuna's own plots of large studies, bounded.

optuna-dashboard draws them of every trial, and some of every pair of decisions. Of 5,000 trials
with 24 decisions its plot of ranks is 1.8 GB, made in minutes. Here a plot shows at most
:data:`TRIALS` trials, the best half of them and others evenly by their quality, and, if it grows
with the pairs of decisions, the :data:`DECISIONS` that matter most; its title says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container
from typing import Any, TypeAlias

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

TRIALS = 300
DECISIONS = 4
"""Pairs of them are drawn."""
LATEST = 500
"""Bars of the timeline."""

Draw: TypeAlias = Callable[..., Any]


def bounded_plot(storage: BaseStorage, number: int, kind: str) -> str | None:
    """The plot ``kind`` of a study as plotly's JSON.

    None if optuna-dashboard draws plots of this kind quickly for any study.
    """
    if kind not in _PLOTS and kind != "timeline":
        return None
    study = _Thinned(storage, number)
    if kind == "timeline":
        figure = optuna.visualization.plot_timeline(study.latest())
        words = ", ".join(study.words)
    else:
        draw, pairs = _PLOTS[kind]
        options = {} if kind == "pareto_front" else _target(study)
        study.thin()
        names = _decisions(study, options, DECISIONS) if pairs else None
        params = {"params": names[0]} if names is not None and names[0] else {}
        figure = draw(study, **options, **params)
        words = ", ".join([*study.words, *(names[1] if names is not None else [])])
    if words:
        figure.update_layout(title={"text": f"{figure.layout.title.text or ''} ({words})"})
    if kind == "slice":
        figure.update_layout(width=None)  # Optuna's is as wide as its decisions are many
    text: str = figure.to_json()
    return text


class _Thinned(optuna.Study):
    """A study of which the plots see some trials only."""

    def __init__(self, storage: BaseStorage, number: int) -> None:
        super().__init__(study_name=storage.get_study_name_from_id(number), storage=storage)
        self._shown = super().get_trials(deepcopy=False)
        self.words: list[str] = []

    def get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        return [trial for trial in self._shown if states is None or trial.state in states]

    def thin(self) -> None:
        """Leave complete trials alone: the best, and others evenly."""
        done = [
            trial for trial in self._shown if trial.state is TrialState.COMPLETE and trial.values
        ]
        if len(done) > TRIALS:
            sign = -1 if self.directions[0] is optuna.study.StudyDirection.MAXIMIZE else 1
            done.sort(key=lambda trial: (sign * trial.values[0], trial.number))
            best, rest = done[: TRIALS // 2], done[TRIALS // 2 :]
            step = -(-len(rest) // (TRIALS - len(best)))
            self.words = [f"{len(best) + len(rest[::step])} of {len(done)} trials"]
            done = sorted([*best, *rest[::step]], key=lambda trial: trial.number)
        self._shown = done

    def latest(self) -> _Thinned:
        """Itself, with the latest trials alone."""
        if len(self._shown) > LATEST:
            self.words = [f"the latest {LATEST} of {len(self._shown)} trials"]
            self._shown = self._shown[-LATEST:]
        return self


def _target(study: optuna.Study) -> dict[str, Any]:
    """The objective that is plotted: of several the first, as in optuna-dashboard."""
    if len(study.directions) == 1:
        return {"target_name": "Objective Value"}
    return {"target": lambda trial: trial.values[0], "target_name": "Objective 0"}


def _decisions(study: _Thinned, options: dict[str, Any], most: int) -> tuple[list[str], list[str]]:
    """The names of the decisions that matter most, of those that most trials have.

    They come with words that say that these are not all. Both are empty if the study has no more
    than ``most`` decisions.
    """
    counts: dict[str, int] = {}
    for trial in study.get_trials():
        for name in trial.params:
            counts[name] = counts.get(name, 0) + 1
    if len(counts) <= most:
        return [], []
    weights: dict[str, float] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weights = get_param_importances(
                study,
                evaluator=PedAnovaImportanceEvaluator(),
                target=options.get("target"),
                normalize=False,
            )
    except (ValueError, RuntimeError):  # too few trials, or all alike
        pass
    names = sorted(counts, key=lambda name: (-weights.get(name, 0.0), -counts[name], name))[:most]
    return names, [f"{most} of {len(counts)} decisions"]


_PLOTS: dict[str, tuple[Draw, bool]] = {
    "contour": (optuna.visualization.plot_contour, True),
    "rank": (optuna.visualization.plot_rank, True),
    "slice": (optuna.visualization.plot_slice, False),
    "parallel_coordinate": (optuna.visualization.plot_parallel_coordinate, False),
    "pareto_front": (lambda study: optuna.visualization.plot_pareto_front(study), False),
}
"""How each is drawn, and whether it grows with the pairs of decisions."""
