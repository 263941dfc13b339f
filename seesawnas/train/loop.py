"""The training loop: it yields a record per step and a record per epoch, and prints nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from seesawnas.data import Faces
from seesawnas.errors import TrialError
from seesawnas.nn import PerChannel, normalised
from seesawnas.train.averaging import WeightAverage
from seesawnas.train.batch import Batch
from seesawnas.train.distributed import Team
from seesawnas.train.feeds.memory import Feed, MemoryFeed
from seesawnas.train.losses.criterion import Criterion, make_criterion
from seesawnas.train.optimizer import LossScaler, make_optimizer, momenta
from seesawnas.train.recipe import Precision, Recipe
from seesawnas.train.runtime import keep_freed_memory
from seesawnas.train.schedule import learning_rate_factor


@dataclass(frozen=True)
class EpochRecord:
    """One epoch.

    It has the epoch's number from 1, of how many, mean loss, last learning rate, seconds and the
    images seen in these. If the epoch was resumed from a checkpoint, seconds and images are of what
    was left of it; the loss is of all its steps.
    """

    epoch: int
    epochs: int
    loss: float
    learning_rate: float
    seconds: float
    images: int


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step.

    It has how many steps there were in all, of how many, its loss and learning rate, and which
    images could not be read.
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    images: int
    unreadable: tuple[tuple[int, str], ...] = ()


_VARIABLE = ("losses",)
"""Tensors of a state whose shape says how far the epoch is."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's global generator for the block, and put it back afterwards.

    This is for the initial weights of a network.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def train(
    network: nn.Module,
    faces: Faces,
    recipe: Recipe,
    *,
    mean: PerChannel,
    std: PerChannel,
    seed: int,
) -> Generator[EpochRecord]:
    """Train ``network`` (N, 3, H, W) -> (N, D) on ``faces`` from start to end.

    See :class:`Training`.
    """
    feed = MemoryFeed(faces, recipe, seed=seed)
    return Training(network, feed, recipe, mean=mean, std=std, seed=seed).epochs()


class Training:
    """The training of ``network`` (N, 3, H, W) -> (N, D) by what ``feed`` returns.

    Pixels are normalised as (pixel - mean) / std; ``mean`` and ``std`` are one number, or one for
    each of red, green and blue. Order, flips and shifts are the feed's and the same for every
    network; the initial weights are the caller's (see ``seeded``). ``criterion`` is what is
    minimised, by default the recipe's margin loss. The modules of ``network`` called ``frozen`` are
    not trained: their weights stay, and batch norms in them use the statistics that they have.

    On one machine and thread count the same seed gives the same weights, also if ``state`` was
    restored into another training of the same network, feed, recipe and seed between two steps.
    Each process of a ``team`` makes one of its own, and all make the same steps.
    """

    def __init__(
        self,
        network: nn.Module,
        feed: Feed,
        recipe: Recipe,
        *,
        mean: PerChannel,
        std: PerChannel,
        seed: int,
        team: Team = Team(),  # noqa: B008 (a frozen value)
        precision: Precision = "fp32",
        criterion: Criterion | None = None,
        frozen: Sequence[str] = (),
    ) -> None:
        keep_freed_memory()
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = next(network.parameters()).device
        self._feed, self._recipe, self._normalisation, self._team = feed, recipe, (mean, std), team
        if criterion is None:
            criterion = make_criterion(feed.identities, _dimensions(network, feed), recipe, seed)
        self._criterion = criterion.to(self._device)
        self._frozen = [network.get_submodule(name) for name in frozen]
        for module in self._frozen:
            module.requires_grad_(False)
        self._optimizer = make_optimizer(network, self._criterion, recipe)
        self._average = WeightAverage(network, recipe.averaging) if recipe.averaging else None
        self._scaling = LossScaler(precision, self._device)
        self._wrapped = team.wrap(self._network)
        self._learning_rate = 0.0
        self._losses: list[float] = []
        self._beside = 0.0  # seconds of this epoch that were no training
        self.done = 0
        """Epochs trained so far."""

    def epochs(self) -> Generator[EpochRecord]:
        """Train what is left; yield after each epoch.

        Whenever it yields, the network holds the averaged weights if the recipe averages, and keeps
        them if the caller stops there.

        Raises:
            TrialError: If the loss is not finite.
        """
        for record in self.steps():
            if isinstance(record, EpochRecord):
                yield record

    def steps(self) -> Generator[StepRecord | EpochRecord]:
        """Train what is left; yield after each step, and after each epoch like :meth:`epochs`."""
        while self.done < self._recipe.epochs:
            # Before an epoch: a caller who stops keeps the averaged weights.
            if self.done and not self._losses:
                self._swap()
            started, first, self._beside = time.perf_counter(), len(self._losses), 0.0
            self._network.train()
            for module in self._frozen:
                module.eval()
            for parts in self._feed.epoch(self.done, len(self._losses)):
                yield self._take(parts)
            self._swap()
            yield self._end_epoch(time.perf_counter() - started - self._beside, first)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Between two steps of an epoch: the network as an epoch would leave it, for the block.

        It holds the averaged weights if the recipe averages. Afterwards the training is as it was,
        and the block's time is none of the epoch's.
        """
        started = time.perf_counter()
        self._swap()
        try:
            yield
        finally:
            self._swap()
            self._beside += time.perf_counter() - started

    @torch.no_grad()
    def begin_with_head(self, weight: Tensor) -> None:
        """Before the first step: take ``weight`` (C, D) for the margin head's, one row a class.

        Raises:
            ValueError: If it has another shape, or the criterion has no margin head.
        """
        for name, value in self._criterion.state_dict().items():
            if name.endswith("head.weight") and value.shape == weight.shape:
                value.copy_(weight)
                return
        raise ValueError(f"must fit a margin head, got weights of shape {tuple(weight.shape)}")

    def sample(self) -> Tensor:
        """A blank batch as the network is given it: only its shape, layout and device count."""
        pixels = torch.zeros(self._feed.batch_size, *self._feed.size, 3, dtype=torch.uint8)
        return normalised(pixels.to(self._device), *self._normalisation)

    def state(self) -> dict[str, Tensor]:
        """All that the steps to come depend on; the tensors are the training's own."""
        return {
            **self._tensors(),
            "done": torch.tensor(self.done),
            "losses": torch.tensor(self._losses, dtype=torch.float64),
            "generator": self._feed.state(),
            "scaling": self._scaling.state(),
        }

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Resume from a ``state`` of the same training.

        Raises:
            ValueError: If it is the state of another training.
        """
        kept = self.state()
        if set(state) != set(kept):
            raise ValueError("must be the state of the same network and recipe")
        for name, tensor in kept.items():
            if name not in _VARIABLE and tensor.shape != state[name].shape:
                raise ValueError(f"{name} must have shape {tuple(tensor.shape)}")
        for name, tensor in self._tensors().items():
            tensor.copy_(state[name])
        self._feed.restore(state["generator"])
        self._scaling.restore(state["scaling"])
        self.done, self._losses = int(state["done"]), state["losses"].tolist()

    def is_finite(self) -> bool:
        """Whether all that the steps to come depend on is finite.

        That includes batch norm's statistics and the average.
        """
        return all(bool(torch.isfinite(tensor).all()) for tensor in self._tensors().values())

    def _tensors(self) -> dict[str, Tensor]:
        """Network, criterion, momentum and average, by name.

        They are the memory that the training works on, not copies.
        """
        found = {f"network.{name}": tensor for name, tensor in self._network.state_dict().items()}
        # A margin head's names are those of checkpoints before there were other criteria.
        found |= {
            name if name.startswith("head.") else f"criterion.{name}": tensor
            for name, tensor in self._criterion.state_dict().items()
        }
        found |= momenta(self._optimizer, self._criterion, self._recipe.optimizer)
        return found | (self._average.state() if self._average is not None else {})

    def _end_epoch(self, seconds: float, first: int) -> EpochRecord:
        """The record of an epoch whose steps from ``first`` on took ``seconds``.

        The steps before were an earlier process's.
        """
        losses, self._losses = self._losses, []
        self.done += 1
        return EpochRecord(
            epoch=self.done,
            epochs=self._recipe.epochs,
            loss=sum(losses) / len(losses),
            learning_rate=self._learning_rate,
            seconds=seconds,
            images=(len(losses) - first) * self._feed.batch_size,
        )

    def _swap(self) -> None:
        """Exchange the network's weights and their average, if the recipe averages."""
        if self._average is not None:
            self._average.swap()

    def _take(self, parts: list[Batch]) -> StepRecord:
        number, total = (
            self.done * self._feed.steps + len(self._losses),
            self._recipe.epochs * self._feed.steps,
        )
        self._losses.append(self._step(parts, number))
        return StepRecord(
            step=number + 1,
            steps=total,
            loss=self._losses[-1],
            learning_rate=self._learning_rate,
            images=self._feed.batch_size,
            unreadable=tuple(fault for part in parts for fault in part.unreadable),
        )

    def _step(self, parts: list[Batch], number: int) -> float:
        progress = (self.done + len(self._losses) / self._feed.steps) / self._recipe.epochs
        self._follow_schedules(progress)
        parts = [replace(part, labels=part.labels.to(self._device)) for part in parts]
        self._criterion.prepare(
            lambda: self._team.gather(torch.cat([part.labels for part in parts])), number
        )
        self._optimizer.zero_grad()
        loss = self._gradients(parts)
        value = loss.item()
        if not math.isfinite(value):
            raise TrialError(f"the loss became {value} at {progress:.0%} of the training")
        self._update()
        return value

    def _gradients(self, parts: list[Batch]) -> Tensor:
        """Make the gradients of the mean loss over the parts and the team; returns that loss."""
        total = torch.zeros((), device=self._device)
        for part in parts:
            with nullcontext() if part is parts[-1] else self._team.alone(self._wrapped):
                loss = self._loss(part) / len(parts)
                self._scaling.backward(loss)
            total += loss.detach()
        grads = [weight.grad for weight in self._criterion.parameters() if weight.grad is not None]
        self._team.average_([total, *grads, *self._criterion.running()])
        return total

    def _loss(self, part: Batch) -> Tensor:
        with self._scaling.forward():
            embeddings = self._wrapped(
                normalised(part.images.to(self._device), *self._normalisation)
            )
        loss: Tensor = self._criterion(embeddings, part)
        return loss

    def _update(self) -> None:
        with self._criterion.stepping(self._optimizer):
            self._scaling.step(self._optimizer)
        if self._average is not None:
            self._average.update()

    def _follow_schedules(self, progress: float) -> None:
        recipe = self._recipe
        factor = learning_rate_factor(
            progress,
            warm_up=recipe.warm_up,
            decay=recipe.decay,
            steps=recipe.decay_steps,
            factor=recipe.decay_factor,
        )
        self._learning_rate = recipe.learning_rate * factor
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate
        self._criterion.follow(progress)


def _dimensions(network: nn.Module, feed: Feed) -> int:
    """Of the embedding."""
    network.eval()
    with torch.no_grad():
        return int(
            network(torch.zeros(1, 3, *feed.size, device=next(network.parameters()).device)).shape[
                1
            ]
        )
