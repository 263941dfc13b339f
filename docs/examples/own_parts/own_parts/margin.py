"""Your own margin: ``margin: fading`` in a recipe."""

from __future__ import annotations

from torch import Tensor

from seesawnas.train import MarginKind


def _target(cosine: Tensor, size: float, guard: str, quality: Tensor) -> Tensor:
    """cos(theta) - m (1 + cos(theta)) / 2: the whole margin at the class centre, none opposite."""
    return cosine - size * (1.0 + cosine) / 2.0


def _other(cosine: Tensor) -> Tensor:
    return cosine


FADING = MarginKind(_target, _other)
