"""Additional identities: blends of two photographed ones, bent by a smooth warp of their own.

A blend keeps what its two parents have in common and how they differ from everyone else, so
learning to tell blends apart teaches what tells identities apart. Parents come from one side of the
split only, so that no identity that is verified was trained on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WAVES = (
    4  # cosines along each side of a warp: it bends the proportions of a face and not its details
)
# Share of the first parent; nearer to 0 or 1 a blend is one of its parents.
_LEAST, _MOST = (
    0.3,
    0.7,
)


def with_blends(
    photos: dict[str, NDArray[np.uint8]], *, count: int, warp: float, rng: np.random.Generator
) -> dict[str, NDArray[np.uint8]]:
    """Return ``photos`` and ``count`` blends of two of these identities, named "a+b".

    No two blends have the same parents.

    Args:
        photos: Name -> uint8 (P, S, S).
        count: Number of blends.
        warp: Standard deviation of each cosine of the displacement, as a fraction of the side.
        rng: The random generator.

    Raises:
        ValueError: If there are fewer pairs of parents than blends.
    """
    names = list(photos)
    parents = [(first, second) for place, second in enumerate(names) for first in names[:place]]
    people = dict(photos)
    for number in np.sort(rng.choice(len(parents), count, replace=False)).tolist():
        first, second = parents[number]
        people[f"{first}+{second}"] = _bend(_blend(photos[first], photos[second], rng), warp, rng)
    return people


def _blend(
    first: NDArray[np.uint8], second: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Mix photographs of one identity with those of another: (P, S, S).

    The shares are the blend's own.
    """
    share = np.float32(rng.uniform(_LEAST, _MOST))
    return share * first + (np.float32(1.0) - share) * second[rng.permutation(len(second))]


def _bend(photos: NDArray[np.float32], warp: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One displacement for all photographs of an identity, by bilinear interpolation."""
    side = photos.shape[1]
    steps = np.arange(side)
    top, down = _split(steps[:, None] + _displacement(side, warp, rng), side)
    left, right = _split(steps[None, :] + _displacement(side, warp, rng), side)
    upper = photos[:, top, left] * (1 - right) + photos[:, top, left + 1] * right
    lower = photos[:, top + 1, left] * (1 - right) + photos[:, top + 1, left + 1] * right
    return np.asarray(upper * (1 - down) + lower * down + 0.5, dtype=np.uint8)


def _displacement(side: int, warp: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(S, S) pixels: a sum of products of low cosines.

    The constant one is left out: it would only shift.
    """
    waves = np.cos(np.pi * np.arange(_WAVES)[:, None] * np.linspace(0.0, 1.0, side))
    weights = rng.normal(0.0, warp * side, (_WAVES, _WAVES))
    weights[0, 0] = 0.0
    return np.asarray(waves.T @ weights @ waves)


def _split(
    position: NDArray[np.float64], side: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """A position in the image as a whole pixel, which has a next one, and a rest in [0, 1]."""
    inside = np.clip(position, 0.0, side - 1.0)
    whole = np.minimum(inside.astype(np.int64), side - 2)
    return whole, (inside - whole).astype(np.float32)
