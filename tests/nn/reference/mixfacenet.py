"""MixFaceNets (Boutros et al., arXiv 2107.13046).

MixNet-S with PReLU or swish, a fast first reduction and a global depthwise convolution. Slow, and
independent of the package.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Row(NamedTuple):
    """One unit: its width at scale 1, its expansion, the parts of its three mixed layers, and its
    SE's squeeze.
    """

    outputs: int
    expansion: int
    expand_parts: int
    kernels: int
    project_parts: int
    se: int
    stride: int = 1


ROWS = (
    Row(24, 6, 2, 1, 2, 0),
    Row(24, 3, 2, 1, 2, 0),
    Row(40, 6, 1, 3, 1, 2, stride=2),
    *(Row(40, 6, 2, 2, 2, 2),) * 3,
    Row(80, 6, 1, 3, 2, 4, stride=2),
    *(Row(80, 6, 1, 2, 2, 4),) * 2,
    Row(120, 6, 2, 3, 2, 2),
    *(Row(120, 3, 2, 4, 2, 2),) * 2,
    Row(200, 6, 1, 5, 1, 2, stride=2),
    *(Row(200, 6, 1, 4, 2, 2),) * 2,
)


def scaled(channels: int, scale: float) -> int:
    """The nearest multiple of 8, never more than a tenth below."""
    width = max(8, int(channels * scale + 4) // 8 * 8)
    return width + 8 if width < 0.9 * channels * scale else width


def divided(channels: int, parts: int) -> list[int]:
    """Equal parts; the first takes what is left over."""
    part = channels // parts
    return [channels - part * (parts - 1), *[part] * (parts - 1)]


class Mixed(nn.Module):
    """Consecutive parts of the channels, each with its own convolution (1x1, or depthwise of 3, 5,
    7...), concatenated.
    """

    def __init__(
        self, inputs: int, outputs: int, kernels: list[int], stride: int = 1, *, depthwise: bool
    ) -> None:
        super().__init__()
        self.sizes = divided(inputs, len(kernels))
        self.convs = nn.ModuleList(
            nn.Conv2d(
                size, made, kernel, stride, kernel // 2, groups=size if depthwise else 1, bias=False
            )
            for size, made, kernel in zip(
                self.sizes, divided(outputs, len(kernels)), kernels, strict=True
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.split(x, self.sizes, 1)
        return torch.cat([conv(part) for conv, part in zip(self.convs, parts, strict=True)], 1)


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, squeezed)
        self.excite = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        y = self.squeeze(x.mean((2, 3)))
        gate = torch.sigmoid(self.excite(y * torch.sigmoid(y)))
        return x * gate[:, :, None, None]


class Unit(nn.Module):
    """PReLU in the first stage, swish in the others."""

    def __init__(
        self, inputs: int, outputs: int, row: Row, *, prelu: bool, is_shuffled: bool
    ) -> None:
        super().__init__()
        middle = inputs * row.expansion

        def act() -> nn.Module:
            return nn.PReLU(middle) if prelu else nn.SiLU()

        layers: list[nn.Module] = []
        if row.expansion > 1:
            layers += [
                Mixed(inputs, middle, [1] * row.expand_parts, depthwise=False),
                nn.BatchNorm2d(middle),
                act(),
            ]
        kernels = [3 + 2 * index for index in range(row.kernels)]
        layers += [
            Mixed(middle, middle, kernels, row.stride, depthwise=True),
            nn.BatchNorm2d(middle),
            act(),
        ]
        if row.se:
            layers.append(SqueezeExcite(middle, inputs // row.se))
        layers += [
            Mixed(middle, outputs, [1] * row.project_parts, depthwise=False),
            nn.BatchNorm2d(outputs),
        ]
        self.layers = nn.Sequential(*layers)
        self.is_residual = row.stride == 1 and inputs == outputs
        self.is_shuffled = is_shuffled

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        y = x + y if self.is_residual else y
        return unshuffle(y) if self.is_shuffled else y


def unshuffle(x: Tensor) -> Tensor:
    """The even channels, then the odd ones."""
    return torch.cat([x[:, ::2], x[:, 1::2]], 1)


class MixFaceNet(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, 512). `shuffles`: a ShuffleMixFaceNet.

    The stem's unit shuffles either way, as in the authors' code.
    """

    def __init__(self, scale: float, width: int, *, shuffles: bool = False) -> None:
        super().__init__()
        inputs = scaled(16, scale)
        stem_row = Row(inputs, 1, 1, 1, 1, 0)
        layers: list[nn.Module] = [
            nn.Conv2d(3, inputs, 3, 2, 1, bias=False),
            nn.BatchNorm2d(inputs),
            nn.PReLU(inputs),
            Unit(inputs, inputs, stem_row, prelu=True, is_shuffled=True),
        ]
        for index, row in enumerate(ROWS):
            outputs = scaled(row.outputs, scale)
            layers.append(Unit(inputs, outputs, row, prelu=index < 2, is_shuffled=shuffles))
            inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.PReLU(width),
            nn.Conv2d(width, width, 7, groups=width, bias=False),
            nn.BatchNorm2d(width),
            nn.Flatten(),
            nn.Linear(width, 512, bias=False),
            nn.BatchNorm1d(512),
        )

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.head(self.layers(x))
        return embedding
