"""What a protocol fixes: the distance of two embeddings, and the threshold that a fold uses.

insightface   arcface_torch/eval/verification.py: squared L2 distance in [0, 4], thresholds from 0
              in steps of 0.01, of the best ones the lowest; accepted if strictly below.
cosine        cosine similarity, thresholds from 1 down to -1 in steps of 0.0001, of the best ones
              the middle one; accepted if strictly above. No mean is subtracted.

Both cut the pairs into ten folds in order, or into the set's own; the threshold of a fold is the
best one of the other folds. They report the mean over the folds and the population standard
deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.pairs import FOLDS, Pairs
from seesawnas.text import one_of

_Floats = NDArray[np.floating]
_Counts = NDArray[np.int64]
_Flags = NDArray[np.bool_]
_CHUNK = 1 << 16  # pairs at a time: the embeddings of millions of pairs are not copied at once


@dataclass(frozen=True, slots=True)
class Protocol:
    """How pairs are scored, and which threshold is chosen.

    Attributes:
        name: As ``--protocol`` takes it.
        score: The name of the score that is shown.
        sign: 1 if the shown score is the distance, -1 if it is its negative.
        distance: Distance of each pair (P,); larger for less similar embeddings.
        cosines: Cosine similarity of each pair, from its distance.
        thresholds: Ascending distances to choose from.
        pick: The index of the chosen threshold of each fold, (F,), from the number of correct
            pairs on the other folds (F, T).
    """

    name: str
    score: str
    sign: int
    distance: Callable[[_Floats, Pairs], _Floats]
    cosines: Callable[[_Floats], _Floats]
    thresholds: _Floats
    pick: Callable[[_Counts], _Counts]

    def distances(self, embeddings: _Floats, pairs: Pairs) -> _Floats:
        """The distance of each pair, (P,)."""
        parts = [self.distance(embeddings, part) for part in _parts(pairs)]
        return np.concatenate(parts) if parts else np.empty(0)

    def accuracies(
        self, distances: _Floats, same: _Flags, edges: _Counts
    ) -> tuple[_Floats, _Floats]:
        """Score each fold at the threshold that is best on the other folds.

        Args:
            distances: (P,), of the pairs in the order of their folds.
            same: (P,), whether a pair shows one identity.
            edges: (F,), index of the first pair of each fold.

        Returns:
            Accuracy and threshold of each fold, (F,) each. A pair is accepted if its distance is
            strictly below the threshold.
        """
        true_accepts = _count_accepted(distances, same, edges, self.thresholds)
        false_accepts = _count_accepted(distances, ~same, edges, self.thresholds)
        different = np.add.reduceat(~same, edges, dtype=np.int64)[:, None]
        correct = true_accepts + different - false_accepts
        sizes = np.diff([*edges, len(same)])
        best = self.pick(correct.sum(axis=0) - correct)
        return np.asarray(correct[np.arange(len(edges)), best] / sizes), self.thresholds[best]

    def separation(self, distances: _Floats, same: _Flags) -> float:
        """How far apart the cosines of same and different pairs are: d' of signal detection.

        It is the difference of their means over the root of the mean of their variances. It changes
        with every pair, whereas accuracy changes only with those near the threshold.
        """
        cosines = self.cosines(distances)
        spread = float(np.sqrt((np.var(cosines[same]) + np.var(cosines[~same])) / 2.0))
        gap = float(np.mean(cosines[same]) - np.mean(cosines[~same]))
        return gap / spread if spread else 0.0

    def shown(self, distance: float) -> float:
        """A threshold as this protocol writes it."""
        return self.sign * distance + 0.0


def cut_folds(count: int) -> NDArray[np.int64]:
    """The fold of each of ``count`` pairs, (count,): ten in order, of at least two pairs.

    They are cut as by scikit-learn's KFold: the first ``count % folds`` folds are one pair longer.
    """
    folds = min(FOLDS, count // 2)
    sizes = np.full(folds, count // folds)
    sizes[: count % folds] += 1
    return np.repeat(np.arange(folds), sizes)


def find_protocol(name: str) -> Protocol:
    """The protocol called ``name``.

    Raises:
        InvalidInput: If there is none.
    """
    if name not in PROTOCOLS:
        raise InvalidInput(f"--protocol {one_of(PROTOCOLS, name)}")
    return PROTOCOLS[name]


def _parts(pairs: Pairs) -> Iterator[Pairs]:
    for start in range(0, len(pairs), _CHUNK):
        stop = start + _CHUNK
        yield Pairs(pairs.left[start:stop], pairs.right[start:stop], pairs.same[start:stop])


def _count_accepted(
    distances: _Floats, chosen: _Flags, edges: _Counts, thresholds: _Floats
) -> _Counts:
    """How many of the ``chosen`` pairs lie strictly below each threshold, by fold: (F, T)."""
    starts = [*edges.tolist(), len(distances)]
    rows = []
    for low, high in pairwise(starts):
        inside = np.sort(distances[low:high][chosen[low:high]])
        rows.append(np.searchsorted(inside, thresholds, side="left"))
    return np.stack(rows)


def _first_best(correct: _Counts) -> _Counts:
    """Of each row (F, T) the first of the largest, as InsightFace takes it."""
    return np.asarray(np.argmax(correct, axis=1))


def _middle_best(correct: _Counts) -> _Counts:
    """Of each row (F, T) the middle one of the largest: equally far from both kinds of error."""
    tied = [np.flatnonzero(row == row.max()) for row in correct]
    return np.array([places[(len(places) - 1) // 2] for places in tied])


def _squared_distances(embeddings: _Floats, pairs: Pairs) -> _Floats:
    difference = embeddings[pairs.left] - embeddings[pairs.right]
    return np.asarray(np.sum(np.square(difference), axis=1))


def _negative_cosines(embeddings: _Floats, pairs: Pairs) -> _Floats:
    return -np.asarray(np.sum(embeddings[pairs.left] * embeddings[pairs.right], axis=1))


INSIGHTFACE = Protocol(
    "insightface",
    "squared distance",
    1,
    _squared_distances,
    lambda distances: np.asarray(1.0 - distances / 2.0),
    np.arange(0, 4, 0.01),
    _first_best,
)
COSINE = Protocol(
    "cosine",
    "cosine",
    -1,
    _negative_cosines,
    np.negative,
    np.arange(-10_000, 10_001) / 10_000,
    _middle_best,
)
PROTOCOLS = {protocol.name: protocol for protocol in (INSIGHTFACE, COSINE)}
