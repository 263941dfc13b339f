"""Measured networks in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from seesawnas.report.rows import RankedRow
from seesawnas.study import Objectives, unbeaten

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
    found = unbeaten([[row.objective(name) for name in objectives.names] for row in every])

    def key(row: RankedRow) -> tuple[float, ...]:
        costs = [row.objective(name) for name in objectives.costs]
        return (*costs, -row.objective(objectives.quality), -row.auc, row.number)

    return sorted((every[place] for place in found), key=key)
