"""Angular distillation, as VarGFaceNet was trained with it."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from seesawnas.train.losses.distillation import DistillationLoss


class AngularDistillation(DistillationLoss):
    """Squared distance of embeddings of length 1, summed over their dimensions.

    VarGFaceNet (arXiv 1910.04985): L = ArcFace + 7 L_s, where L_s is the mean
    over the batch of ||t / |t| - s / |s|||^2 = 2 - 2 cos(t, s), in [0, 4]. The mean squared error
    of :class:`~seesawnas.train.losses.embedding.EmbeddingDistillation` is L_s / D.
    """

    default_weight: ClassVar[float] = 7.0

    def distance(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The mean over the batch of the squared distance, in [0, 4]."""
        return (student - teacher).square().sum(dim=1).mean()
