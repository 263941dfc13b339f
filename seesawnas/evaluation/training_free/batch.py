"""The faces that networks are scored on: a seeded draw, the same for every network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seesawnas.data import Faces
from seesawnas.errors import DataError
from seesawnas.nn import PerChannel, normalised

LEAST = 4
"""Images of a batch: ZiCo takes gradients of its halves, and batch norm needs two images."""


@dataclass(frozen=True, eq=False)
class FaceBatch:
    """Images that a network takes, and whose they are.

    Attributes:
        images: float32 (N, 3, H, W), normalised.
        labels: int64 (N,), in 0..C-1, each of the C identities at least once.
    """

    images: Tensor
    labels: Tensor

    @property
    def identities(self) -> int:
        """How many identities there are."""
        return int(self.labels.max()) + 1


def draw_batch(
    faces: Faces, number: int, *, mean: PerChannel, std: PerChannel, seed: int
) -> FaceBatch:
    """Draw images without replacement; the same seed gives the same images at every resolution.

    Args:
        faces: To draw from.
        number: Of images.
        mean: Of pixels from 0 to 255: one number, or one for each of red, green and blue.
        std: Likewise; a pixel is normalised as (pixel - mean) / std.
        seed: Of the draw.

    Raises:
        DataError: If ``number`` is less than four, or more than there are.
    """
    if not LEAST <= number <= len(faces):
        raise DataError(
            f"batch: must be {LEAST} to {len(faces)} images, as many as there are to train on, "
            f"got {number}"
        )
    chosen = np.random.default_rng(seed).permutation(len(faces))[:number]
    _, labels = np.unique(faces.labels[chosen], return_inverse=True)
    images = normalised(torch.from_numpy(faces.images[chosen]), mean, std)
    return FaceBatch(images, torch.from_numpy(labels.astype(np.int64)))
