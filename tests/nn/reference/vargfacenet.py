"""VarGFaceNet (Yan et al., ICCVW 2019, arXiv 1910.04985) as the paper tells it.

Slow, and independent of the package.

Every convolution that is not pointwise has groups of 8 input channels, so that the number of groups
varies with the width. Widths are 32, 64, 128 and 256 times 1.25.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

CHANNELS_A_GROUP = 8
EPS = 2e-5  # of every batch norm


class Separable(nn.Sequential):
    """3x3 variable group convolution to `factor` times the inputs, batch norm, PReLU.

    1x1 convolution, batch norm.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, factor: int) -> None:
        middle = factor * inputs
        super().__init__(
            nn.Conv2d(inputs, middle, 3, stride, 1, groups=inputs // CHANNELS_A_GROUP, bias=False),
            nn.BatchNorm2d(middle, EPS),
            nn.PReLU(middle),
            nn.Conv2d(middle, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs, EPS),
        )


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.slope = nn.PReLU(channels // reduction)
        self.excite = nn.Linear(channels // reduction, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.excite(self.slope(self.squeeze(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


class NormalUnit(nn.Module):
    """Two separable convolutions and a gate beside a shortcut, which is a separable convolution in
    the head block.
    """

    def __init__(self, channels: int, stride: int = 1, factor: int = 2) -> None:
        super().__init__()
        self.first = Separable(channels, channels, stride, factor)
        self.act = nn.PReLU(channels)
        self.second = Separable(channels, channels, 1, factor)
        self.gate = SqueezeExcite(channels)
        self.shortcut = (
            Separable(channels, channels, stride, factor) if stride == 2 else nn.Identity()
        )
        self.out = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out(self.gate(self.second(self.act(self.first(x)))) + self.shortcut(x))
        return y


class DownUnit(nn.Module):
    """Two branches of the same shape, summed; a third separable convolution as the shortcut.

    No gate.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.left = Separable(inputs, outputs, 2, 2)
        self.right = Separable(inputs, outputs, 2, 2)
        self.act = nn.PReLU(outputs)
        self.second = Separable(outputs, outputs, 1, 2)
        self.shortcut = Separable(inputs, outputs, 2, 2)
        self.out = nn.PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out(self.second(self.act(self.left(x) + self.right(x))) + self.shortcut(x))
        return y


class VarGFaceNet(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, 512)."""

    def __init__(self, embedding: int = 512) -> None:
        super().__init__()
        widths, units = [40, 80, 160, 320], [3, 7, 4]
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 3, 1, 1, bias=False),
            nn.BatchNorm2d(widths[0], EPS),
            nn.PReLU(widths[0]),
            NormalUnit(widths[0], stride=2, factor=1),
        )
        blocks: list[nn.Module] = []
        for inputs, outputs, count in zip(widths, widths[1:], units, strict=False):
            blocks += [DownUnit(inputs, outputs), *(NormalUnit(outputs) for _ in range(count - 1))]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(
            nn.Conv2d(widths[-1], 1024, 1, bias=False),
            nn.BatchNorm2d(1024, EPS),
            nn.PReLU(1024),
            nn.Conv2d(1024, 1024, 7, groups=1024 // CHANNELS_A_GROUP, bias=False),
            nn.BatchNorm2d(1024, EPS),
            nn.Conv2d(1024, 512, 1, bias=False),
            nn.BatchNorm2d(512, EPS),
            nn.PReLU(512),
            nn.Flatten(),
            nn.Linear(512, embedding),
            nn.BatchNorm1d(embedding, EPS),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.head(self.blocks(self.stem(x)))
        return y
