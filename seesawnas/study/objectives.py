"""What a study looks for: one score of verification, and any number of costs to keep down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seesawnas.errors import StudyError
from seesawnas.study.trial import Scores

QUALITIES = {
    "accuracy": "verification accuracy",
    "auc": "AUC",
    "tar_at_far_1e_2": "TAR@FAR 1e-2",
    "tar_at_far_1e_3": "TAR@FAR 1e-3",
    "separation": "separation d'",
}
COSTS = {"madds": "MAdds", "params": "params", "activation_bytes": "activation bytes"}


@dataclass(frozen=True, slots=True)
class Objectives:
    """A quality, maximised; costs, minimised."""

    quality: str = "accuracy"
    costs: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Objectives:
        """``accuracy`` or ``accuracy,madds,params``. Raises StudyError."""
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in QUALITIES and name not in COSTS:
                raise StudyError(f"objectives must be of {', '.join([*QUALITIES, *COSTS])}, got {name!r}")
        if len(set(names)) < len(names):
            raise StudyError(f"objectives must each be named once, got {text!r}")
        if names[0] not in QUALITIES or any(name in QUALITIES for name in names[1:]):
            raise StudyError(f"objectives must be one of {', '.join(QUALITIES)}, then costs, got {text!r}")
        return cls(names[0], tuple(names[1:]))

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the quality first."""
        return (self.quality, *self.costs)

    @property
    def titles(self) -> tuple[str, ...]:
        """As people read them."""
        return (QUALITIES[self.quality], *(COSTS[name] for name in self.costs))

    @property
    def directions(self) -> list[Literal["maximize", "minimize"]]:
        """As Optuna takes them."""
        minimize: Literal["minimize"] = "minimize"
        return ["maximize", *(minimize for _ in self.costs)]

    def value(self, scores: Scores) -> float:
        """The quality; what too few pairs cannot resolve is as bad as can be."""
        return float(getattr(scores, self.quality) or 0.0)

    def values(self, scores: Scores, costs: Mapping[str, Any]) -> list[float]:
        """One number an objective."""
        return [self.value(scores), *(float(costs[name]) for name in self.costs)]


ACCURACY = Objectives()


def unbeaten(values: Sequence[Sequence[float]]) -> set[int]:
    """The places of those that no other beats: as good in every objective, and better in one.

    The first objective is maximised, the others are costs. Equals do not beat each other.
    """
    if not len(values):
        return set()
    return set(front(np.array([(-each[0], *each[1:]) for each in values], dtype=np.float64)).tolist())


def front(losses: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Indices, rising, of what nothing dominates among losses (N, objectives); equals all stay."""
    left = np.lexsort(losses.T[::-1])  # what comes later in this order never dominates what comes before
    kept: list[int] = []
    while left.size:
        best = losses[left[0]]
        equal = (losses[left] == best).all(axis=1)
        kept += left[equal].tolist()
        left = left[(losses[left] < best).any(axis=1)]
    return np.array(sorted(kept), np.int64)
