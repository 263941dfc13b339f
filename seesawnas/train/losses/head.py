"""The margin head: scaled cosines to one weight vector per class, with a margin for the true class.

If there are many classes, a step may use a sample (Partial FC, arXiv 2203.15565): the classes of
the batch, and others drawn at random up to a fraction of all. Logits, gradient and update are then
of the sample's rows alone, so that 360,000 classes fit; a row that is not drawn keeps its weight
and its momentum as they are.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.data.sources.singles import NO_CLASS
from seesawnas.train.losses.margins import find_margin
from seesawnas.train.recipe import Guard, OptimizerName, Recipe

_USUAL_NORM, _USUAL_SPREAD = 20.0, 100.0  # AdaFace's beginning of the running mean and deviation
_SPREAD_FLOOR = 1e-3
_NORM_MOMENTUM = 0.01
_SHORTEST, _LONGEST = 1e-3, 100.0

MOMENTA: dict[OptimizerName, dict[str, str]] = {
    "sgd": {"momentum": "momentum_buffer"},
    "adamw": {"momentum": "exp_avg", "second_momentum": "exp_avg_sq"},
}
"""What an optimiser keeps of a parameter, in its shape: by our name, torch's."""
STEP = "step"
"""The key of how many steps AdamW has made."""


class MarginHead(nn.Module):
    """One weight vector per class, (C, D).

    ``margin_share`` in [0, 1] is the part of the margin that is in force; a recipe raises it from
    0. Works in float32 whatever the embeddings are in.
    """

    def __init__(
        self,
        classes: int,
        dimensions: int,
        *,
        margin: str = "arcface",
        size: float = 0.5,
        scale: float = 64.0,
        guard: Guard = "linear",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, dimensions, generator=generator).mul_(0.01))
        self.margin_share = 1.0
        self._margin, self._size = find_margin(margin), size
        self._scale, self._guard = scale, guard
        if self._margin.needs_quality:
            self.register_buffer("usual_norm", torch.tensor(_USUAL_NORM))
            self.register_buffer("usual_spread", torch.tensor(_USUAL_SPREAD))
        self.usual_norm: Tensor
        self.usual_spread: Tensor

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Logits (N, C) of embeddings (N, D), any length, and labels (N,).

        Of an image without a class they mean nothing; no loss may look at them.
        """
        embeddings = embeddings.float()
        cosine = F.linear(F.normalize(embeddings), F.normalize(self.rows())).clamp(-1.0, 1.0)
        rows = torch.arange(len(labels), device=labels.device)
        size, quality = self._size * self.margin_share, self._quality(embeddings)
        target = self._margin.target(cosine[rows, labels], size, self._guard, quality)
        logits: Tensor = self._scale * self._margin.other(cosine).index_put((rows, labels), target)
        return logits

    def rows(self) -> Tensor:
        """The classes' weights that the logits are of."""
        return self.weight

    def _quality(self, embeddings: Tensor) -> Tensor:
        """(N,): by how many usual deviations an embedding is longer than the usual one.

        Training updates what is usual.
        """
        if not self._margin.needs_quality:
            return embeddings.new_zeros(())
        norms: Tensor = embeddings.detach().norm(dim=1).clamp(_SHORTEST, _LONGEST)
        if self.training:
            self.usual_norm.lerp_(norms.mean(), _NORM_MOMENTUM)
            self.usual_spread.lerp_(norms.std(correction=min(1, len(norms) - 1)), _NORM_MOMENTUM)
        return (norms - self.usual_norm) / (self.usual_spread + _SPREAD_FLOOR)


class SampledHead(MarginHead):
    """A margin head of which each step uses ``rate`` of the classes, and always those of the batch.

    ``weight`` is no parameter here; ``sample``, a copy of the drawn rows, is. A step is ``draw``,
    forward and backward with ``places`` for labels, the optimiser's step, ``put_back``.
    """

    def __init__(
        self,
        classes: int,
        dimensions: int,
        *,
        rate: float,
        seed: int,
        optimizer: OptimizerName = "sgd",
        **rest: Any,
    ) -> None:
        super().__init__(classes, dimensions, **rest)
        weight = self.weight.detach()
        del self.weight
        self.register_buffer("weight", weight)
        for name in MOMENTA[optimizer]:
            self.register_buffer(name, torch.zeros_like(weight))
        self.momentum: Tensor
        self.sample = nn.Parameter(weight[:0].clone())
        self._count, self._seed, self._optimizer = math.ceil(rate * classes), seed, optimizer
        self._drawn, self._step = torch.arange(0), 0

    def rows(self) -> Tensor:
        """The drawn classes' weights."""
        return self.sample

    def draw(self, labels: Tensor, step: int) -> None:
        """Take the classes of ``labels``, all processes' of this step, and others at random.

        The same seed and step give the same classes.
        """
        present = torch.unique(labels.cpu())
        present = present[present != NO_CLASS]
        generator = torch.Generator().manual_seed((self._seed * 1_000_003 + step) % 2**63)
        order = torch.rand(len(self.weight), generator=generator)
        order[present] = 2.0
        chosen = torch.topk(order, max(self._count, len(present))).indices.sort().values
        self._drawn = chosen.to(self.weight.device)
        self._step = step
        self.sample.data = self.weight[self._drawn]
        self.sample.grad = None

    def places(self, labels: Tensor) -> Tensor:
        """Where each of ``labels`` lies among the drawn classes; ``NO_CLASS`` stays."""
        found = torch.searchsorted(self._drawn, labels)
        return torch.where(labels == NO_CLASS, labels, found)

    def lend_momentum(self, slot: dict[str, Tensor]) -> None:
        """Give the optimiser the momentum of the drawn rows."""
        for name, key in MOMENTA[self._optimizer].items():
            slot[key] = self.get_buffer(name)[self._drawn]
        if self._optimizer == "adamw":
            slot[STEP] = torch.tensor(float(self._step))  # of all rows, whenever they are drawn

    @torch.no_grad()
    def put_back(self, slot: dict[str, Tensor]) -> None:
        """Keep what a step made of the drawn rows and of their momentum, nothing else."""
        self.weight[self._drawn] = self.sample
        for name, key in MOMENTA[self._optimizer].items():
            self.get_buffer(name)[self._drawn] = slot.pop(key)
        slot.pop(STEP, None)
        self.sample.data, self.sample.grad = self.weight[:0].clone(), None


def make_head(classes: int, dimensions: int, recipe: Recipe, seed: int) -> MarginHead:
    """The head that ``recipe`` asks for, the same weights for a seed."""
    about: dict[str, Any] = {
        "margin": recipe.margin,
        "size": recipe.margin_size,
        "scale": recipe.scale,
        "guard": recipe.guard,
        # Its own generator: how much it draws depends on the network, and the order of the images
        # must not.
        "generator": torch.Generator().manual_seed(seed),
    }
    if recipe.sample_rate < 1.0:
        about |= {"rate": recipe.sample_rate, "seed": seed, "optimizer": recipe.optimizer}
        return SampledHead(classes, dimensions, **about)
    return MarginHead(classes, dimensions, **about)
