"""The Pareto front of measured values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


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
