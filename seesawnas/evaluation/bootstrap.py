"""Bootstrap intervals: 95 % percentiles of each figure over resamples of the pairs.

If the identities are known, they are drawn with replacement, and a pair counts as often as both of
its identities were drawn: pairs that share an identity are not independent, and intervals that
ignore this are too short. If they are not known, pairs are drawn with replacement within each fold,
same and different ones separately.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from seesawnas.evaluation.pairs import Pairs

RESAMPLES = 1000
LEVEL = 0.95

_Indices = NDArray[np.int64]
_Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], _Indices]
"""Indices of pairs, ascending, so that folds stay together."""


def pair_draws(same: NDArray[np.bool_], folds: _Indices) -> Draw:
    """Resamples of pairs, in each fold as many same and different ones as it has."""
    kinds = 2 * folds + same
    groups = [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]

    def draw(rng: np.random.Generator) -> _Indices:
        return np.sort(
            np.concatenate([group[rng.integers(len(group), size=len(group))] for group in groups])
        )

    return draw


def identity_draws(pairs: Pairs, people: _Indices) -> Draw:
    """Resamples of identities; ``people`` (N,) has the identity of each image."""
    shown = np.unique(people[np.concatenate([pairs.left, pairs.right])])
    left, right = (np.searchsorted(shown, people[side]) for side in (pairs.left, pairs.right))

    def draw(rng: np.random.Generator) -> _Indices:
        times = np.bincount(rng.integers(len(shown), size=len(shown)), minlength=len(shown))
        weights = np.where(left == right, times[left], times[left] * times[right])
        return np.repeat(np.arange(len(pairs)), weights)

    return draw


def resample(
    measure: Callable[[_Indices], Mapping[str, float | None] | None],
    draw: Draw,
    resamples: int,
    seed: int,
) -> dict[str, _Floats]:
    """What ``measure`` returns for each resample, (resamples,) by name; NaN if it returns none.

    Resamples follow from ``draw`` and ``seed`` alone: those of two models on the same pairs are the
    same, so that their differences are paired.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, _Floats] = {}
    for number in range(resamples):
        for name, value in (measure(draw(rng)) or {}).items():
            if value is not None:
                found.setdefault(name, np.full(resamples, np.nan))[number] = value
    return found


def interval_of(values: _Floats) -> tuple[float, float] | None:
    """The interval of ``values``; None unless at least half of them are numbers."""
    known = values[~np.isnan(values)]
    if not len(known) or 2 * len(known) < len(values):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
