"""Distillation of embeddings by their mean squared error, as PocketNet was trained with it."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from seesawnas.train.losses.distillation import DistillationLoss


class EmbeddingDistillation(DistillationLoss):
    """Mean squared error of embeddings of length 1, averaged over their dimensions too.

    PocketNet (arXiv 2108.10710): L = ArcFace + 100 MSE. At D dimensions that is 100 / D of
    :class:`~seesawnas.train.losses.angular.AngularDistillation`'s L_s, 0.78 at D = 128: nine times
    weaker than that loss with its own weight.
    """

    default_weight: ClassVar[float] = 100.0

    def distance(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The mean over batch and dimensions of the squared difference, in [0, 4 / D]."""
        return F.mse_loss(student, teacher)
