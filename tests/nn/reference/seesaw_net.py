"""Seesaw-Net (Zhang, arXiv 1905.03672) for ImageNet.

Inverted residual blocks with uneven pointwise groups. Slow, and independent of the package.

No activation stands between the first pointwise layer and the depthwise one: a batch norm over all
the channels alone, then the permutation. Blocks narrower than 160 channels split 1:3, the others
1:1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

STAGES = (
    (1, 16, 1, 1),
    (6, 24, 4, 2),
    (6, 32, 6, 2),
    (6, 64, 8, 2),
    (6, 96, 6, 1),
    (6, 160, 6, 2),
    (6, 320, 1, 1),
)


class Pointwise(nn.Module):
    """1x1 convolutions of consecutive channels, in the ratio 1:3 or 1:1, concatenated."""

    def __init__(self, inputs: int, outputs: int, split: tuple[int, int]) -> None:
        super().__init__()
        self.sizes = [inputs * part // sum(split) for part in split]
        made = [outputs * part // sum(split) for part in split]
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 1, bias=False) for a, b in zip(self.sizes, made, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.split(x, self.sizes, 1)
        return torch.cat([conv(part) for conv, part in zip(self.convs, parts, strict=True)], 1)


def permute(x: Tensor) -> Tensor:
    """Output channel 2i is input channel i, 2i + 1 is C/2 + i."""
    n, c, h, w = x.shape
    return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        middle = inputs * expansion
        split = (1, 3) if inputs < 160 else (1, 1)
        self.expand = Pointwise(inputs, middle, split)
        self.norm = nn.BatchNorm2d(middle)
        self.depthwise = nn.Sequential(
            nn.Conv2d(middle, middle, 3, stride, 1, groups=middle, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU6(),
        )
        self.project = Pointwise(middle, outputs, split)
        self.last_norm = nn.BatchNorm2d(outputs)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.depthwise(permute(self.norm(self.expand(x))))
        y = self.last_norm(self.project(y))
        return x + y if self.is_residual else y


class SeesawNet(nn.Module):
    """Images (N, 3, 224, 224) -> logits (N, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()
        )
        blocks: list[nn.Module] = []
        inputs = 32
        for expansion, outputs, count, stride in STAGES:
            for index in range(count):
                blocks.append(Block(inputs, outputs, expansion, stride if index == 0 else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.tail = nn.Sequential(
            nn.Conv2d(inputs, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6()
        )
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.tail(self.blocks(self.stem(x))).mean((2, 3)))
        return logits
