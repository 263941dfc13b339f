"""ArcFace's ResNet-100 (Deng et al., arXiv 1801.07698; LResNet100E-IR, InsightFace's iresnet100):
improved residual blocks and the BN-dropout-FC-BN head. Slow, and independent of the package.
"""

from __future__ import annotations

from torch import Tensor, nn

STAGES = ((64, 3), (128, 13), (256, 30), (512, 3))


class Block(nn.Module):
    """The second convolution has the stride; no activation after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.skip: nn.Module = nn.Identity()
        if stride == 2:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.layers(x) + self.skip(x)
        return total


class ArcFaceR100(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, 512)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(3, 64, 3, 1, 1, bias=False),
            nn.BatchNorm2d(64),
            nn.PReLU(64),
        ]
        inputs = 64
        for outputs, count in STAGES:
            for index in range(count):
                layers.append(Block(inputs, outputs, 2 if index == 0 else 1))
                inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.BatchNorm2d(512),
            nn.Dropout(0.4),
            nn.Flatten(),
            nn.Linear(512 * 7 * 7, 512),
            nn.BatchNorm1d(512),
        )

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.head(self.layers(x))
        return embedding
