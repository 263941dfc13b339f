"""The ranking and the facts of a study in words: the one place where the dashboard and the report take them from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from seesawnas.ablation.reading import ATTRIBUTE
from seesawnas.cost import COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.study.outcome import mean_words, row_of
from seesawnas.report.study.rows import RankedRow, front_objectives, pareto_front, ranked
from seesawnas.study import Repeats, StudyView, Trial, TrialState
from seesawnas.text import several

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


@dataclass(frozen=True, slots=True)
class RankedLine:
    """A network of the ranking: its ``rank``, whether it is on the Pareto front, its measurements and costs as words
    (``cells``) and as numbers (``values``)."""

    rank: int
    row: RankedRow
    on_front: bool
    cells: tuple[str, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """``heads`` name the cells of each line; ``caption`` says what the marks mean."""

    heads: tuple[str, ...]
    lines: tuple[RankedLine, ...]
    caption: str
    is_ranked: bool = True
    """Whether the first is a winner: an ablation's lines are its networks, by their means, and none has won."""

    @property
    def front(self) -> tuple[RankedLine, ...]:
        """The lines of the Pareto front, best first."""
        return tuple(line for line in self.lines if line.on_front)


def ranked_rows(study: StudyView) -> list[RankedRow]:
    """Complete trials best first: repeated networks by their mean, then the others by the study's quality.

    Of an ablation a row a network, with its means over the seeds; its number is that of its first training.
    """
    complete = [
        trial for trial in study.trials if trial.state is TrialState.COMPLETE and "accuracy" in trial.user_attrs
    ]
    if is_ablation(study):
        return ranked(_networks(complete), study.quality)
    return ranked((row_of(trial, study.repeats) for trial in complete), study.quality)


def is_ablation(study: StudyView) -> bool:
    """Whether its trials are single trainings of networks that are compared over seeds."""
    return ATTRIBUTE in study.attributes


def _networks(complete: Sequence[Trial]) -> Iterator[RankedRow]:
    found: dict[str, list[Trial]] = {}
    for trial in complete:
        found.setdefault(str(trial.user_attrs["digest"]), []).append(trial)
    for trials in found.values():
        rows = [row_of(trial, {}) for trial in trials]
        means: dict[str, Any] = {name: fmean(getattr(row, name) for row in rows) for name in _MEANS}
        rates: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _RATES}
        means |= {name: None if None in values else fmean(values) for name, values in rates.items()}
        again = Repeats(tuple(trial.values[0] for trial in trials))
        yield replace(rows[0], repeats=again, **means)


_MEANS = ("accuracy", "std", "auc", "seconds", "separation")
_RATES = ("tar_at_far_1e_2", "tar_at_far_1e_3")  # None where too few pairs resolve them


def ranking_of(study: StudyView, rows: Sequence[RankedRow] | None = None) -> Ranking:
    """The ranking of a study; ``rows`` are :func:`ranked_rows` where they are known already."""
    rows = ranked_rows(study) if rows is None else rows
    objectives = front_objectives(study.sought)
    ablated = is_ablation(study)
    front = set() if ablated else {row.number for row in pareto_front(rows, objectives)}
    metrics = study.sought.shown_metrics
    costs = objectives.shown_costs
    is_repeated = bool(rows) and rows[0].repeats is not None
    heads = ["mean over seeds" if ablated else "over new seeds"] if is_repeated else []
    heads += [METRICS[name].label for name in metrics]
    lines = []
    for rank, row in enumerate(rows, start=1):
        again = [_again(row, study.quality)] if is_repeated else []
        cells = (*again, *(metric_words(row, name) for name in metrics), *(cost_words(row, name) for name in costs))
        values = (
            *([None if row.repeats is None else row.repeats.mean] if is_repeated else []),
            *(row.objective(name) for name in (*metrics, *costs)),
        )
        lines.append(RankedLine(rank, row, row.number in front, cells, values))
    return Ranking(
        (*heads, *(COSTS[name].title for name in costs)), tuple(lines), _caption(study, is_repeated), not ablated
    )


def metric_words(row: RankedRow, metric: str) -> str:
    """Such as ``82.10 ± 1.54 %``: of accuracy with the standard deviation over folds."""
    return METRICS[metric].format(row.objective(metric), row.std if metric == "accuracy" else None)


def cost_words(row: RankedRow, cost: str) -> str:
    """Such as ``145.76 M``."""
    return COSTS[cost].format(row.objective(cost))


def costs_words(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Every cost with its unit; early studies did not keep all of them."""
    return tuple(kind.words(values.get(name)) for name, kind in COSTS.items())


def measured_words(attrs: Mapping[str, Any]) -> str:
    """What a trial measured, in one line."""
    when = f"stopped after epoch {attrs['stopped_after']}: " if "stopped_after" in attrs else ""
    accuracy, auc = METRICS["accuracy"], METRICS["auc"]
    words = accuracy.format(attrs["accuracy"], attrs["accuracy_std"])
    found = f"{when}{accuracy.label} {words}, {auc.label} {auc.format(attrs['auc'])}"
    took = f", {attrs['seconds']:.0f} s" if "seconds" in attrs else ""
    return f"{found[0].upper()}{found[1:]}{took} (± is the standard deviation over folds)"


def progress_words(study: StudyView) -> str:
    """How many trials there are, in which states, and what they are judged by."""
    states = Counter(trial.state for trial in study.trials)
    counts = ", ".join(f"{states[state]} {word}" for state, word in STATES.items() if states[state])
    left = f" {len(study.left_out)} more cannot be read and are left out." if study.left_out else ""
    return f"{several(len(study.trials), 'trial')}: {counts or 'none yet'}.{left} Objectives: {', '.join(study.objectives)}."


def front_words(study: StudyView, ranking: Ranking) -> Iterator[str]:
    """Each network of the front in words, cheapest first."""
    objectives = front_objectives(study.sought)
    for row in pareto_front([line.row for line in ranking.lines], objectives):
        costs = ", ".join(f"{cost_words(row, name)} {COSTS[name].title}" for name in objectives.costs)
        yield f"{METRICS[objectives.quality].format(row.objective(objectives.quality))} at {costs} (trial {row.number})"


def front_names(study: StudyView) -> str:
    """What the Pareto front is of, such as ``verification accuracy and MAdds``."""
    objectives = front_objectives(study.sought)
    *most, last = METRICS[study.quality].title, *(COSTS[cost].title for cost in objectives.costs)
    return f"{', '.join(most)} and {last}"


def _caption(study: StudyView, is_repeated: bool) -> str:
    if is_ablation(study):
        return "each network's mean over its training seeds, with its standard error; ± of accuracy is over folds"
    again = "; over new seeds: the mean with its standard error" if is_repeated else ""
    return f"on the Pareto front of {front_names(study)}; ± is the standard deviation over folds{again}"


def _again(row: RankedRow, quality: str) -> str:
    return "" if row.repeats is None else f"{mean_words(row.repeats, quality)} ({row.repeats.n})"
