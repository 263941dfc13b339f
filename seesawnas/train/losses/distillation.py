"""What all losses that learn from a teacher's embeddings have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.train.batch import Batch
from seesawnas.train.losses.criterion import Criterion


class TeacherEmbeddings(Protocol):
    """A teacher's embeddings of the training images, by index.

    Attributes:
        dimensions: How many numbers an embedding has.
    """

    @property
    def dimensions(self) -> int:  # noqa: D102
        ...

    def take(self, indices: Tensor, flipped: Tensor) -> Tensor:
        """Embeddings of images of the training data.

        Args:
            indices: int64 (N,), on the CPU, as a :class:`Batch` has them.
            flipped: bool (N,), on the CPU: whether the mirrored image is meant.

        Returns:
            float32 (N, dimensions), on the CPU; of length 1, or zero for an image that the teacher
            could not be shown, which then has no gradient.
        """
        ...


class DistillationLoss(Criterion):
    """Another loss, plus ``weight`` times a distance to a teacher's embeddings.

    Both embeddings are brought to length 1 first. If the teacher's have another number of
    dimensions, the student's pass a linear projection that is trained with the network; it is part
    of checkpoints, and not of the network, so that it is gone when the training is over.

    Args:
        base: The loss that the term is added to.
        teachers: Embeddings that are learnt from, all of the same number of dimensions.
        dimensions: Of the student's embedding.
        weight: Of the term; None for ``default_weight``.
        seed: Of the projection's initial weights.
    """

    default_weight: ClassVar[float]
    """The weight that the method was published with."""

    def __init__(
        self,
        base: Criterion,
        teachers: Sequence[TeacherEmbeddings],
        dimensions: int,
        *,
        weight: float | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.base = base
        self.weight = self.default_weight if weight is None else weight
        self.teacher = teachers[0]
        """The one that is learnt from now."""
        self._teachers = tuple(teachers)
        self.projection = (
            None
            if self.teacher.dimensions == dimensions
            else nn.Parameter(_orthogonal(self.teacher.dimensions, dimensions, seed))
        )

    @abstractmethod
    def distance(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The mean distance of embeddings (N, D) of length 1, a scalar."""

    def forward(self, embeddings: Tensor, batch: Batch) -> Tensor:
        """The base loss and the weighted distance to the teacher's embeddings."""
        target = self.teacher.take(batch.indices, batch.flipped).to(embeddings.device)
        distance = self.distance(self._unit(embeddings), F.normalize(target))
        loss: Tensor = self.base(embeddings, batch) + self.weight * distance
        return loss

    def follow(self, progress: float) -> None:
        """As the base loss does."""
        self.base.follow(progress)

    def prepare(self, labels: Callable[[], Tensor], step: int) -> None:
        """As the base loss does."""
        self.base.prepare(labels, step)

    def stepping(self, optimizer: torch.optim.Optimizer) -> AbstractContextManager[None]:
        """As the base loss does."""
        return self.base.stepping(optimizer)

    def running(self) -> Iterable[Tensor]:
        """Those of the base loss."""
        return self.base.running()

    def with_own_momentum(self) -> Iterable[nn.Parameter]:
        """Those of the base loss."""
        return self.base.with_own_momentum()

    def _unit(self, embeddings: Tensor) -> Tensor:
        # In float32 whatever the network's precision, as the margin is.
        full = embeddings.float()
        return F.normalize(full if self.projection is None else F.linear(full, self.projection))


def _orthogonal(outputs: int, inputs: int, seed: int) -> Tensor:
    """(outputs, inputs) with orthogonal columns, or rows if there are fewer: few angles change.

    Its own generator: what else is drawn from the seed must not depend on the teacher.
    """
    weight = torch.empty(outputs, inputs)
    generator = torch.Generator().manual_seed(seed)
    return nn.init.orthogonal_(weight, generator=generator)
