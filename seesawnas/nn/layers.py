"""Layers with weights as modules.

:mod:`seesawnas.nn.steps` says where they stand, and how they run together.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.arch.graph import has_convs_of_its_own
from seesawnas.arch.layers import Conv, Linear, Shape
from seesawnas.arch.order import cut
from seesawnas.nn.cpu import Geometry, conv_weight
from seesawnas.nn.grouped import GroupedConv


class Convolution(nn.Module):
    """Convolution over equal groups."""

    def __init__(self, layer: Conv, x: Shape) -> None:
        super().__init__()
        assert isinstance(layer.groups, int)
        self.weight = conv_weight(layer.outputs, x.channels // layer.groups, *layer.window(x))
        self.bias = nn.Parameter(torch.zeros(layer.outputs)) if layer.bias else None
        self.geometry = Geometry(layer.stride, layer.pads, layer.groups)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, inputs, H, W) -> (N, outputs, H', W')
        geometry = self.geometry
        return F.conv2d(
            x, self.weight, self.bias, geometry.stride, geometry.padding, groups=geometry.groups
        )


class FullyConnected(nn.Linear):
    """Linear layer on a flattened map.

    Without a bias, as before an embedding's batch norm, it starts with He's variance.
    """

    def __init__(self, layer: Linear, x: Shape) -> None:
        super().__init__(x.elements, layer.outputs, bias=layer.bias)
        if not layer.bias:
            nn.init.kaiming_normal_(self.weight, nonlinearity="linear")

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, C, H, W) or (N, C) -> (N, outputs)
        return super().forward(x.flatten(1))


def make_conv(
    layer: Conv, x: Shape, order: Sequence[int] | None = None
) -> Convolution | GroupedConv:
    """The module of ``layer``.

    ``order`` says which channel of ``x`` is read as the first, the second ..., group by group.
    """
    if not has_convs_of_its_own(layer, x):
        return Convolution(layer, x)
    reads = cut(range(x.channels) if order is None else order, layer.parts(x.channels))
    return GroupedConv(layer, x, [sorted(group) for group in reads])
