"""A criterion that no margin is in.

It looks up what the embedding shall be, by image and flip, as distillation does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.train import Batch, Criterion


class Toy(Criterion):
    """Squared distance to a table (images, 2, D), less a bias that is learnt."""

    def __init__(self, images: int, dimensions: int) -> None:
        super().__init__()
        table = torch.randn(images, 2, dimensions, generator=torch.Generator().manual_seed(0))
        self.register_buffer("table", table)
        self.table: Tensor
        self.bias = nn.Parameter(torch.zeros(dimensions))
        self.seen: list[Batch] = []

    def forward(self, embeddings: Tensor, batch: Batch) -> Tensor:
        self.seen.append(batch)
        return F.mse_loss(
            embeddings.float() + self.bias, self.table[batch.indices, batch.flipped.long()]
        )
