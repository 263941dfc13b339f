"""Images of a face as a careless camera takes them.

They are moved, turned, lit from a side, tinted, half covered and noisy. A distortion says nothing
about the identity, so a network has to learn to ignore it. Pixels do not: two images of one
identity under different light are further apart than two identities under the same light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.floating]
_CHUNK = 256  # images rendered at once: bounds the memory of the intermediate float arrays


@dataclass(frozen=True)
class Corruptions:
    """How far each distortion goes. Noise is normal, everything else uniform up to its limit.

    Attributes:
        shift: Fraction of the side.
        rotation: Radians.
        zoom: Log of the scale.
        light: Log gain from the centre to the lit side.
        tint: Log gain of a channel.
        gamma: Log of the exponent.
        contrast: Log of the factor.
        noise: Standard deviation in grey levels.
        cover: Largest side of what hides a part.
        covered: Fraction of the images with such a cover.
    """

    shift: float = 0.03
    rotation: float = 0.08
    zoom: float = 0.06
    light: float = 0.8
    tint: float = 0.4
    gamma: float = 0.25
    contrast: float = 0.25
    noise: float = 4.0
    cover: float = 0.35
    covered: float = 0.2


def render(
    sources: NDArray[np.uint8],
    chosen: NDArray[np.int64],
    resolution: int,
    corruptions: Corruptions,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Return uint8 (M, resolution, resolution, 3): one image of ``sources[chosen[i]]`` each.

    ``sources`` is uint8 (K, S, S), grey; without corruptions an image shows the whole source.
    """
    images = np.empty((len(chosen), resolution, resolution, 3), dtype=np.uint8)
    for start in range(0, len(chosen), _CHUNK):
        part = chosen[start : start + _CHUNK]
        grey = _sample(sources, part, resolution, corruptions, rng)
        images[start : start + _CHUNK] = _expose(grey, corruptions, rng)
    return images


def _sample(
    sources: NDArray[np.uint8],
    chosen: NDArray[np.int64],
    resolution: int,
    corruptions: Corruptions,
    rng: np.random.Generator,
) -> _Floats:
    """Moved, turned and zoomed faces, (M, R, R) in [0, 1], by bilinear interpolation."""
    side = sources.shape[1]
    y, x = _positions(len(chosen), resolution, corruptions, rng)
    rows, columns = ((axis + 1.0) * 0.5 * (side - 1) for axis in (y, x))
    top, left = (np.clip(axis.astype(np.int64), 0, side - 2) for axis in (rows, columns))
    down, right = (
        np.clip(axis - corner, 0.0, 1.0) for axis, corner in ((rows, top), (columns, left))
    )
    flat = sources.reshape(-1)
    corner = chosen[:, None, None] * side * side + top * side + left
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + side] * (1 - right) + flat[corner + side + 1] * right
    return np.asarray((upper * (1 - down) + lower * down) / 255.0, dtype=np.float32)


def _positions(
    count: int, resolution: int, corruptions: Corruptions, rng: np.random.Generator
) -> tuple[_Floats, _Floats]:
    """Where each pixel looks, (M, R, R) twice, in [-1, 1] from edge to edge of the source."""
    angle, zoom = (
        _uniform(rng, corruptions.rotation, count),
        np.exp(_uniform(rng, corruptions.zoom, count)),
    )
    y, x = _grid(resolution)
    cosine, sine = np.cos(angle) * zoom, np.sin(angle) * zoom
    shift_y, shift_x = (
        _uniform(rng, 2 * corruptions.shift, count),
        _uniform(rng, 2 * corruptions.shift, count),
    )
    return cosine * y + sine * x + shift_y, cosine * x - sine * y + shift_x


def _expose(grey: _Floats, corruptions: Corruptions, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(M, R, R) in [0, 1] as (M, R, R, 3) bytes: tone, light, tint, cover, noise."""
    count, resolution = grey.shape[:2]
    y, x = _grid(resolution)
    tone = np.maximum(grey, 1e-3) ** np.exp(_uniform(rng, corruptions.gamma, count))
    direction = rng.uniform(0, 2 * np.pi, (count, 1, 1)).astype(np.float32)
    strength = rng.uniform(0, corruptions.light, (count, 1, 1)).astype(np.float32)
    lit = tone * np.exp(strength * (np.cos(direction) * x + np.sin(direction) * y))
    contrast = np.exp(_uniform(rng, corruptions.contrast, count))
    lit = (lit - 0.5) * contrast + 0.5 + _uniform(rng, corruptions.contrast / 4, count)
    tint = np.exp(
        rng.uniform(-corruptions.tint, corruptions.tint, (count, 1, 1, 3)).astype(np.float32)
    )
    colour = lit[..., None] * tint
    _cover(colour, corruptions, rng)
    colour += rng.standard_normal(colour.shape, dtype=np.float32) * (corruptions.noise / 255.0)
    return (np.clip(colour, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def _cover(colour: _Floats, corruptions: Corruptions, rng: np.random.Generator) -> None:
    """Hide a rectangle of some images behind one colour, in place."""
    count, resolution = colour.shape[:2]
    sides = rng.uniform(0.15, max(0.15, corruptions.cover), (count, 2)) * resolution
    corners = rng.uniform(0.0, 1.0, (count, 2)) * (resolution - sides)
    paints = rng.uniform(0.0, 1.0, (count, 3)).astype(np.float32)
    for index in np.flatnonzero(rng.uniform(size=count) < corruptions.covered):
        (top, left), (height, width) = corners[index].astype(int), sides[index].astype(int)
        colour[index, top : top + height, left : left + width] = paints[index]


def _grid(resolution: int) -> tuple[_Floats, _Floats]:
    axis = ((np.arange(resolution, dtype=np.float32) + 0.5) * (2.0 / resolution) - 1.0).astype(
        np.float32
    )
    return axis[None, :, None], axis[None, None, :]


def _uniform(rng: np.random.Generator, limit: float, count: int) -> _Floats:
    return rng.uniform(-limit, limit, (count, 1, 1)).astype(np.float32)
