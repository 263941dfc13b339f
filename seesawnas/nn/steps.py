"""A body's nodes as steps that run one after another, in training and in eval mode.

``folded(plain, own)`` returns what runs in eval mode with the weights as they are now, batch norms
folded; ``plain`` is plain inference (:mod:`seesawnas.nn.cpu`), where a step may overwrite the maps
that ``own`` says no step reads after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.arch.layers import Pool, Shuffle, Slice
from seesawnas.nn.activations import NormAct, overwriting
from seesawnas.nn.cpu import convolution
from seesawnas.nn.grouped import GroupedConv
from seesawnas.nn.layers import Convolution

Run: TypeAlias = Callable[..., Tensor]
Own: TypeAlias = tuple[bool, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ConvStep:
    """Convolution, and the batch norm and activation after it, if there are any."""

    conv: Convolution | GroupedConv
    norm: NormAct | None

    def __call__(self, x: Tensor) -> Tensor:
        """Training."""
        y: Tensor = self.conv(as_map(x))
        if self.norm is not None:
            y = self.norm(y)
        return y

    def folded(self, plain: bool, own: Own) -> Run:
        """The convolution with batch norm as part of its weight and bias.

        Grouped convolutions take factors for their input too.
        """
        conv = self.conv
        scale, shift = affine_of(conv, self.norm)
        activation = nn.Identity() if self.norm is None else self.norm.activation
        if isinstance(conv, GroupedConv):
            grouped = conv.folded(scale, shift, activation, plain)
            return lambda x, factors=None: grouped(
                as_map(x), None if factors is None else as_map(factors)
            )
        run = convolution(conv.weight * scale.view(-1, 1, 1, 1), shift, conv.geometry, plain)
        act = overwriting(activation) if plain else activation
        return lambda x: act(run(as_map(x)))


@dataclass(frozen=True, slots=True, eq=False)
class ModuleStep:
    """A module on its own: batch norm, activation, linear layer."""

    module: nn.Module

    def __call__(self, x: Tensor) -> Tensor:
        """Training; of batch norm either mode."""
        # Of a vector's batch norm its maker need not be known: a shuffle or a block may stand
        # between.
        y: Tensor = self.module(as_map(x) if isinstance(self.module, NormAct) else x)
        return y

    def folded(self, plain: bool, own: Own) -> Run:
        """Nothing to fold."""
        if isinstance(self.module, NormAct):
            return self
        return overwriting(self.module) if plain and own[0] else self.module


@dataclass(frozen=True, slots=True, eq=False)
class PoolStep:
    """Pooling; over the whole map it gives a vector (N, C)."""

    layer: Pool

    def __call__(self, x: Tensor) -> Tensor:
        """Either mode."""
        layer, x = self.layer, as_map(x)
        if layer.kernel is None:
            return x.mean((2, 3)) if layer.kind == "average" else x.amax((2, 3))
        settings: dict[str, Any] = {
            "stride": layer.stride,
            "padding": layer.padding,
            "ceil_mode": layer.ceil,
        }
        if layer.kind == "max":
            y: Tensor = F.max_pool2d(x, layer.kernel, **settings)
            return y
        return F.avg_pool2d(x, layer.kernel, **settings, count_include_pad=layer.pads)

    def folded(self, plain: bool, own: Own) -> Run:
        """Nothing to fold."""
        return self


@dataclass(frozen=True, slots=True, eq=False)
class ShuffleStep:
    """Channel shuffle of ``channels``, if it cannot be a matter of which channels are read."""

    layer: Shuffle
    channels: int

    @property
    def is_view(self) -> bool:
        """Whether every channel stays in its place.

        Then nothing is copied, and the input itself is returned.
        """
        return self.layer.groups in (1, self.channels)

    def __call__(self, x: Tensor) -> Tensor:
        """Either mode."""
        if self.is_view:
            return as_map(x)
        n, channels, h, w = as_map(x).shape
        groups = self.layer.groups
        y = x.view(n, groups, channels // groups, h, w).transpose(1, 2).reshape(n, channels, h, w)
        return y.contiguous(memory_format=torch.channels_last)

    def folded(self, plain: bool, own: Own) -> Run:
        """Nothing to fold."""
        return self


@dataclass(frozen=True, slots=True, eq=False)
class SliceStep:
    """Some channels, perhaps shifted."""

    layer: Slice

    def __call__(self, x: Tensor) -> Tensor:
        """Either mode."""
        shift = self.layer.shift
        y = as_map(x)[:, self.layer.start : self.layer.stop]
        return F.pad(y[:, :, shift:, shift:], (0, shift, 0, shift)) if shift else y

    def folded(self, plain: bool, own: Own) -> Run:
        """Nothing to fold."""
        return self


@dataclass(frozen=True, slots=True, eq=False)
class AddStep:
    """The sum.

    ``over`` is the place, among what it reads, that training may overwrite, None if there is none.
    """

    over: int | None

    def __call__(self, *xs: Tensor) -> Tensor:
        """Training."""
        return _sum(xs, self.over)

    def folded(self, plain: bool, own: Own) -> Run:
        """Plain inference overwrites what nobody reads afterwards."""
        over = own.index(True) if plain and any(own) else None
        return lambda *xs: _sum(xs, over)


@dataclass(frozen=True, slots=True, eq=False)
class ConcatStep:
    """The channels one after another."""

    def __call__(self, *xs: Tensor) -> Tensor:
        """Either mode."""
        return torch.cat([as_map(x) for x in xs], 1)

    def folded(self, plain: bool, own: Own) -> Run:
        """Nothing to fold."""
        return self


@dataclass(frozen=True, slots=True, eq=False)
class ScaleStep:
    """A map (N, C, H, W) times factors (N, C) or (N, C, 1, 1)."""

    def __call__(self, x: Tensor, factors: Tensor) -> Tensor:
        """Training."""
        return as_map(x) * as_map(factors)

    def folded(self, plain: bool, own: Own) -> Run:
        """Plain inference overwrites the map if nobody reads it afterwards."""
        return (lambda x, factors: as_map(x).mul_(as_map(factors))) if plain and own[0] else self


Step: TypeAlias = (
    ConvStep | ModuleStep | PoolStep | ShuffleStep | SliceStep | AddStep | ConcatStep | ScaleStep
)


def as_map(x: Tensor) -> Tensor:
    """A vector (N, C) as a map (N, C, 1, 1)."""
    return x[:, :, None, None] if x.ndim == 2 else x


def affine_of(conv: Convolution | GroupedConv, norm: NormAct | None) -> tuple[Tensor, Tensor]:
    """(scale, shift) per channel, of what follows the convolution's products."""
    if norm is None:
        weight = next(conv.parameters())
        count = conv.bias.numel() if conv.bias is not None else _outputs(conv)
        scale = weight.new_ones(count)
        return scale, weight.new_zeros(count) if conv.bias is None else conv.bias
    scale, shift = norm.scale_and_shift()
    return scale, shift if conv.bias is None else torch.addcmul(shift, conv.bias, scale)


def _outputs(conv: Convolution | GroupedConv) -> int:
    return sum(conv.made) if isinstance(conv, GroupedConv) else conv.weight.shape[0]


def _sum(vectors: tuple[Tensor, ...], over: int | None) -> Tensor:
    xs = tuple(map(as_map, vectors))
    if over is None:
        y, *rest = xs
        return y + rest[0] if len(rest) == 1 else torch.stack(xs).sum(0)
    y, *rest = (xs[over], *xs[:over], *xs[over + 1 :])
    for x in rest:
        y = y.add_(x)
    return y
