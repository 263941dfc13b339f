"""Rows in order: the ranking, and the Pareto front."""

from __future__ import annotations

from collections.abc import Iterable

from seesawnas.report.rows import RankedRow


def ranked(rows: Iterable[RankedRow]) -> list[RankedRow]:
    """Best first: accuracy, then AUC, then fewer MAdds; the earlier trial where all are equal."""
    return sorted(rows, key=lambda row: (-row.accuracy, -row.auc, row.madds, row.number))


def pareto_front(rows: Iterable[RankedRow]) -> list[RankedRow]:
    """The rows that no other row beats, cheapest first: more accuracy for each step of more MAdds.

    A row is beaten by one that is as accurate or more at as few MAdds or fewer, and better in one of the two.
    """
    front: list[RankedRow] = []
    for row in sorted(rows, key=lambda row: (row.madds, -row.accuracy, -row.auc, row.number)):
        if not front or row.accuracy > front[-1].accuracy or _equals(row, front[-1]):
            front.append(row)
    return front


def _equals(row: RankedRow, other: RankedRow) -> bool:
    return row.madds == other.madds and row.accuracy == other.accuracy
