"""Verification as InsightFace measures it (arcface_torch/eval/verification.py).

The distance of a pair is the squared L2 distance of its embeddings, in [0, 4]. Pairs are cut into folds in order, not
shuffled; each fold is judged at the threshold that is best on the other folds (the lowest of the best), a pair being
accepted where its distance is strictly below it. Accuracy is the mean over the folds, ``std`` their population standard
deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import DataError
from seesawnas.evaluation.pairs import FOLDS, Pairs
from seesawnas.evaluation.roc import auc, operating_points

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


_FARS = (1e-1, 1e-2, 1e-3)


@dataclass(frozen=True)
class Verification:
    """What ``verify`` measured.

    accuracy, std: mean and population deviation over ``folds`` folds; auc: area under the ROC curve of all pairs;
    tar_at_far: false accept rate -> true accept rate over all pairs (InsightFace's is a mean over folds), for the rates
    at which at least one different pair is accepted.
    """

    accuracy: float
    std: float
    auc: float
    tar_at_far: dict[float, float]
    pairs: int
    folds: int


def verify(embeddings: _Floats, pairs: Pairs, folds: int = FOLDS) -> Verification:
    """Return the verification of ``pairs`` by ``embeddings`` (N, D), rows of length one.

    A handful of pairs is cut into fewer folds, of two pairs at least. Raises DataError below four pairs.
    """
    if len(pairs) < 4:
        raise DataError(f"verification: needs at least 4 pairs, got {len(pairs)}")
    folds = min(folds, len(pairs) // 2)
    distances = squared_distances(embeddings, pairs)
    edges = fold_edges(len(pairs), folds)
    accuracies, _ = fold_accuracies(distances, pairs.same, edges)
    return Verification(
        accuracy=float(np.mean(accuracies)),
        std=float(np.std(accuracies)),
        auc=auc(distances, pairs.same),
        tar_at_far=_tar_at_far(distances, pairs.same),
        pairs=len(pairs),
        folds=folds,
    )


def separation(embeddings: _Floats, pairs: Pairs) -> float:
    """How far the cosines of same and of different pairs lie apart: d' of signal detection theory.

    The difference of their means over the root of the mean of their variances. It moves with every pair, where accuracy
    moves with those near the threshold.
    """
    cosines = 1.0 - squared_distances(embeddings, pairs) / 2.0
    same, different = cosines[pairs.same], cosines[~pairs.same]
    spread = float(np.sqrt((np.var(same) + np.var(different)) / 2.0))
    return float(np.mean(same) - np.mean(different)) / spread if spread else 0.0


def squared_distances(embeddings: _Floats, pairs: Pairs) -> _Floats:
    """Squared L2 distance of each pair, (P,)."""
    return np.asarray(np.sum(np.square(embeddings[pairs.left] - embeddings[pairs.right]), axis=1))


def _tar_at_far(distances: _Floats, same: NDArray[np.bool_]) -> dict[float, float]:
    points = zip(_FARS, operating_points(distances, same, _FARS), strict=True)
    return {rate: point.tar for rate, point in points if point is not None}
