"""The objectives of a study: one verification score, and any number of costs to minimise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seesawnas.cost import ALL_COSTS
from seesawnas.errors import StudyError
from seesawnas.evaluation.metrics import METRICS
from seesawnas.study.trial import Scores
from seesawnas.text import one_of

MAIN_METRICS = ("accuracy", "auc")
MAIN_COSTS = ("madds", "params")
"""Always shown of a network, whatever the objectives."""


@dataclass(frozen=True, slots=True)
class Objectives:
    """A metric, maximised; costs, minimised."""

    metric: str = "accuracy"
    costs: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Objectives:
        """Parse ``accuracy`` or ``accuracy,madds,params``.

        Raises:
            StudyError: If a name is unknown or occurs twice, or if it is not one metric and then
                costs.
        """
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in METRICS and name not in ALL_COSTS:
                raise StudyError(f"objectives {one_of([*METRICS, *ALL_COSTS], name)}")
        if len(set(names)) < len(names):
            raise StudyError(f"objectives must be unique, got {text!r}")
        if names[0] not in METRICS or any(name in METRICS for name in names[1:]):
            raise StudyError(
                f"objectives must be one of {', '.join(METRICS)} and then costs, got {text!r}"
            )
        return cls(names[0], tuple(names[1:]))

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the metric first."""
        return (self.metric, *self.costs)

    @property
    def titles(self) -> tuple[str, ...]:
        """As users read them."""
        return (METRICS[self.metric].title, *(ALL_COSTS[name].title for name in self.costs))

    @property
    def of_front(self) -> Objectives:
        """What the Pareto front is of: these, and MAdds if there is no cost among them."""
        return self if self.costs else replace(self, costs=("madds",))

    @property
    def shown_metrics(self) -> tuple[str, ...]:
        """The metrics that tables show: the study's own first."""
        return tuple(dict.fromkeys([self.metric, *MAIN_METRICS]))

    @property
    def shown_costs(self) -> tuple[str, ...]:
        """The costs that tables show.

        They are MAdds and params, and the other costs that the study minimises.
        """
        return tuple(dict.fromkeys([*MAIN_COSTS, *self.costs]))

    @property
    def directions(self) -> list[Literal["maximize", "minimize"]]:
        """As Optuna takes them."""
        return [METRICS[self.metric].direction, *(ALL_COSTS[name].direction for name in self.costs)]

    def value(self, scores: Scores) -> float:
        """The metric; the worst value if there are too few pairs to resolve it."""
        return float(getattr(scores, self.metric) or 0.0)

    def values(self, scores: Scores, costs: Mapping[str, Any]) -> list[float]:
        """One number per objective."""
        return [self.value(scores), *(float(costs[name]) for name in self.costs)]


ACCURACY = Objectives()


def non_dominated(values: Sequence[Sequence[float]]) -> set[int]:
    """The places of those that no other dominates.

    One dominates another if it is as good in every objective, and better in one. The first
    objective is maximised, the others are costs. Equals do not dominate each other.
    """
    if not len(values):
        return set()
    return set(
        front(np.array([(-each[0], *each[1:]) for each in values], dtype=np.float64)).tolist()
    )


def front(losses: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Indices, rising, of what nothing dominates among losses (N, objectives); equals all stay."""
    # What comes later in this order never dominates what comes before.
    left = np.lexsort(losses.T[::-1])
    kept: list[int] = []
    while left.size:
        best = losses[left[0]]
        equal = (losses[left] == best).all(axis=1)
        kept += left[equal].tolist()
        left = left[(losses[left] < best).any(axis=1)]
    return np.array(sorted(kept), np.int64)
