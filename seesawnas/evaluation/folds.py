"""Accuracy over folds: each fold is judged at the threshold that is best on the others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = np.arange(0, 4, 0.01)
"""InsightFace's, of squared L2 distances."""

_Floats = NDArray[np.floating]
_Counts = NDArray[np.int64]
_Flags = NDArray[np.bool_]


def fold_edges(count: int, folds: int) -> _Counts:
    """Where each fold starts, as scikit-learn's KFold cuts: the first ``count % folds`` folds are one pair longer."""
    sizes = np.full(folds, count // folds)
    sizes[: count % folds] += 1
    return np.asarray(np.cumsum(sizes) - sizes)


def first_best(correct: _Counts) -> _Counts:
    """Of each row (folds, T) the first of the largest, as InsightFace takes it."""
    return np.asarray(np.argmax(correct, axis=1))


def middle_best(correct: _Counts) -> _Counts:
    """Of each row (folds, T) the middle one of the largest: as far from both kinds of mistake as the pairs allow."""
    tied = [np.flatnonzero(row == row.max()) for row in correct]
    return np.array([places[(len(places) - 1) // 2] for places in tied])


def fold_accuracies(
    distances: _Floats,
    same: _Flags,
    edges: _Counts,
    thresholds: _Floats = THRESHOLDS,
    pick: Callable[[_Counts], _Counts] = first_best,
) -> tuple[_Floats, _Floats]:
    """Return (accuracy, threshold) of each fold; a pair is accepted where its distance is strictly below.

    ``thresholds`` rise; ``pick`` chooses among them by the numbers of correct pairs on the other folds (folds, T).
    """
    true_accepts = _accepted(distances, same, edges, thresholds)
    false_accepts = _accepted(distances, ~same, edges, thresholds)
    correct = true_accepts + np.add.reduceat(~same, edges, dtype=np.int64)[:, None] - false_accepts
    sizes = np.diff([*edges, len(same)])
    best = pick(correct.sum(axis=0) - correct)
    return np.asarray(correct[np.arange(len(edges)), best] / sizes), thresholds[best]


def _accepted(distances: _Floats, chosen: _Flags, edges: _Counts, thresholds: _Floats) -> _Counts:
    """How many of the ``chosen`` pairs lie strictly below each threshold, by fold: (folds, T)."""
    starts = [*edges.tolist(), len(distances)]
    rows = []
    for low, high in pairwise(starts):
        inside = np.sort(distances[low:high][chosen[low:high]])
        rows.append(np.searchsorted(inside, thresholds, side="left"))
    return np.stack(rows)
