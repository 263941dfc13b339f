"""Margin heads: logits of cosines, the target's made harder by a margin.

ArcFace (arXiv 1801.07698, equation 3): s cos(theta + m) for the target class, s cos(theta) for the others. Gradients
flow through the whole formula; arcface_torch edits the angle without gradient, so values agree with its and gradients
do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Margin = Literal["arcface", "cosface"]
Guard = Literal["none", "linear"]

_EPSILON = 1e-6
"""Keeps the square root's derivative finite in float32, where 1 - cos^2 rounds to zero near the class centre."""


def arcface(cosine: Tensor, margin: float, guard: Guard) -> Tensor:
    """cos(theta + m) of cos(theta).

    Past theta = pi - m it would rise again. guard "none" lets it (arcface_torch); "linear" goes on falling there as
    cos(theta) - m sin(pi - m) (PocketNet, the Seesaw authors).
    """
    sine = torch.sqrt((1.0 - cosine.square()).clamp_min(_EPSILON))
    shifted = cosine * math.cos(margin) - sine * math.sin(margin)
    if guard == "none":
        return shifted
    beyond = cosine - margin * math.sin(math.pi - margin)
    return torch.where(cosine > math.cos(math.pi - margin), shifted, beyond)


def cosface(cosine: Tensor, margin: float, guard: Guard) -> Tensor:
    """cos(theta) - m (arXiv 1801.09414, equation 4); it falls everywhere and needs no guard."""
    return cosine - margin


MARGINS: dict[Margin, Callable[[Tensor, float, Guard], Tensor]] = {"arcface": arcface, "cosface": cosface}


class MarginHead(nn.Module):
    """One weight vector a class; scaled cosines of embeddings to them, with a margin for the true class.

    ``margin_share`` in [0, 1] is the part of the margin that is in force; a recipe raises it from 0.
    """

    def __init__(
        self,
        classes: int,
        dimensions: int,
        *,
        margin: Margin = "arcface",
        size: float = 0.5,
        scale: float = 64.0,
        guard: Guard = "linear",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, dimensions, generator=generator) * 0.01)
        self.margin_share = 1.0
        self._margin, self._size, self._scale, self._guard = MARGINS[margin], size, scale, guard

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Logits (N, C) of embeddings (N, D), any length, and labels (N,)."""
        cosine = F.linear(F.normalize(embeddings), F.normalize(self.weight)).clamp(-1.0, 1.0)
        rows = torch.arange(len(labels), device=labels.device)
        target = self._margin(cosine[rows, labels], self._size * self.margin_share, self._guard)
        return self._scale * cosine.index_put((rows, labels), target)
