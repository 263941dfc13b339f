"""Pairs of images to verify: half of one identity, half of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import DataError

FOLDS = 10


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pair i is (left[i], right[i]), indices of images (int64).

    same[i] says whether they show one identity (bool).
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.same)


def make_pairs(labels: NDArray[np.int64], *, limit: int, seed: int) -> Pairs:
    """Return at most ``limit`` pairs, same and different in turn, so that ten folds are balanced.

    All pairs of one identity are used up to half of ``limit``, beyond that a random sample of them
    without repetition; as many pairs of two identities are sampled. From twenty pairs on, the
    number is a multiple of twenty.

    Args:
        labels: (N,), the identity of each image.
        limit: The most pairs.
        seed: Of the samples.

    Raises:
        DataError: If no identity has two images, or there is only one identity.
    """
    rng = np.random.default_rng(seed)
    same = _same_pairs(labels, limit // 2, rng)
    different = _different_pairs(labels, len(same), rng)
    count = min(len(same), len(different))
    if count == 0:
        raise DataError("pairs: must have two identities, one of them with two images")
    count -= count % FOLDS if count >= FOLDS else 0
    order = np.stack([same[rng.permutation(len(same))[:count]], different[:count]], axis=1).reshape(
        -1, 2
    )
    return Pairs(order[:, 0], order[:, 1], np.tile(np.array([True, False]), count))


def _same_pairs(
    labels: NDArray[np.int64], limit: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(K, 2) indices, K <= limit.

    Pairs are numbered over all identities and unranked, never listed: there may be 10^8.
    """
    by_identity = np.argsort(labels, kind="stable")
    counts = np.unique(labels, return_counts=True)[1]
    ends = np.cumsum(counts * (counts - 1) // 2)
    total = int(ends[-1]) if len(ends) else 0
    chosen = rng.choice(total, limit, replace=False) if total > limit else np.arange(total)
    identity = np.searchsorted(ends, chosen, side="right")
    rank = chosen - (ends - counts * (counts - 1) // 2)[identity]
    first, second = _unrank(rank)
    offset = (np.cumsum(counts) - counts)[identity]
    return np.sort(
        np.stack([by_identity[offset + first], by_identity[offset + second]], axis=1), axis=1
    )


def _unrank(rank: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (i, j), i < j, the pair whose number is j (j - 1) / 2 + i."""
    second = ((1.0 + np.sqrt(1.0 + 8.0 * rank)) / 2.0).astype(np.int64)
    # The square root may round to the neighbour for large ranks.
    second -= second * (second - 1) // 2 > rank
    second += second * (second + 1) // 2 <= rank
    return rank - second * (second - 1) // 2, second


def _different_pairs(
    labels: NDArray[np.int64], wanted: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(K, 2) indices of two identities each, no pair twice; K = wanted, or all there are."""
    images = len(labels)
    counts = np.unique(labels, return_counts=True)[1]
    possible = (images**2 - int((counts**2).sum())) // 2
    found = np.empty(0, dtype=np.int64)
    while len(found) < min(wanted, possible):
        drawn = np.sort(rng.integers(images, size=(2 * wanted + 16, 2)), axis=1)
        drawn = drawn[labels[drawn[:, 0]] != labels[drawn[:, 1]]]
        keys = np.concatenate([found, drawn[:, 0] * images + drawn[:, 1]])
        found = keys[np.sort(np.unique(keys, return_index=True)[1])]
    found = found[: min(wanted, possible)]
    return np.stack([found // max(images, 1), found % max(images, 1)], axis=1)
