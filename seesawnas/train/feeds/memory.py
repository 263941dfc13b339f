"""The batches of a training: augmented pixels, in an order that follows from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from seesawnas.data import Faces
from seesawnas.train.batch import Batch
from seesawnas.train.feeds.augment import moved, sample_augmentation
from seesawnas.train.feeds.distort import Distortions
from seesawnas.train.recipe import Recipe


class Feed(Protocol):
    """Batches by epoch and step, the same whenever they are asked for.

    Attributes:
        batch_size: Images per step, of all processes together.
        steps: Steps per epoch. Images beyond the last whole batch are left out.
    """

    identities: int
    size: tuple[int, int]
    batch_size: int
    steps: int

    def epoch(self, done: int, first: int) -> Iterator[list[Batch]]:
        """This process's parts of the steps of one epoch, from step ``first`` to the last.

        ``done`` is the number of epochs before it.
        """
        ...

    def state(self) -> Tensor:
        """What the batches to come depend on, besides the seed, the epoch and the step."""
        ...

    def restore(self, state: Tensor) -> None:
        """Resume from a ``state``."""
        ...


class MemoryFeed:
    """Faces in memory.

    One generator draws order, flips and shifts, one after another through the training. Distortions
    have their own for each image.
    """

    def __init__(self, faces: Faces, recipe: Recipe, *, seed: int) -> None:
        self._images, self._labels = torch.from_numpy(faces.images), torch.from_numpy(faces.labels)
        height, width = faces.images.shape[1:3]
        self.identities, self.size = faces.identities, (height, width)
        self.batch_size = min(recipe.batch_size, len(faces))
        self.steps = len(faces) // self.batch_size
        self._flip, self._shift = recipe.flip, round(recipe.shift * height)
        self._distort, self._seed = Distortions.of(recipe), seed
        self._generator = torch.Generator().manual_seed(seed)
        self._start = self._generator.get_state()

    def epoch(self, done: int, first: int) -> Iterator[list[Batch]]:
        """One part per step."""
        self._generator.set_state(self._start)
        order = torch.randperm(len(self._labels), generator=self._generator)
        for step, chosen in enumerate(torch.split(order, self.batch_size)[: self.steps]):
            moves = sample_augmentation(
                len(chosen), flip=self._flip, shift=self._shift, generator=self._generator
            )
            if step >= first:
                shown = moved(self._images[chosen], moves).numpy()
                images = torch.from_numpy(
                    self._distort(shown, chosen.numpy(), seed=self._seed, epoch=done)
                )
                yield [Batch(images, self._labels[chosen], chosen, moves.flipped)]
        self._start = self._generator.get_state()

    def state(self) -> Tensor:
        """The generator's state at the beginning of the current epoch.

        To resume within the epoch, its draws are made again.
        """
        return self._start

    def restore(self, state: Tensor) -> None:
        """Resume from a ``state``."""
        self._start = state
