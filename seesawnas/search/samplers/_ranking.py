"""Which trials are the better ones, under one objective or several.

Several are ranked by domination and crowding (NSGA-II; Deb et al., 2002).

Losses are arrays (trials, objectives), less is better. A trial dominates another if it is no worse
in all and better in one.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seesawnas.search.samplers._base import Past
from seesawnas.study.objectives import front

Floats: TypeAlias = npt.NDArray[np.float64]


def ranks(losses: Floats) -> npt.NDArray[np.int64]:
    """0 for what nothing dominates, 1 for what only those dominate, and so on."""
    found = np.full(len(losses), -1, np.int64)
    rank = 0
    while (left := np.flatnonzero(found < 0)).size:
        found[left[front(losses[left])]] = rank
        rank += 1
    return found


def crowding(losses: Floats) -> Floats:
    """How far each trial is from the others.

    The sides of the box to its neighbours, summed; infinite at the ends.
    """
    distance = np.zeros(len(losses))
    for column in losses.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        distance[order[[0, -1]]] = np.inf
        if span > 0:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return distance


def fitness(past: Sequence[Past]) -> list[tuple[float, ...]]:
    """A key for each trial, the better the less.

    It is the trial's loss, or its rank and, within the rank, how crowded it is there.
    """
    losses = np.array([trial.losses for trial in past])
    if losses.shape[1] == 1:
        return [trial.losses for trial in past]
    rank, lonely = ranks(losses), np.zeros(len(losses))
    for level in range(rank.max() + 1):
        lonely[rank == level] = crowding(losses[rank == level])
    return list(zip(rank.tolist(), (-lonely).tolist(), strict=True))


def remembered(past: Sequence[Past], best: int, recent: int) -> tuple[Past, ...]:
    """The ``best`` trials and the ``recent`` others, by number.

    They are all that a model needs of a long study. With several objectives the best are the Pareto
    front, thinned out if it is crowded.
    """
    if len(past) <= best + recent:
        return tuple(past)
    kept = {trial.number: trial for trial in _best(past, best)}
    others = [trial for trial in past[-(best + recent) :] if trial.number not in kept]
    kept |= {trial.number: trial for trial in others[-recent:]}
    return tuple(kept[number] for number in sorted(kept))


def _best(past: Sequence[Past], best: int) -> list[Past]:
    if len(past[0].losses) == 1:
        return heapq.nsmallest(best, past, key=lambda trial: (trial.losses[0], trial.number))
    losses = np.array([trial.losses for trial in past])
    indices = front(losses)
    lonely = np.argsort(-crowding(losses[indices]), kind="stable")[:best]
    return [past[index] for index in indices[lonely]]
