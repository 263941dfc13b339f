"""Convolutions over uneven groups of channels, each group with a convolution of its own.

Training may run all groups as one dense convolution whose weight is zero between groups: it
multiplies zeros, but neither cuts the map apart nor puts it together again, forward and backward.
Eval mode runs the groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain as concatenated
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.arch.layers import Conv, Shape
from seesawnas.arch.order import runs_of
from seesawnas.nn.activations import overwriting
from seesawnas.nn.cpu import Geometry, conv_weight, convolution

Channels: TypeAlias = Sequence[int]
Runs: TypeAlias = tuple[tuple[int, int], ...]  # (start, end) of each

_WASTE_LIMIT = 2**15  # multiplications by zero a pixel; measured where both forms take as long


class GroupedConv(nn.Module):
    """One convolution per group, their outputs concatenated.

    ``reads`` names the input channels of each group, each channel once. Group g's weight is
    (outputs of g, reads of g, rows, columns), its second axis in the order of ``reads``.
    """

    def __init__(self, layer: Conv, x: Shape, reads: Sequence[Channels]) -> None:
        super().__init__()
        self.made = layer.parts(layer.outputs)
        self.runs = tuple(tuple(runs_of(channels)) for channels in reads)
        self.weights = nn.ParameterList(
            conv_weight(made, len(channels), *layer.window(x))
            for made, channels in zip(self.made, reads, strict=True)
        )
        self.bias = nn.Parameter(torch.zeros(layer.outputs)) if layer.bias else None
        self.geometry = Geometry(layer.stride, layer.pads)
        zeros = x.channels * layer.outputs - sum(
            made * len(own) for made, own in zip(self.made, reads, strict=True)
        )
        self.is_dense = (
            self.geometry == Geometry() and layer.window(x) == (1, 1) and zeros <= _WASTE_LIMIT
        )
        self.register_buffer("columns", _columns(reads), persistent=False)
        self.columns: Tensor | None

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, inputs, H, W) -> (N, outputs, H', W')
        if self.is_dense:
            return F.conv2d(x, self._dense_weight(), self.bias)
        geometry = self.geometry
        biases = (
            [None] * len(self.runs)
            if self.bias is None
            else torch.split(self.bias, list(self.made))
        )
        return _concatenate(
            [
                F.conv2d(_take(x, runs), weight, bias, geometry.stride, geometry.padding)
                for runs, weight, bias in zip(self.runs, self.weights, biases, strict=True)
            ]
        )

    def folded(
        self, scale: Tensor, shift: Tensor, activation: nn.Module, plain: bool
    ) -> Callable[[Tensor, Tensor | None], Tensor]:
        """activation(scale * conv(x) + shift) in eval mode.

        x may be multiplied by factors (N, inputs, 1, 1) or None; they are applied while the groups'
        channels are picked out of ``x``.
        """
        pick, join = (_pick, self._join) if plain else (_take, _joined)
        sizes = list(self.made)
        parts = zip(
            self.weights,
            torch.split(scale.view(-1, 1, 1, 1), sizes),
            torch.split(shift, sizes),
            strict=True,
        )
        convs = [
            convolution(weight * factor, bias, self.geometry, plain)
            for weight, factor, bias in parts
        ]
        groups = list(zip(self.runs, convs, strict=True))

        def run(x: Tensor, factors: Tensor | None = None) -> Tensor:
            return join((conv(pick(x, runs, factors)) for runs, conv in groups), activation)

        return run

    def _join(self, parts: Iterable[Tensor], activation: nn.Module) -> Tensor:
        """:func:`_joined` for plain inference.

        Swish writes each part, just made, to where it stays.
        """
        if not isinstance(activation, nn.SiLU) or len(self.made) == 1:
            return overwriting(activation)(_concatenate(list(parts)))
        parts = iter(parts)
        first = next(parts)
        whole = _empty_map(first, sum(self.made))
        for part, place in zip(
            concatenated([first], parts), torch.split(whole, list(self.made), 1), strict=True
        ):
            torch.ops.aten.silu.out(part, out=place)
        return whole

    def _dense_weight(self) -> Tensor:
        """(outputs, inputs, 1, 1), zero between groups."""
        weight: Tensor = torch.block_diag(*(weight.flatten(1) for weight in self.weights))  # type: ignore[no-untyped-call]
        if self.columns is not None:
            weight = weight[:, self.columns]
        return weight[:, :, None, None]


def _take(x: Tensor, runs: Runs, factors: Tensor | None = None) -> Tensor:
    """The channels in ``runs`` of ``x`` (N, C, H, W), times ``factors`` (N, C, 1, 1)."""
    if factors is None:
        return _concatenate([x[:, start:end] for start, end in runs])
    return _concatenate([x[:, start:end] * factors[:, start:end] for start, end in runs])


def _pick(x: Tensor, runs: Runs, factors: Tensor | None) -> Tensor:
    """:func:`_take` for plain inference: each product is written where it stays."""
    if factors is None or len(runs) == 1:
        return _take(x, runs, factors)
    widths = [end - start for start, end in runs]
    whole = _empty_map(x, sum(widths))
    for (start, end), place in zip(runs, torch.split(whole, widths, 1), strict=True):
        torch.mul(x[:, start:end], factors[:, start:end], out=place)
    return whole


def _joined(parts: Iterable[Tensor], activation: nn.Module) -> Tensor:
    """activation(the parts one after another), (N, C, H, W)."""
    y: Tensor = activation(_concatenate(list(parts)))
    return y


def _empty_map(like: Tensor, channels: int) -> Tensor:
    n, _, h, w = like.shape
    return torch.empty((n, channels, h, w), dtype=like.dtype, memory_format=torch.channels_last)


def _columns(reads: Sequence[Channels]) -> Tensor | None:
    """Where each input channel stands among the groups' columns.

    None if all stand in their own place.
    """
    order = list(concatenated.from_iterable(reads))
    return None if order == sorted(order) else torch.tensor(order).argsort()


def _concatenate(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)
