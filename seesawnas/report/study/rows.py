"""``RankedRow`` and ``StoppedRow``: measured networks, as rankings and plots take them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from seesawnas.study import Objectives, Repeats, non_dominated


@dataclass(frozen=True, slots=True)
class RankedRow:
    """Trial ``number``'s network with its measurement: verification ``accuracy`` (0 to 1), its ``std`` over the folds,
    ``auc``; what it costs; and the seconds that the trial took. ``name`` is a paper point's, None where a sampler chose.
    ``repeats`` are its trainings from new seeds, None where there are none.
    """

    number: int
    digest: str
    name: str | None
    accuracy: float
    std: float
    auc: float
    madds: int
    params: int
    seconds: float
    activation_bytes: int = 0
    tar_at_far_1e_2: float | None = None
    tar_at_far_1e_3: float | None = None
    separation: float = 0.0
    repeats: Repeats | None = None

    @property
    def label(self) -> str:
        """The name where there is one, else the digest."""
        return self.name or self.digest

    def objective(self, name: str) -> float:
        """What the search measured of an objective; a quality that could not be resolved is as bad as can be."""
        return float(getattr(self, name) or 0.0)

    def merit(self, quality: str) -> float:
        """What it is ranked by: the mean over new seeds where there are any, else what the search measured."""
        return self.objective(quality) if self.repeats is None else self.repeats.mean


@dataclass(frozen=True, slots=True)
class StoppedRow:
    """A trial that was stopped early after ``epoch``, at ``value`` of the study's quality."""

    number: int
    digest: str
    name: str | None
    epoch: int
    value: float
    accuracy: float
    auc: float
    madds: int
    params: int


ACCURACY_AND_MADDS = Objectives("accuracy", ("madds",))


def ranked(rows: Iterable[RankedRow], quality: str = "accuracy") -> list[RankedRow]:
    """Best first: repeated networks by their mean, then the others by ``quality``.

    Equals are told apart by AUC, then accuracy, then fewer MAdds, then the earlier trial.
    """

    def key(row: RankedRow) -> tuple[float, ...]:
        return (row.repeats is None, -row.merit(quality), -row.auc, -row.accuracy, row.madds, row.number)

    return sorted(rows, key=key)


def front_objectives(objectives: Objectives) -> Objectives:
    """What the Pareto front is of: the study's objectives, and MAdds where it has a quality alone."""
    return objectives if objectives.costs else replace(objectives, costs=("madds",))


def pareto_front(rows: Iterable[RankedRow], objectives: Objectives = ACCURACY_AND_MADDS) -> list[RankedRow]:
    """The rows that no other row beats, cheapest first.

    A row is beaten by one that is as good in every objective, and better in one. Rows are compared by what the search
    measured: all of them have that, from one and the same seed.
    """
    every = list(rows)
    found = non_dominated([[row.objective(name) for name in objectives.names] for row in every])

    def key(row: RankedRow) -> tuple[float, ...]:
        costs = [row.objective(name) for name in objectives.costs]
        return (*costs, -row.objective(objectives.quality), -row.auc, row.number)

    return sorted((every[place] for place in found), key=key)
