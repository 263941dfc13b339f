"""The blocks as modules; what a block is stands in :mod:`seesawnas.arch.blocks`."""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.arch import Block, InvertedBottleneck, SeesawBlock
from seesawnas.nn.inference import Step, is_plain_inference
from seesawnas.nn.layers import ConvNorm, SqueezeExcite, chain
from seesawnas.nn.pointwise import GroupedPointwise, contiguous_reads, shuffled_reads


class Bottleneck(nn.Module):
    """Expand, depthwise, squeeze-and-excitation, project, shortcut. The middle channels stay in the order in which
    ``expand`` makes them, a shuffle or not.
    """

    def __init__(self, block: Block) -> None:
        super().__init__()
        middle, act = block.middle, block.activation
        self.expand = expand(block)
        self.depthwise = ConvNorm(middle, middle, block.kernel, stride=block.stride, groups=middle, activation=act)
        self.excite = SqueezeExcite(middle, block.squeezed) if block.se else None
        self.project = project(block)
        self.skip = skip(block)
        self.is_residual = block.is_residual

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, inputs, H, W) -> (N, middle, H, W) -> (N, middle, H', W') -> (N, outputs, H', W')
        y: Tensor = self.depthwise(self.expand(x))
        y = self.project(y if self.excite is None else self.excite(y))
        if self.is_residual:
            return y.add_(x)  # batch norm remembers its input, not its output
        return y if self.skip is None else y + self.skip(x)

    def folded(self, plain: bool) -> Step:
        """Eval mode."""
        main = chain([self.expand.folded(plain), self.depthwise.folded(plain), *self._folded_project(plain)])
        skip = None if self.skip is None else self.skip.folded(plain)
        add = torch.Tensor.add_ if plain else torch.add

        def run(x: Tensor) -> Tensor:
            if self.is_residual:
                return add(main(x), x)
            return main(x) if skip is None else add(main(x), skip(x))

        return run

    def _folded_project(self, plain: bool) -> list[Step]:
        if self.excite is None:
            return [self.project.folded(plain)]
        if isinstance(self.project, GroupedPointwise):
            return [self.project.folded(plain, self.excite.gate)]
        return [self.excite.folded(plain), self.project.folded(plain)]


class PooledConvNorm(ConvNorm):
    """2x2 max pool of stride 2 (a last odd row or column counts too), then a 1x1 :class:`ConvNorm`."""

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, inputs, H, W) -> (N, outputs, ceil(H / 2), ceil(W / 2))
        return super().forward(_halve(x)) if self.training else self.folded(is_plain_inference(x))(x)

    def folded(self, plain: bool) -> Step:
        """Eval mode: the pool runs as it is."""
        return chain([_halve, super().folded(plain)])


def expand(block: Block) -> ConvNorm | GroupedPointwise:
    """inputs -> middle."""
    match block:
        case InvertedBottleneck():
            return ConvNorm(block.inputs, block.middle, activation=block.activation)
        case SeesawBlock():
            return GroupedPointwise(block.inputs, block.middle, block.split, activation=block.activation)
        case _:
            assert_never(block)


def project(block: Block) -> ConvNorm | GroupedPointwise:
    """middle -> outputs, linear."""
    match block:
        case InvertedBottleneck():
            return ConvNorm(block.middle, block.outputs, activation=None)
        case SeesawBlock():
            split = block.project_split
            reads = (shuffled_reads if block.mixing == "shuffle" else contiguous_reads)(block.middle, split)
            return GroupedPointwise(block.middle, block.outputs, split, activation=None, reads=reads)
        case _:
            assert_never(block)


def skip(block: Block) -> ConvNorm | None:
    """The skip branch of a block of stride 2."""
    match block.skip:
        case "none":
            return None
        case "conv":
            return ConvNorm(block.inputs, block.outputs, stride=2, activation=block.activation)
        case "maxpool_conv":
            return PooledConvNorm(block.inputs, block.outputs, activation=block.activation)
        case _:
            assert_never(block.skip)


def _halve(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2, ceil_mode=True)
