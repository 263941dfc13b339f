"""Random distortions of single images: the augmentations that a recipe has by probability.

What happens to an image follows from the seed, the epoch and its index alone: neither from the
batch that it is in, nor from who reads it, so that workers, processes and a resumed training show
the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from seesawnas.train.recipe import DISTORTIONS, Recipe

Pixels: TypeAlias = NDArray[np.uint8]

_CROP_AREA, _CROP_RATIO = (0.2, 1.0), (3 / 4, 4 / 3)
_SMALLEST = 0.2  # side of a downscaled image, as a part
_FACTORS = (0.5, 1.5)
_ERASED_AREA, _ERASED_RATIO = (0.02, 1 / 3), (0.3, 3.3)
_BLACK, _GREY = 0, 127
_KINDS = (
    Image.Resampling.NEAREST,
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
_ENHANCERS = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)


@dataclass(frozen=True, slots=True)
class Distortions:
    """The probabilities that an image is cropped, downscaled, jittered and erased.

    See :class:`~seesawnas.train.recipe.Recipe`. They are applied in this order.
    """

    crop: float = 0.0
    downscale: float = 0.0
    jitter: float = 0.0
    erase: float = 0.0

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """Those of ``recipe``."""
        return cls(**{name: getattr(recipe, name) for name in DISTORTIONS})

    def __call__(
        self, images: Pixels, indices: NDArray[np.int64], *, seed: int, epoch: int
    ) -> Pixels:
        """Distort ``images``; they come back themselves if there is no distortion.

        Args:
            images: (N, H, W, 3).
            indices: (N,), which image of the data each is.
            seed: Of the training.
            epoch: How many epochs were before.

        Returns:
            (N, H, W, 3).
        """
        chances = [(chance, distort) for chance, distort in self._chances() if chance > 0]
        if not chances:
            return images
        found = images.copy()
        for place, index in enumerate(indices.tolist()):
            rng = np.random.default_rng((seed, epoch, index))
            for chance, distort in chances:
                if rng.random() < chance:
                    found[place] = distort(found[place], rng)
        return found

    def _chances(self) -> tuple[tuple[float, Distortion], ...]:
        return (
            (self.crop, crop),
            (self.downscale, downscale),
            (self.jitter, jitter),
            (self.erase, erase),
        )


Distortion: TypeAlias = Callable[[Pixels, np.random.Generator], Pixels]


def crop(image: Pixels, rng: np.random.Generator) -> Pixels:
    """A random part of the image (H, W, 3) where it lies; the rest is black."""
    rows, columns = _box(image, _CROP_AREA, _CROP_RATIO, rng)
    found = np.full_like(image, _BLACK)
    found[rows, columns] = image[rows, columns]
    return found


def downscale(image: Pixels, rng: np.random.Generator) -> Pixels:
    """The image (H, W, 3) made smaller and enlarged again, as one of low resolution."""
    height, width = image.shape[:2]
    part = rng.uniform(_SMALLEST, 1.0)
    small = (max(1, round(part * width)), max(1, round(part * height)))
    down, up = (_KINDS[place] for place in rng.integers(0, len(_KINDS), 2).tolist())
    return np.asarray(Image.fromarray(image).resize(small, down).resize((width, height), up))


def jitter(image: Pixels, rng: np.random.Generator) -> Pixels:
    """The image (H, W, 3) with other brightness, contrast and saturation."""
    shown = Image.fromarray(image)
    for place in rng.permutation(len(_ENHANCERS)).tolist():
        shown = _ENHANCERS[place](shown).enhance(rng.uniform(*_FACTORS))
    return np.asarray(shown)


def erase(image: Pixels, rng: np.random.Generator) -> Pixels:
    """The image (H, W, 3) with a random rectangle in grey."""
    found = image.copy()
    found[_box(image, _ERASED_AREA, _ERASED_RATIO, rng)] = _GREY
    return found


def _box(
    image: Pixels,
    area: tuple[float, float],
    ratio: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[slice, slice]:
    """Rows and columns of a random rectangle, cut to the image.

    Args:
        image: (H, W, 3).
        area: The least and the largest, as a part of the image's.
        ratio: Width by height, drawn evenly on a logarithmic scale.
        rng: The random generator.
    """
    height, width = image.shape[:2]
    size = rng.uniform(*area) * height * width
    shape = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
    rows = min(height, max(1, round(math.sqrt(size / shape))))
    columns = min(width, max(1, round(math.sqrt(size * shape))))
    top, left = int(rng.integers(0, height - rows + 1)), int(rng.integers(0, width - columns + 1))
    return slice(top, top + rows), slice(left, left + columns)
