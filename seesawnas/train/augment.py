"""Random flips and shifts of a batch, by one gather."""

from __future__ import annotations

import torch
from torch import Tensor


def flip_and_shift(images: Tensor, *, flip: bool, shift: int, generator: torch.Generator) -> Tensor:
    """Return images (N, H, W, 3), each mirrored with chance one half and moved by up to ``shift`` pixels.

    What a move uncovers repeats the border. One gather does both, for uint8 and before any arithmetic.
    """
    count, height, width = images.shape[:3]
    moves = torch.randint(-shift, shift + 1, (2, count, 1), generator=generator)
    mirrored = torch.randint(0, 2, (count, 1), generator=generator) * int(flip)
    rows = (torch.arange(height) + moves[0]).clamp(0, height - 1)
    columns = (torch.arange(width) + moves[1]).clamp(0, width - 1)
    columns = torch.where(mirrored == 1, width - 1 - columns, columns)
    return images[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
