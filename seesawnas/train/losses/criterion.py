"""What a training minimises.

It is an object, so that another loss is another file and the loop stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.data.sources.singles import NO_CLASS
from seesawnas.train.batch import Batch
from seesawnas.train.losses.head import MarginHead, SampledHead, make_head
from seesawnas.train.recipe import Recipe
from seesawnas.train.schedule import ramp


class Criterion(nn.Module):
    """The loss of a batch.

    A subclass defines :meth:`forward`. Its parameters are trained with the network's, by the
    recipe's ``head_weight_decay``; parameters and buffers are kept in checkpoints. Each process of
    a team has one of its own, the same as the others': gradients are averaged, and so is what
    :meth:`running` gives.
    """

    def forward(self, embeddings: Tensor, batch: Batch) -> Tensor:
        """The mean loss.

        Args:
            embeddings: (N, D), of any length, in the precision of the network's forward.
            batch: What was embedded; its labels are on the device of ``embeddings``.

        Returns:
            A float32 scalar with a gradient.
        """
        raise NotImplementedError

    def follow(self, progress: float) -> None:
        """Take note, before each step, of the part of the training that is done, in [0, 1)."""

    def prepare(self, labels: Callable[[], Tensor], step: int) -> None:
        """Prepare for step number ``step``, from 0.

        ``labels`` gathers those of all processes and parts.
        """

    def stepping(self, optimizer: torch.optim.Optimizer) -> AbstractContextManager[None]:
        """For the block in which the optimiser makes its step."""
        return nullcontext()

    def running(self) -> Iterable[Tensor]:
        """Buffers that move with the batches, to be averaged over the team after each step."""
        return ()

    def with_own_momentum(self) -> Iterable[nn.Parameter]:
        """Parameters whose momentum is kept here rather than by the optimiser."""
        return ()


class MarginLoss(Criterion):
    """Cross-entropy of a margin head's logits.

    Args:
        head: The margin head.
        margin_warm_up: The part of the training over which the margin rises.
        label_smoothing: Of the cross-entropy.
        singles: Whether batches may hold images without a class.
    """

    def __init__(
        self,
        head: MarginHead,
        *,
        margin_warm_up: float = 0.0,
        label_smoothing: float = 0.0,
        singles: bool = False,
    ) -> None:
        super().__init__()
        self.head = head
        self._warm_up, self._smoothing, self._singles = margin_warm_up, label_smoothing, singles

    def forward(self, embeddings: Tensor, batch: Batch) -> Tensor:
        """The mean loss; of a sampled head among the classes drawn for the step.

        An image without a class counts as one whose loss is 0: so a batch weighs each image's loss
        alike, however many of its images have a class.
        """
        labels = (
            self.head.places(batch.labels) if isinstance(self.head, SampledHead) else batch.labels
        )
        logits = self.head(embeddings, labels)
        if not self._singles:
            return F.cross_entropy(logits, labels, label_smoothing=self._smoothing)
        total = F.cross_entropy(
            logits,
            labels,
            label_smoothing=self._smoothing,
            ignore_index=NO_CLASS,
            reduction="sum",
        )
        return total / len(labels)

    def follow(self, progress: float) -> None:
        """Raise the margin."""
        self.head.margin_share = ramp(progress, self._warm_up)

    def prepare(self, labels: Callable[[], Tensor], step: int) -> None:
        """Draw a sampled head's classes."""
        if isinstance(self.head, SampledHead):
            self.head.draw(labels(), step)

    @contextmanager
    def stepping(self, optimizer: torch.optim.Optimizer) -> Iterator[None]:
        """Lend the optimiser the momentum of a sampled head's classes."""
        if not isinstance(self.head, SampledHead):
            yield
            return
        slot = optimizer.state[self.head.sample]
        self.head.lend_momentum(slot)
        yield
        self.head.put_back(slot)

    def running(self) -> list[Tensor]:
        """What AdaFace finds usual."""
        return [value for name, value in self.head.named_buffers() if name.startswith("usual_")]

    def with_own_momentum(self) -> tuple[nn.Parameter, ...]:
        """A sampled head's drawn rows."""
        return (self.head.sample,) if isinstance(self.head, SampledHead) else ()


def make_criterion(
    classes: int, dimensions: int, recipe: Recipe, seed: int, *, singles: bool = False
) -> Criterion:
    """The loss that ``recipe`` asks for, the same weights for a seed.

    With ``singles``, batches may hold images without a class.
    """
    head = make_head(classes, dimensions, recipe, seed)
    return MarginLoss(
        head,
        margin_warm_up=recipe.margin_warm_up,
        label_smoothing=recipe.label_smoothing,
        singles=singles,
    )
