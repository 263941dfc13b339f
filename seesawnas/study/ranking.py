"""``ResultRow``: the results of a network in a study.

Here are the only ranking and the only Pareto front of such rows. What a search reports, its tables
and plots, a study's ``best`` and the points that are trained again all come from here.

Repeats: the best networks trained again from other seeds, so that the first is not the luckiest.
The trial that won a search is biased upwards by winning: its own measurement never counts as a
repeat. Repeats are trials of a study of their own, ``NAME.repeats`` in the same storage, and a
network's figure is the mean over its new seeds alone.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from seesawnas.cost import COSTS, LATENCY
from seesawnas.evaluation.metrics import METRICS
from seesawnas.study.objectives import MAIN_COSTS, MAIN_METRICS, Objectives, non_dominated
from seesawnas.study.record.renewed import renewed
from seesawnas.study.storage.identity import repeats_name


@dataclass(frozen=True, slots=True)
class Repeating:
    """The search has ended and its best networks are retrained.

    ``wanted`` trials in all, ``done`` of them before.
    """

    wanted: int
    done: int


@dataclass(frozen=True, slots=True)
class Repeats:
    """The metric of one network, trained from each of some new seeds."""

    values: tuple[float, ...]

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """The value that networks are ranked by."""
        return statistics.fmean(self.values)

    @property
    def standard_error(self) -> float | None:
        """Standard error of the mean; None for a single seed.

        It is the sample standard deviation over the root of n.
        """
        return None if self.n < 2 else statistics.stdev(self.values) / self.n**0.5

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "n": self.n,
            "mean": self.mean,
            "standard_error": self.standard_error,
            "values": list(self.values),
        }


def read_repeats(storage: BaseStorage, study: str) -> dict[str, Repeats]:
    """The stored repeats of a study's networks, by digest."""
    try:
        number = storage.get_study_id_from_name(repeats_name(study))
    except KeyError:
        return {}
    return repeats_of(map(renewed, storage.get_all_trials(number, deepcopy=False)))


def repeats_of(trials: Iterable[FrozenTrial]) -> dict[str, Repeats]:
    """The repeats among a study's trials that were checked, by digest."""
    found: dict[str, list[float]] = {}
    for trial in trials:
        if trial.state is TrialState.COMPLETE:
            found.setdefault(str(trial.user_attrs["digest"]), []).append(trial.values[0])
    return {digest: Repeats(tuple(values)) for digest, values in found.items()}


ACCURACY_AND_MADDS = Objectives("accuracy", ("madds",))


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A trial's network with its measurement and its costs.

    Attributes:
        number: The trial's.
        digest: The network's.
        name: A published network's; None if a sampler proposed it.
        value: What the search measured of the study's metric.
        metrics: By name; None if too few pairs resolve it.
        costs: By name; the predicted latency if the study has a model.
        std: Standard deviation of accuracy over the folds.
        seconds: What the trial took.
        repeats: Trainings of the network from new seeds; None if there are none.
        stopped_after: The epoch after which it was stopped early; None if it was not. Such rows are
            never ranked.
    """

    number: int
    digest: str
    name: str | None
    value: float
    metrics: Mapping[str, float | None]
    costs: Mapping[str, int]
    std: float = 0.0
    seconds: float = 0.0
    repeats: Repeats | None = None
    stopped_after: int | None = None

    @classmethod
    def of(cls, trial: FrozenTrial, repeats: Mapping[str, Repeats] | None = None) -> ResultRow:
        """The row of a trial that measured something; ``repeats`` by digest."""
        attrs = trial.user_attrs
        stopped_after = attrs.get("stopped_after")
        reached = (
            trial.values[0]
            if stopped_after is None
            else trial.intermediate_values.get(stopped_after)
        )
        return cls(
            number=trial.number,
            digest=str(attrs["digest"]),
            name=attrs.get("label") or None,
            value=float(reached or 0.0),
            metrics={name: metric.read(attrs) for name, metric in METRICS.items()},
            costs={
                **{name: attrs.get(name, 0) for name in COSTS},
                **({LATENCY.name: attrs[LATENCY.name]} if LATENCY.name in attrs else {}),
            },
            std=attrs.get("accuracy_std", 0.0),
            seconds=attrs.get("seconds", 0.0),
            repeats=(repeats or {}).get(str(attrs["digest"])),
            stopped_after=stopped_after,
        )

    @property
    def accuracy(self) -> float:
        """Accuracy of verification, 0 to 1."""
        return self.objective("accuracy")

    @property
    def auc(self) -> float:
        """The area under the ROC curve, 0 to 1."""
        return self.objective("auc")

    @property
    def madds(self) -> int:
        """MAdds of one image."""
        return self.costs["madds"]

    @property
    def params(self) -> int:
        """Learnable parameters, without the loss head."""
        return self.costs["params"]

    @property
    def label(self) -> str:
        """The name if there is one, otherwise the digest."""
        return self.name or self.digest

    def objective(self, name: str) -> float:
        """What was measured of a metric, or counted of a cost.

        A metric that could not be resolved has the worst value.
        """
        return float(self.costs[name] if name in self.costs else self.metrics[name] or 0.0)

    @property
    def merit(self) -> float:
        """What it is ranked by.

        The mean over new seeds if there are any, otherwise what the search measured.
        """
        return self.value if self.repeats is None else self.repeats.mean

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; the keys are stable."""
        main: dict[str, Any] = {"number": self.number, "digest": self.digest, "name": self.name}
        for name in MAIN_METRICS:
            main[name] = self.metrics[name]
            main |= {"std": self.std} if name == "accuracy" else {}
        main |= {name: self.costs[name] for name in MAIN_COSTS}
        return {
            **main,
            "seconds": self.seconds,
            **{
                name: value
                for name, value in {**self.costs, **self.metrics}.items()
                if name not in main
            },
            "repeats": None if self.repeats is None else self.repeats.to_mapping(),
        }


def network_rows(trials: Iterable[FrozenTrial]) -> Iterator[ResultRow]:
    """A row per network that was trained from several seeds.

    It has the means over them, under the number of the network's first training.
    """
    found: dict[str, list[ResultRow]] = {}
    for trial in trials:
        found.setdefault(str(trial.user_attrs["digest"]), []).append(ResultRow.of(trial))
    for rows in found.values():
        yield replace(
            rows[0],
            metrics={name: _mean([row.metrics[name] for row in rows]) for name in rows[0].metrics},
            std=fmean(row.std for row in rows),
            seconds=fmean(row.seconds for row in rows),
            repeats=Repeats(tuple(row.value for row in rows)),
        )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


def rank(rows: Iterable[ResultRow]) -> list[ResultRow]:
    """Best first: repeated networks by their mean, then the others by what the search measured.

    Equals are ordered by AUC, then accuracy, then fewer MAdds, then the earlier trial.
    """

    def key(row: ResultRow) -> tuple[float, ...]:
        return (row.repeats is None, -row.merit, -row.auc, -row.accuracy, row.madds, row.number)

    return sorted(rows, key=key)


def pareto_front(
    rows: Iterable[ResultRow], objectives: Objectives = ACCURACY_AND_MADDS
) -> list[ResultRow]:
    """The rows that no other row dominates, cheapest first.

    The cost is MAdds if the objectives name none.

    A row is dominated by one that is as good in every objective, and better in one. Rows are
    compared by what the search measured: all of them have that, from one and the same seed.
    """
    every, wanted = list(rows), objectives.of_front
    found = non_dominated([[row.objective(name) for name in wanted.names] for row in every])

    def key(row: ResultRow) -> tuple[float, ...]:
        costs = [row.objective(name) for name in wanted.costs]
        return (*costs, -row.objective(wanted.metric), -row.auc, row.number)

    return sorted((every[place] for place in found), key=key)


def rank_trials(trials: Iterable[FrozenTrial], repeats: Mapping[str, Repeats]) -> list[FrozenTrial]:
    """Complete trials in the order of :func:`rank`."""
    by_number = {trial.number: trial for trial in trials}
    rows = (ResultRow.of(trial, repeats) for trial in by_number.values())
    return [by_number[row.number] for row in rank(rows)]


def best_row(trials: Iterable[FrozenTrial], repeats: Mapping[str, Repeats]) -> ResultRow | None:
    """The row of the best of complete ``trials``, the first of the ranking; None if there is none.

    If networks were trained from several seeds, as in an ablation, it is that of the network with
    the best mean.
    """
    found = list(trials)
    if any(str(trial.user_attrs.get("variant", "")).startswith("seed ") for trial in found):
        return next(iter(rank(network_rows(found))), None)
    return next(iter(rank(ResultRow.of(trial, repeats) for trial in found)), None)


def best_trial(trials: list[FrozenTrial], repeats: Mapping[str, Repeats]) -> FrozenTrial:
    """The best complete trial of ``trials``, of which there is one; see :func:`best_row`.

    If networks were trained from several seeds, it is the first of the network.
    """
    best = best_row(trials, repeats)
    return next(trial for trial in trials if best is not None and trial.number == best.number)
