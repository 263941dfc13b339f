"""ShuffleFaceNet (Martindez-Diaz et al., ICCVW 2019).

ShuffleNetV2 units with PReLU, no max-pooling after the stem and a global depthwise convolution in
place of the average pooling. Slow, and independent of the package.

Every PReLU has one slope for all its channels, and one stands after the global depthwise
convolution too.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTHS = {
    "0_5x": (48, 96, 192),
    "1x": (116, 232, 464),
    "1_5x": (176, 352, 704),
    "2x": (244, 488, 976),
}


def conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(outputs)]


def shuffle(x: Tensor) -> Tensor:
    """Output channel 2i is input channel i, 2i + 1 is C/2 + i."""
    n, c, h, w = x.shape
    return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Unit(nn.Module):
    """Stride 1: half the channels pass, half are worked on.

    Stride 2: both branches read all the channels.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        half = outputs // 2
        self.passes: nn.Module = nn.Identity()
        if stride == 2:
            self.passes = nn.Sequential(
                *conv_norm(inputs, inputs, 3, stride, inputs),
                *conv_norm(inputs, half, 1),
                nn.PReLU(),
            )
        self.works = nn.Sequential(
            *conv_norm(inputs if stride == 2 else half, half, 1),
            nn.PReLU(),
            *conv_norm(half, half, 3, stride, half),
            *conv_norm(half, half, 1),
            nn.PReLU(),
        )
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        left, right = (x, x) if self.stride == 2 else x.chunk(2, 1)
        return shuffle(torch.cat([self.passes(left), self.works(right)], 1))


class ShuffleFaceNet(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, 128)."""

    def __init__(self, widths: tuple[int, int, int], embedding: int = 128) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv_norm(3, 24, 3, 2), nn.PReLU())
        units: list[nn.Module] = []
        inputs = 24
        for outputs, count in zip(widths, (4, 8, 4), strict=True):
            units += [
                Unit(inputs, outputs, 2),
                *(Unit(outputs, outputs, 1) for _ in range(count - 1)),
            ]
            inputs = outputs
        self.units = nn.Sequential(*units)
        self.head = nn.Sequential(
            *conv_norm(inputs, 1024, 1),
            nn.PReLU(),
            nn.Conv2d(1024, 1024, 7, groups=1024, bias=False),
            nn.BatchNorm2d(1024),
            nn.PReLU(),
            nn.Flatten(),
            nn.Linear(1024, embedding),
            nn.BatchNorm1d(embedding),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.head(self.units(self.stem(x)))
        return y
