"""Pointwise convolutions over uneven groups of channels, each group with a convolution of its own.

Training may run all groups as one dense convolution whose weight is zero between groups: it multiplies zeros, but
neither cuts the map apart nor puts it together again, forward and backward. Eval mode runs the groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain as concatenated
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.arch import Activation
from seesawnas.arch.layers import split_channels
from seesawnas.nn.activations import overwriting
from seesawnas.nn.inference import Geometry, Step, convolution, is_plain_inference
from seesawnas.nn.layers import conv_weight
from seesawnas.nn.norm import NormAct

Channels: TypeAlias = tuple[int, ...]
Runs: TypeAlias = tuple[tuple[int, int], ...]  # (start, end) of each

_WASTE_LIMIT = 2**15  # multiplications by zero a pixel; measured where both forms take as long


class GroupedPointwise(nn.Module):
    """One 1x1 convolution without bias a group, concatenate, batch norm, activation (None: linear).

    ``reads`` names the input channels of each group, each channel once; without it the groups read runs of channels in
    the ratio ``split``. Group g's weight is (outputs of g, reads of g, 1, 1), its columns in the order of ``reads``.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        split: tuple[int, ...],
        *,
        activation: Activation | None,
        reads: Sequence[Channels] | None = None,
    ) -> None:
        super().__init__()
        self.made = split_channels(outputs, split)
        reads = contiguous_reads(inputs, split) if reads is None else tuple(reads)
        self.runs = tuple(_runs(channels) for channels in reads)
        self.weights = nn.ParameterList(
            conv_weight(made, len(channels)) for made, channels in zip(self.made, reads, strict=True)
        )
        self.norm = NormAct(outputs, activation)
        self.is_dense = inputs * outputs - sum(weight.numel() for weight in self.weights) <= _WASTE_LIMIT
        self.register_buffer("columns", _columns(reads), persistent=False)
        self.columns: Tensor | None

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, inputs, H, W) -> (N, outputs, H, W)
        if not self.training:
            return self.folded(is_plain_inference(x))(x)
        y = F.conv2d(x, self._dense_weight()) if self.is_dense else self._grouped(x)
        return self.norm(y)  # type: ignore[no-any-return]

    def folded(self, plain: bool, gate: Step | None = None) -> Step:
        """Eval mode: the groups, batch norm in each one's weight and bias.

        ``gate`` gives factors (N, inputs, 1, 1) for the input, applied while the groups' channels are picked out of it.
        """
        pick, join = (_pick, self._join) if plain else (_take, _joined)
        groups = list(zip(self.runs, self._folded_groups(plain), strict=True))

        def run(x: Tensor) -> Tensor:
            factors = None if gate is None else gate(x)
            return join((group(pick(x, runs, factors)) for runs, group in groups), self.norm.activation)

        return run

    def _folded_groups(self, plain: bool) -> list[Step]:
        scale, shift = self.norm.scale_and_shift()
        sizes = list(self.made)
        groups = zip(self.weights, torch.split(scale.view(-1, 1, 1, 1), sizes), torch.split(shift, sizes), strict=True)
        return [convolution(weight * factor, bias, Geometry(), plain) for weight, factor, bias in groups]

    def _join(self, parts: Iterable[Tensor], activation: nn.Module) -> Tensor:
        """:func:`_joined` for plain inference: swish writes each part, just made, to where it stays."""
        if not isinstance(activation, nn.SiLU) or len(self.made) == 1:
            return overwriting(activation)(_concatenate(list(parts)))
        parts = iter(parts)
        first = next(parts)
        whole = _empty_map(first, sum(self.made))
        for part, place in zip(concatenated([first], parts), torch.split(whole, list(self.made), 1), strict=True):
            torch.ops.aten.silu.out(part, out=place)
        return whole

    def _grouped(self, x: Tensor) -> Tensor:
        groups = zip(self.runs, self.weights, strict=True)
        return _concatenate([F.conv2d(_take(x, runs), weight) for runs, weight in groups])

    def _dense_weight(self) -> Tensor:
        """(outputs, inputs, 1, 1), zero between groups."""
        weight: Tensor = torch.block_diag(*(weight.flatten(1) for weight in self.weights))  # type: ignore[no-untyped-call]
        if self.columns is not None:
            weight = weight[:, self.columns]
        return weight[:, :, None, None]


def contiguous_reads(channels: int, split: tuple[int, ...]) -> tuple[Channels, ...]:
    """``channels`` cut into runs in the ratio ``split``."""
    return _cut(range(channels), split_channels(channels, split))


def shuffled_reads(channels: int, split: tuple[int, ...]) -> tuple[Channels, ...]:
    """What groups in the ratio ``split`` read after the channel shuffle, as channels before it, each group in order.

    The shuffle views the channels as (groups, channels // groups), transposes and flattens. The depthwise convolution,
    batch norm, activation and squeeze-and-excitation between it and the groups treat all channels alike, so the shuffle
    is a matter of which group reads which channel, and nothing is moved.
    """
    step = channels // len(split)
    shuffled = [first + step * group for first in range(step) for group in range(len(split))]
    return tuple(tuple(sorted(group)) for group in _cut(shuffled, split_channels(channels, split)))


def _cut(channels: Sequence[int], sizes: Sequence[int]) -> tuple[Channels, ...]:
    ends = [sum(sizes[: index + 1]) for index in range(len(sizes))]
    return tuple(tuple(channels[end - size : end]) for end, size in zip(ends, sizes, strict=True))


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


def _runs(channels: Channels) -> Runs:
    """Sorted channels as (start, end) runs."""
    members = set(channels)
    starts = [channel for channel in channels if channel - 1 not in members]
    ends = [channel + 1 for channel in channels if channel + 1 not in members]
    return tuple(zip(starts, ends, strict=True))


def _columns(reads: Sequence[Channels]) -> Tensor | None:
    """Where each input channel stands among the groups' columns; None where it stands in its own place."""
    order = list(concatenated.from_iterable(reads))
    return None if order == sorted(order) else torch.tensor(order).argsort()


def _concatenate(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)
