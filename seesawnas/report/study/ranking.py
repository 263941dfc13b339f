"""The ranking and the facts of a study in words.

The dashboard and the report take them from here alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from seesawnas.ablation.reading import ATTRIBUTE
from seesawnas.cost import ALL_COSTS, COSTS, LATENCY
from seesawnas.evaluation.metrics import METRICS
from seesawnas.study import (
    Objectives,
    Repeats,
    ResultRow,
    StudyView,
    TrialState,
    network_rows,
    pareto_front,
    rank,
)
from seesawnas.study.record.starts import STATES
from seesawnas.text import several


@dataclass(frozen=True, slots=True)
class RankedLine:
    """A network of the ranking.

    Attributes:
        rank: From 1.
        row: The network's.
        on_front: Whether it is on the Pareto front.
        measured: Its metrics and costs, as tables write them.
        again: Its mean over new seeds, as tables write it; None if the ranking has no such column.
        values: The numbers behind ``cells``.
    """

    rank: int
    row: ResultRow
    on_front: bool
    measured: tuple[str, ...]
    again: str | None
    values: tuple[float | None, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands below :attr:`Ranking.heads`."""
        return self.measured if self.again is None else (self.again, *self.measured)


@dataclass(frozen=True)
class Ranking:
    """A study's networks in order, of which every table is a view.

    Attributes:
        rows: Best first.
        objectives: The study's.
        is_ranked: Whether the first is a winner: an ablation's rows are its networks, by their
            means, and none has won.
    """

    rows: tuple[ResultRow, ...]
    objectives: Objectives
    is_ranked: bool = True

    @cached_property
    def pareto(self) -> tuple[ResultRow, ...]:
        """The rows of the Pareto front, cheapest first; none of an ablation."""
        return tuple(pareto_front(self.rows, self.objectives)) if self.is_ranked else ()

    @cached_property
    def lines(self) -> tuple[RankedLine, ...]:
        """The rows as tables write them."""
        front = {row.number for row in self.pareto}
        return tuple(
            self._line(place, row, row.number in front)
            for place, row in enumerate(self.rows, start=1)
        )

    @property
    def leading(self) -> tuple[ResultRow, ...]:
        """The rows in the order to train them again: of several objectives the front first."""
        if not self.objectives.costs:
            return self.rows
        front = {row.number for row in self.pareto}
        return tuple(sorted(self.rows, key=lambda row: row.number not in front))

    @property
    def front(self) -> tuple[RankedLine, ...]:
        """The lines of the Pareto front, best first."""
        return tuple(line for line in self.lines if line.on_front)

    @property
    def is_repeated(self) -> bool:
        """Whether it begins with networks that were trained from new seeds."""
        return bool(self.rows) and self.rows[0].repeats is not None

    @property
    def shown_costs(self) -> tuple[str, ...]:
        """The costs that it shows: those of the objectives, and the latency if all rows have it."""
        costs = self.objectives.shown_costs
        if self.rows and all(LATENCY.name in row.costs for row in self.rows):
            return tuple(dict.fromkeys((*costs, LATENCY.name)))
        return costs

    @property
    def measured_heads(self) -> tuple[str, ...]:
        """The names of the columns of metrics and costs."""
        shown = self.objectives
        metrics = (METRICS[name].label for name in shown.shown_metrics)
        return (*metrics, *(ALL_COSTS[name].title for name in self.shown_costs))

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of the cells of each line."""
        again = "over new seeds" if self.is_ranked else "mean over seeds"
        return (again, *self.measured_heads) if self.is_repeated else self.measured_heads

    @property
    def caption(self) -> str:
        """What the marks mean."""
        if not self.is_ranked:
            return (
                "each network's mean over its training seeds, with its standard error; ± of "
                "accuracy is over folds"
            )
        again = "; over new seeds: the mean with its standard error" if self.is_repeated else ""
        front = objective_names(self.objectives)
        return f"on the Pareto front of {front}; ± is the standard deviation over folds{again}"

    def _line(self, place: int, row: ResultRow, on_front: bool) -> RankedLine:
        metrics, costs = self.objectives.shown_metrics, self.shown_costs
        measured = (
            *(metric_words(row, name) for name in metrics),
            *(cost_words(row, name) for name in costs),
        )
        values: list[float | None] = [row.objective(name) for name in (*metrics, *costs)]
        if not self.is_repeated:
            return RankedLine(place, row, on_front, measured, None, tuple(values))
        if row.repeats is None:
            return RankedLine(place, row, on_front, measured, "", (None, *values))
        again = f"{mean_words(row.repeats, self.objectives.metric)} ({row.repeats.n})"
        return RankedLine(place, row, on_front, measured, again, (row.repeats.mean, *values))


def ranking_of(study: StudyView) -> Ranking:
    """The ranking of complete trials, best first.

    For an ablation, a row per network, with its means over the seeds.
    """
    complete = [
        trial
        for trial in study.trials
        if trial.state is TrialState.COMPLETE
        and "accuracy" in trial.user_attrs
        and trial.user_attrs.get("digest") not in study.missed
    ]
    if is_ablation(study):
        return Ranking(tuple(rank(network_rows(complete))), study.sought, is_ranked=False)
    return Ranking(
        tuple(rank(ResultRow.of(trial, study.repeats) for trial in complete)), study.sought
    )


def is_ablation(study: StudyView) -> bool:
    """Whether its trials are single trainings of networks that are compared over seeds."""
    return ATTRIBUTE in study.attributes


def mean_words(repeats: Repeats, metric: str) -> str:
    """The mean over new seeds and its standard error, such as ``82.10 ± 0.31 %``."""
    return METRICS[metric].format(repeats.mean, repeats.standard_error)


def metric_words(row: ResultRow, metric: str) -> str:
    """A metric such as ``82.10 ± 1.54 %``: accuracy with the standard deviation over folds."""
    return METRICS[metric].format(row.objective(metric), row.std if metric == "accuracy" else None)


def cost_words(row: ResultRow, cost: str) -> str:
    """A cost such as ``145.76 M``."""
    return ALL_COSTS[cost].format(row.objective(cost))


def costs_words(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Every cost with its unit; early studies did not keep all of them."""
    known = LATENCY.name in values
    return (
        *(kind.words(values.get(name)) for name, kind in COSTS.items()),
        *((LATENCY.words(values[LATENCY.name]),) if known else ()),
    )


def latencies_words(measured: Iterable[tuple[int, str, int]]) -> str:
    """What finalists took on the device; ``measured`` are (trial, digest, microseconds)."""
    return ", ".join(f"{LATENCY.format(took)} (trial {number})" for number, _, took in measured)


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
    left = f" {len(study.skipped)} more cannot be read and are ignored." if study.skipped else ""
    return (
        f"{several(len(study.trials), 'trial')}: {counts or 'none yet'}.{left} Objectives: "
        f"{', '.join(study.objectives)}."
    )


def objective_names(objectives: Objectives, *, in_short: bool = False) -> str:
    """What the Pareto front is of, such as ``verification accuracy and MAdds``."""
    wanted = objectives.of_front
    metric = METRICS[wanted.metric]
    *most, last = (
        metric.label if in_short else metric.title,
        *(ALL_COSTS[cost].title for cost in wanted.costs),
    )
    return f"{', '.join(most)} and {last}"
