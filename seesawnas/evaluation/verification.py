"""Verification as InsightFace measures it (arcface_torch/eval/verification.py).

The distance of a pair is the squared L2 distance of its embeddings, in [0, 4]. The pairs are cut into folds in order, not
shuffled; each fold is judged at the threshold that is best on the other folds (the lowest of the best), a pair being
accepted where its distance is strictly below it. Accuracy is the mean over the folds, ``std`` their population deviation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import DataError
from seesawnas.evaluation.pairs import FOLDS, Pairs

_ACCURACY_THRESHOLDS = np.arange(0, 4, 0.01)
_FAR_THRESHOLDS = np.arange(0, 4, 0.001)
_FARS = (1e-1, 1e-2, 1e-3)

_Floats = NDArray[np.floating]
_Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Verification:
    """What ``verify`` measured.

    accuracy, std: mean and population deviation over ``folds`` folds; auc: area under the ROC curve of all pairs;
    tar_at_far: false accept rate -> true accept rate, for the rates that the number of pairs resolves.
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
    edges = _fold_edges(len(pairs), folds)
    accuracies = _fold_accuracies(distances, pairs.same, edges)
    return Verification(
        accuracy=float(np.mean(accuracies)),
        std=float(np.std(accuracies)),
        auc=_auc(distances, pairs.same),
        tar_at_far=_tar_at_far(distances, pairs.same, edges),
        pairs=len(pairs),
        folds=folds,
    )


def squared_distances(embeddings: _Floats, pairs: Pairs) -> _Floats:
    """Squared L2 distance of each pair, (P,)."""
    return np.asarray(np.sum(np.square(embeddings[pairs.left] - embeddings[pairs.right]), axis=1))


def _fold_edges(count: int, folds: int) -> _Counts:
    """Where each fold starts, as scikit-learn's KFold cuts: the first ``count % folds`` folds are one pair longer."""
    sizes = np.full(folds, count // folds)
    sizes[: count % folds] += 1
    return np.cumsum(sizes) - sizes


def _accepted(distances: _Floats, chosen: NDArray[np.bool_], thresholds: _Floats, edges: _Counts) -> _Counts:
    """How many of the ``chosen`` pairs lie strictly below each threshold, by fold: (folds, T)."""
    starts = [*edges.tolist(), len(distances)]
    rows = []
    for low, high in zip(starts[:-1], starts[1:], strict=True):
        inside = np.sort(distances[low:high][chosen[low:high]])
        rows.append(np.searchsorted(inside, thresholds, side="left"))
    return np.stack(rows)


def _fold_accuracies(distances: _Floats, same: NDArray[np.bool_], edges: _Counts) -> _Floats:
    true_accepts = _accepted(distances, same, _ACCURACY_THRESHOLDS, edges)
    false_accepts = _accepted(distances, ~same, _ACCURACY_THRESHOLDS, edges)
    correct = true_accepts + np.add.reduceat(~same, edges, dtype=np.int64)[:, None] - false_accepts
    sizes = np.diff([*edges, len(same)])
    # The best threshold of the other folds has the most correct pairs there; argmax takes the first of equals.
    best = np.argmax(correct.sum(axis=0) - correct, axis=1)
    return np.asarray(correct[np.arange(len(edges)), best] / sizes)


def _auc(distances: _Floats, same: NDArray[np.bool_]) -> float:
    """Chance that a same pair is closer than a different pair, ties counted half (Mann and Whitney's U)."""
    different = np.sort(distances[~same])
    below = np.searchsorted(different, distances[same], side="left")
    up_to = np.searchsorted(different, distances[same], side="right")
    return float(1.0 - (below + up_to).mean() / (2 * len(different)))


def _tar_at_far(distances: _Floats, same: NDArray[np.bool_], edges: _Counts) -> dict[float, float]:
    """The true accept rate at each rate that leaves at least one false accept among the training folds' pairs."""
    true_accepts = _accepted(distances, same, _FAR_THRESHOLDS, edges)
    false_accepts = _accepted(distances, ~same, _FAR_THRESHOLDS, edges)
    positives = np.add.reduceat(same, edges, dtype=np.int64)
    negatives = np.add.reduceat(~same, edges, dtype=np.int64)
    if not positives.all() or not (negatives.sum() - negatives).all():
        return {}
    far = (false_accepts.sum(axis=0) - false_accepts) / (negatives.sum() - negatives)[:, None]
    rates = [rate for rate in _FARS if rate * (negatives.sum() - negatives).min() >= 1]
    return {rate: _tar(distances, same, edges, far, rate) for rate in rates}


def _tar(distances: _Floats, same: NDArray[np.bool_], edges: _Counts, far: _Floats, rate: float) -> float:
    starts = [*edges.tolist(), len(distances)]
    rates = []
    for fold, (low, high) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
        threshold = _interpolate(far[fold], rate)
        rates.append(np.mean(distances[low:high][same[low:high]] < threshold))
    return float(np.mean(rates))


def _interpolate(far: _Floats, rate: float) -> float:
    """The threshold at which the rising ``far`` passes ``rate``; 0 (nothing is accepted) where it never does."""
    if far[-1] < rate:
        return 0.0
    above = min(int(np.searchsorted(far, rate, side="right")), len(far) - 1)
    low, high = far[above - 1], far[above]
    step = _FAR_THRESHOLDS[above] - _FAR_THRESHOLDS[above - 1]
    return float(_FAR_THRESHOLDS[above - 1] + step * ((rate - low) / (high - low) if high > low else 0.0))
