"""What a protocol fixes: how far apart two embeddings are, and which threshold a fold is judged at.

insightface   arcface_torch/eval/verification.py: squared L2 distance in [0, 4], thresholds from 0 by 0.01, of the best ones the
              lowest; accepted strictly below.
cosine        cosine similarity, thresholds from 1 down to -1 by 0.0001, of the best ones the middle one; accepted strictly
              above. No mean is subtracted.

Both cut pairs into ten folds in order, or into the set's own, and give the mean and the population standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.pairs import Pairs
from seesawnas.evaluation.verification import THRESHOLDS, first_best, fold_accuracies, middle_best, squared_distances

_Floats = NDArray[np.floating]
_CHUNK = 1 << 16  # pairs at a time: the embeddings of millions of pairs are not copied at once


@dataclass(frozen=True, slots=True)
class Protocol:
    """``distance`` of pairs rises as they differ; ``score`` is the word and ``sign`` the direction of what is shown."""

    name: str
    score: str
    sign: int
    distance: Callable[[_Floats, Pairs], _Floats]
    thresholds: _Floats
    pick: Callable[[NDArray[np.int64]], NDArray[np.int64]]

    def distances(self, embeddings: _Floats, pairs: Pairs) -> _Floats:
        """The distance of each pair, (P,)."""
        parts = [self.distance(embeddings, part) for part in _parts(pairs)]
        return np.concatenate(parts) if parts else np.empty(0)

    def accuracies(
        self, distances: _Floats, same: NDArray[np.bool_], edges: NDArray[np.int64]
    ) -> tuple[_Floats, _Floats]:
        """(accuracy, threshold) of each fold."""
        return fold_accuracies(distances, same, edges, self.thresholds, self.pick)

    def shown(self, distance: float) -> float:
        """A threshold as this protocol writes it."""
        return self.sign * distance + 0.0


def _parts(pairs: Pairs) -> Iterator[Pairs]:
    for start in range(0, len(pairs), _CHUNK):
        stop = start + _CHUNK
        yield Pairs(pairs.left[start:stop], pairs.right[start:stop], pairs.same[start:stop])


def _negative_cosines(embeddings: _Floats, pairs: Pairs) -> _Floats:
    return -np.asarray(np.sum(embeddings[pairs.left] * embeddings[pairs.right], axis=1))


INSIGHTFACE = Protocol("insightface", "squared distance", 1, squared_distances, THRESHOLDS, first_best)
COSINE = Protocol("cosine", "cosine", -1, _negative_cosines, np.arange(-10_000, 10_001) / 10_000, middle_best)
PROTOCOLS = {protocol.name: protocol for protocol in (INSIGHTFACE, COSINE)}


def find_protocol(name: str) -> Protocol:
    """The protocol called ``name``. Raises InvalidInput."""
    if name not in PROTOCOLS:
        raise InvalidInput(f"--protocol must be one of {', '.join(PROTOCOLS)}, got {name}")
    return PROTOCOLS[name]
