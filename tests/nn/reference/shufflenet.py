"""ShuffleNet 1x, g = 3 (Zhang et al., arXiv 1707.01083) as a face embedding, as the MobileFaceNet
article (arXiv 1804.07573, section 4.1) has it: the first convolution has stride 1, and the
embedding is the output of the global average pooling. Slow, and independent of the package.

ShuffleNet's own article makes every unit's bottleneck a fourth of its outputs. `narrow` makes it a
fourth of the channels
that the unit itself computes, fewer at stride 2, as the public Caffe model does: 54, 60 and 120 in
place of 60, 120 and
240. The size that the MobileFaceNet article prints is the narrow one's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GROUPS = 3
STAGES = ((240, 4), (480, 8), (960, 4))


def conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(outputs)]


def shuffle(x: Tensor) -> Tensor:
    """Output channel 3i + g is input channel g * C/3 + i."""
    n, c, h, w = x.shape
    return x.view(n, GROUPS, c // GROUPS, h, w).transpose(1, 2).reshape(n, c, h, w)


class Unit(nn.Module):
    """Stride 1: added to its input.

    Stride 2: concatenated to the pooled input, which makes up part of the outputs.

    The first pointwise layer of the network's first unit has no groups, its 24 input channels being
    so few.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, *, is_first: bool, narrow: bool
    ) -> None:
        super().__init__()
        made = outputs - inputs if stride == 2 else outputs
        middle = (made if narrow else outputs) // 4
        self.compress = nn.Sequential(
            *conv_norm(inputs, middle, 1, groups=1 if is_first else GROUPS), nn.ReLU()
        )
        self.depthwise = nn.Sequential(*conv_norm(middle, middle, 3, stride, middle))
        self.expand = nn.Sequential(*conv_norm(middle, made, 1, groups=GROUPS))
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.expand(self.depthwise(shuffle(self.compress(x))))
        if self.stride == 2:
            return F.relu(torch.cat([F.avg_pool2d(x, 3, 2, 1), y], 1))
        return F.relu(x + y)


class ShuffleNet(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, 960)."""

    def __init__(self, *, narrow: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [*conv_norm(3, 24, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        inputs = 24
        for outputs, count in STAGES:
            for index in range(count):
                stride = 2 if index == 0 else 1
                layers.append(Unit(inputs, outputs, stride, is_first=inputs == 24, narrow=narrow))
                inputs = outputs
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.layers(x).mean((2, 3))
        return embedding
