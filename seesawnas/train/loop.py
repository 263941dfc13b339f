"""The training loop: it yields a record an epoch and prints nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
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
    """Train ``network`` (N, 3, H, W) -> (N, D) on ``faces`` from start to end; see :class:`Training`."""
    return Training(network, faces, recipe, mean=mean, std=std, seed=seed).epochs()


class Training:
    """The training of ``network`` (N, 3, H, W) -> (N, D) on ``faces``, pixels as (pixel - mean) / std.

    ``mean`` and ``std`` are one number, or one for each of red, green and blue. Order, flips and shifts follow from
    ``seed`` alone and are the same for every network; the initial weights are the caller's (see ``seeded``). On one
    machine and thread count the same seed gives the same weights, also where ``state`` went into another training of
    the same network, faces, recipe and seed between two epochs.
    """

    def __init__(
        self, network: nn.Module, faces: Faces, recipe: Recipe, *, mean: PerChannel, std: PerChannel, seed: int
    ) -> None:
        keep_freed_memory()
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = next(network.parameters()).device
        self._images, self._labels = torch.from_numpy(faces.images), torch.from_numpy(faces.labels)
        self._recipe, self._normalisation = recipe, (mean, std)
        self._generator = torch.Generator().manual_seed(seed)
        self._head = _margin_head(network, faces, recipe, seed).to(self._device)
        self._optimizer = _optimizer(network, self._head, recipe)
        self._average = WeightAverage(network, recipe.averaging) if recipe.averaging else None
        self._batch_size = min(recipe.batch_size, len(faces))
        self._learning_rate = 0.0
        self.done = 0
        """Epochs trained so far."""

    def epochs(self) -> Generator[EpochRecord]:
        """Train what is left; yield after each epoch.

        Whenever it yields, the network holds the averaged weights if the recipe averages, and keeps them if the caller
        stops there. Raises TrialError, in one line, where the loss is not finite.
        """
        while self.done < self._recipe.epochs:
            if self.done:  # before an epoch and not in a finally: a caller who stops keeps the averaged weights
                self._swap()
            started = time.perf_counter()
            losses = self._epoch(self.done)
            self._swap()
            self.done += 1
            yield EpochRecord(
                epoch=self.done,
                epochs=self._recipe.epochs,
                loss=sum(losses) / len(losses),
                learning_rate=self._learning_rate,
                seconds=time.perf_counter() - started,
                images=len(losses) * self._batch_size,
            )

    def sample(self) -> Tensor:
        """A batch as the network is given them, blank: its shape, layout and device are what counts."""
        pixels = torch.zeros_like(self._images[: self._batch_size])
        return normalised(pixels.to(self._device), *self._normalisation)

    def state(self) -> dict[str, Tensor]:
        """All that the epochs to come depend on, between two epochs; the tensors are the training's own."""
        return {**self._tensors(), "done": torch.tensor(self.done), "generator": self._generator.get_state()}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a ``state`` of the same training. Raises ValueError where it is another's."""
        kept = self._tensors()
        if set(state) != {*kept, "done", "generator"}:
            raise ValueError("must be the state of the same network and recipe")
        if wrong := [name for name, tensor in kept.items() if tensor.shape != state[name].shape]:
            raise ValueError(f"{wrong[0]} must have shape {tuple(kept[wrong[0]].shape)}")
        for name, tensor in kept.items():
            tensor.copy_(state[name])
        self._generator.set_state(state["generator"])
        self.done = int(state["done"])

    def _tensors(self) -> dict[str, Tensor]:
        """Network, head, momentum and average, by name; the same memory that the training works on."""
        found = {f"network.{name}": tensor for name, tensor in self._network.state_dict().items()}
        found |= {f"head.{name}": tensor for name, tensor in self._head.state_dict().items()}
        for group in self._optimizer.param_groups:
            for parameter in group["params"]:
                # Made here rather than at the first step, so that a state can be restored before it.
                slot = self._optimizer.state[parameter]
                if slot.get("momentum_buffer") is None:
                    slot["momentum_buffer"] = torch.zeros_like(parameter)
        slots = (self._optimizer.state[p]["momentum_buffer"] for g in self._optimizer.param_groups for p in g["params"])
        found |= {f"momentum.{index}": slot for index, slot in enumerate(slots)}
        return found | (self._average.state() if self._average is not None else {})

    def _epoch(self, done: int) -> list[float]:
        """Losses of the steps of one epoch after ``done`` epochs; what is left over after whole batches sits out."""
        self._network.train()
        order = torch.randperm(len(self._labels), generator=self._generator)
        batches = torch.split(order, self._batch_size)[: len(order) // self._batch_size]
        return [
            self._step(batch, (done + step / len(batches)) / self._recipe.epochs) for step, batch in enumerate(batches)
        ]

    def _swap(self) -> None:
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
        self._learning_rate = recipe.learning_rate * factor
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate
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
