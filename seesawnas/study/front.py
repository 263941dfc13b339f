"""The Pareto front of measured values."""

from __future__ import annotations

from collections.abc import Sequence


def unbeaten(values: Sequence[Sequence[float]]) -> set[int]:
    """The places of those that no other beats: as good in every objective, and better in one.

    The first objective is maximised, the others are costs. Equals do not beat each other.
    """
    costs = [(-each[0], *each[1:]) for each in values]
    front: list[int] = []
    for place in sorted(range(len(costs)), key=costs.__getitem__):  # whatever beats one comes before it
        if not any(_beats(costs[other], costs[place]) for other in front):
            front.append(place)
    return set(front)


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
