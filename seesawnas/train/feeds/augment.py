"""Random flips and shifts of a batch, by one gather."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class AugmentParams(NamedTuple):
    """How N images are augmented.

    It is how far each image is moved, down and to the right (2, N, 1), and whether it is mirrored
    (N, 1).
    """

    shifts: Tensor
    mirrored: Tensor

    @property
    def flipped(self) -> Tensor:
        """Whether each is mirrored, bool (N,)."""
        return self.mirrored[:, 0] == 1


def sample_augmentation(
    count: int, *, flip: bool, shift: int, generator: torch.Generator
) -> AugmentParams:
    """Each mirrored with probability one half and moved by up to ``shift`` pixels."""
    shifts = torch.randint(-shift, shift + 1, (2, count, 1), generator=generator)
    mirrored = torch.randint(0, 2, (count, 1), generator=generator) * int(flip)
    return AugmentParams(shifts, mirrored)


def moved(images: Tensor, moves: AugmentParams) -> Tensor:
    """Images (N, H, W, 3), moved. What a move uncovers repeats the border.

    One gather does flip and shift, for uint8 and before any arithmetic.
    """
    count, height, width = images.shape[:3]
    rows = (torch.arange(height) + moves.shifts[0]).clamp(0, height - 1)
    columns = (torch.arange(width) + moves.shifts[1]).clamp(0, width - 1)
    columns = torch.where(moves.mirrored == 1, width - 1 - columns, columns)
    return images[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
