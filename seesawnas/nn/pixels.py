"""Pixels as networks take them."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

PerChannel: TypeAlias = float | tuple[float, float, float]
"""One number, or one for each of red, green and blue."""


def normalised(pixels: Tensor, mean: PerChannel, std: PerChannel) -> Tensor:
    """uint8 (N, H, W, 3) as float32 (N, 3, H, W), (pixel - mean) / std.

    It is in the channels_last layout, which (N, H, W, 3) seen as (N, 3, H, W) already is: nothing is copied.
    """
    batch = pixels.permute(0, 3, 1, 2).float()
    return batch.sub_(_operand(mean, batch)).div_(_operand(std, batch))


def _operand(values: PerChannel, batch: Tensor) -> float | Tensor:
    """A plain number where that will do, several times as fast in this layout; else (1, 3, 1, 1)."""
    if not isinstance(values, tuple):
        return values
    return values[0] if len(set(values)) == 1 else torch.tensor(values, device=batch.device).view(1, 3, 1, 1)
