"""A teacher without a network."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


class Table:
    """Random directions of ``images`` images and of their mirror images."""

    def __init__(self, images: int, dimensions: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.rows = F.normalize(torch.randn(images, 2, dimensions, generator=generator), dim=2)

    @property
    def dimensions(self) -> int:
        return self.rows.shape[2]

    def take(self, indices: Tensor, flipped: Tensor) -> Tensor:
        return self.rows[indices, flipped.long()]
