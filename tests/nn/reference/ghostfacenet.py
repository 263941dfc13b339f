"""GhostFaceNets (Alansari et al., IEEE Access 2023), version 1 and 2.

GhostNet and GhostNetV2 with PReLU and a global depthwise convolution. Slow, and independent of the
package.

Every PReLU has a slope a channel, the SE's too. Padding is kernel // 2, as in GhostNet's own code.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Row(NamedTuple):
    kernel: int
    middle: int
    outputs: int
    se: bool
    stride: int


ROWS = (
    Row(3, 16, 16, False, 1),
    Row(3, 48, 24, False, 2),
    Row(3, 72, 24, False, 1),
    Row(5, 72, 40, True, 2),
    Row(5, 120, 40, True, 1),
    Row(3, 240, 80, False, 2),
    Row(3, 200, 80, False, 1),
    Row(3, 184, 80, False, 1),
    Row(3, 184, 80, False, 1),
    Row(3, 480, 112, True, 1),
    Row(3, 672, 112, True, 1),
    Row(5, 672, 160, True, 2),
    Row(5, 960, 160, False, 1),
    Row(5, 960, 160, True, 1),
    Row(5, 960, 160, False, 1),
)
LAST = {1: Row(5, 512, 160, True, 1), 2: Row(5, 960, 160, True, 1)}
PLAIN_BLOCKS = 2  # of version 2: the first blocks have no attention


def scaled(channels: float, scale: float) -> int:
    """The nearest multiple of 4, never more than a tenth below."""
    width = max(4, int(channels * scale + 2) // 4 * 4)
    return width + 4 if width < 0.9 * channels * scale else width


def conv_norm(
    inputs: int, outputs: int, kernel: int | tuple[int, int], stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    conv = nn.Conv2d(
        inputs,
        outputs,
        (height, width),
        stride,
        (height // 2, width // 2),
        groups=groups,
        bias=False,
    )
    return [conv, nn.BatchNorm2d(outputs)]


class GhostModule(nn.Module):
    """Half the outputs by a 1x1 convolution, the other half from them by a 3x3 depthwise one."""

    def __init__(self, inputs: int, outputs: int, *, activates: bool) -> None:
        super().__init__()
        half = outputs // 2

        def act() -> list[nn.Module]:
            return [nn.PReLU(half)] if activates else []

        self.primary = nn.Sequential(*conv_norm(inputs, half, 1), *act())
        self.cheap = nn.Sequential(*conv_norm(half, half, 3, groups=half), *act())

    def forward(self, x: Tensor) -> Tensor:
        y = self.primary(x)
        return torch.cat([y, self.cheap(y)], 1)


class Attention(nn.Module):
    """Version 2's gate of a ghost module.

    At half the resolution, along the rows, along the columns, and back up.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AvgPool2d(2),
            *conv_norm(inputs, outputs, 1),
            *conv_norm(outputs, outputs, (1, 5), groups=outputs),
            *conv_norm(outputs, outputs, (5, 1), groups=outputs),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(self.layers(x), x.shape[2:], mode="bilinear")


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = scaled(channels, 0.25)
        self.layers = nn.Sequential(
            nn.Linear(channels, squeezed),
            nn.PReLU(squeezed),
            nn.Linear(squeezed, channels),
            nn.Hardsigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        gate: Tensor = self.layers(x.mean((2, 3)))
        return x * gate[:, :, None, None]


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, outputs: int, middle: int, row: Row, *, attends: bool) -> None:
        super().__init__()
        self.expand = GhostModule(inputs, middle, activates=True)
        self.attention = Attention(inputs, middle) if attends else None
        layers: list[nn.Module] = []
        if row.stride == 2:
            layers += conv_norm(middle, middle, row.kernel, 2, middle)
        if row.se:
            layers.append(SqueezeExcite(middle))
        self.layers = nn.Sequential(*layers, GhostModule(middle, outputs, activates=False))
        self.skip: nn.Module = nn.Identity()
        if row.stride == 2 or inputs != outputs:
            self.skip = nn.Sequential(
                *conv_norm(inputs, inputs, row.kernel, row.stride, inputs),
                *conv_norm(inputs, outputs, 1),
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.expand(x)
        if self.attention is not None:
            y = y * self.attention(x)
        total: Tensor = self.skip(x) + self.layers(y)
        return total


class GhostFaceNet(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, 512).

    The stem's stride is the last number of the published names.
    """

    def __init__(self, version: int, scale: float, stride: int) -> None:
        super().__init__()
        inputs = scaled(16, scale)
        layers: list[nn.Module] = [*conv_norm(3, inputs, 3, stride), nn.PReLU(inputs)]
        rows = (*ROWS, LAST[version])
        for index, row in enumerate(rows):
            outputs, middle = scaled(row.outputs, scale), scaled(row.middle, scale)
            attends = version == 2 and index >= PLAIN_BLOCKS
            layers.append(Bottleneck(inputs, outputs, middle, row, attends=attends))
            inputs = outputs
        width = scaled(rows[-1].middle, scale)
        side = 7 if stride == 1 else 4
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(
            *conv_norm(inputs, width, 1),
            nn.PReLU(width),
            nn.Conv2d(width, width, side, groups=width, bias=False),
            nn.BatchNorm2d(width),
            nn.Flatten(),
            nn.Linear(width, 512, bias=False),
            nn.BatchNorm1d(512),
        )

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.head(self.layers(x))
        return embedding
