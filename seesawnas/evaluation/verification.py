"""Verification as InsightFace measures it (arcface_torch/eval/verification.py).

The distance of a pair is the squared L2 distance of its embeddings, in [0, 4]. Pairs are cut into folds in order, not
shuffled; each fold is judged at the threshold that is best on the other folds (the lowest of the best), a pair being
accepted where its distance is strictly below it. Accuracy is the mean over the folds, ``std`` their population standard
deviation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import DataError
from seesawnas.evaluation.folds import fold_accuracies, fold_edges
from seesawnas.evaluation.pairs import FOLDS, Pairs
from seesawnas.evaluation.roc import auc, operating_points

_FARS = (1e-1, 1e-2, 1e-3)

_Floats = NDArray[np.floating]


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
