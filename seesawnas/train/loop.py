"""The training loop: it yields a record an epoch and prints nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.data import Faces
from seesawnas.errors import TrialError
from seesawnas.nn import PerChannel, normalised
from seesawnas.train.augment import flip_and_shift
from seesawnas.train.averaging import WeightAverage
from seesawnas.train.margins import MarginHead
from seesawnas.train.memory import keep_freed_memory
from seesawnas.train.recipe import Recipe
from seesawnas.train.schedule import ramp, warm_up_then_decay


@dataclass(frozen=True)
class EpochRecord:
    """One epoch: its number from 1, of how many, mean loss, last learning rate, seconds and images seen."""

    epoch: int
    epochs: int
    loss: float
    learning_rate: float
    seconds: float
    images: int


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's global generator for the block (that is: to initialise a network), and put it back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def train(
    network: nn.Module, faces: Faces, recipe: Recipe, *, mean: PerChannel, std: PerChannel, seed: int
) -> Generator[EpochRecord]:
    """Train ``network`` (N, 3, H, W) -> (N, D) on ``faces``, pixels as (pixel - mean) / std; yield after each epoch.

    ``mean`` and ``std`` are one number, or one for each of red, green and blue.
    Whenever it yields, the network holds the averaged weights if the recipe averages, and keeps them if the caller
    stops there. Order, flips and shifts follow from ``seed`` alone and are the same for every network; the initial
    weights are the caller's (see ``seeded``). On one machine and thread count the same seed gives the same weights.
    Raises TrialError, in one line, where the loss is not finite.
    """
    keep_freed_memory()
    run = _Run(network, faces, recipe, (mean, std), seed)
    for epoch in range(1, recipe.epochs + 1):
        started = time.perf_counter()
        losses = run.epoch(epoch - 1)
        run.swap()
        yield EpochRecord(
            epoch=epoch,
            epochs=recipe.epochs,
            loss=sum(losses) / len(losses),
            learning_rate=run.learning_rate,
            seconds=time.perf_counter() - started,
            images=len(losses) * run.batch_size,
        )
        if epoch < recipe.epochs:  # not in a finally: a caller who stops here keeps the averaged weights
            run.swap()


class _Run:
    """The state of one training."""

    def __init__(
        self,
        network: nn.Module,
        faces: Faces,
        recipe: Recipe,
        normalisation: tuple[PerChannel, PerChannel],
        seed: int,
    ) -> None:
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = next(network.parameters()).device
        self._images, self._labels = torch.from_numpy(faces.images), torch.from_numpy(faces.labels)
        self._recipe, self._normalisation = recipe, normalisation
        self._generator = torch.Generator().manual_seed(seed)
        self._head = _margin_head(network, faces, recipe, seed).to(self._device)
        self._optimizer = _optimizer(network, self._head, recipe)
        self._average = WeightAverage(network, recipe.averaging) if recipe.averaging else None
        self.batch_size = min(recipe.batch_size, len(faces))
        self.learning_rate = 0.0

    def epoch(self, done: int) -> list[float]:
        """Losses of the steps of one epoch after ``done`` epochs; what is left over after whole batches sits out."""
        self._network.train()
        order = torch.randperm(len(self._labels), generator=self._generator)
        batches = torch.split(order, self.batch_size)[: len(order) // self.batch_size]
        return [
            self._step(batch, (done + step / len(batches)) / self._recipe.epochs) for step, batch in enumerate(batches)
        ]

    def swap(self) -> None:
        """Exchange the network's weights and their average, where the recipe averages."""
        if self._average is not None:
            self._average.swap()

    def _step(self, batch: Tensor, progress: float) -> float:
        self._follow_schedules(progress)
        labels = self._labels[batch].to(self._device)
        logits = self._head(self._network(self._pixels(batch)), labels)
        loss = F.cross_entropy(logits, labels, label_smoothing=self._recipe.label_smoothing)
        value = loss.item()
        if not math.isfinite(value):
            raise TrialError(f"the loss became {value} at {progress:.0%} of the training")
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        if self._average is not None:
            self._average.update()
        return value

    def _follow_schedules(self, progress: float) -> None:
        recipe = self._recipe
        factor = warm_up_then_decay(progress, warm_up=recipe.warm_up, decay=recipe.decay)
        self.learning_rate = recipe.learning_rate * factor
        for group in self._optimizer.param_groups:
            group["lr"] = self.learning_rate
        self._head.margin_share = ramp(progress, recipe.margin_warm_up)

    def _pixels(self, batch: Tensor) -> Tensor:
        """(N, 3, H, W), augmented and normalised."""
        images = self._images[batch]
        shift = round(self._recipe.shift * images.shape[1])
        images = flip_and_shift(images, flip=self._recipe.flip, shift=shift, generator=self._generator)
        return normalised(images.to(self._device), *self._normalisation)


def _margin_head(network: nn.Module, faces: Faces, recipe: Recipe, seed: int) -> MarginHead:
    network.eval()
    with torch.no_grad():
        dimensions = network(
            torch.zeros(1, 3, *faces.images.shape[1:3], device=next(network.parameters()).device)
        ).shape[1]
    return MarginHead(
        faces.identities,
        dimensions,
        margin=recipe.margin,
        size=recipe.margin_size,
        scale=recipe.scale,
        guard=recipe.guard,
        # Its own generator: how much it draws depends on the network, and the order of the pictures must not.
        generator=torch.Generator().manual_seed(seed),
    )


def _optimizer(network: nn.Module, head: MarginHead, recipe: Recipe) -> torch.optim.SGD:
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    matrices = [weight for weight in weights if weight.ndim > 1]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
        {"params": list(head.parameters()), "weight_decay": recipe.head_weight_decay},
    ]
    return torch.optim.SGD(groups, lr=0.0, momentum=recipe.momentum, nesterov=recipe.nesterov)
