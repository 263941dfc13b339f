"""MobileNetV2 (Sandler et al., arXiv 1801.04381) as a face embedding, as the MobileFaceNet article
(arXiv 1804.07573, sections 3 and 4.1) has it: the first convolution has stride 1, and the
embedding is the output of the global average pooling, or of a linear global depthwise
convolution in its place. Slow, and independent of the package.
"""

from __future__ import annotations

from torch import Tensor, nn

STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(outputs)]


class Bottleneck(nn.Module):
    """No first pointwise layer where the expansion is 1."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        middle = inputs * expansion
        expand = [*conv_norm(inputs, middle, 1), nn.ReLU6()] if expansion > 1 else []
        self.layers = nn.Sequential(
            *expand,
            *conv_norm(middle, middle, 3, stride, middle),
            nn.ReLU6(),
            *conv_norm(middle, outputs, 1),
        )
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.is_residual else y


class MobileNetV2(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, 1280)."""

    def __init__(self, *, gdconv: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [*conv_norm(3, 32, 3), nn.ReLU6()]
        inputs = 32
        for expansion, outputs, count, stride in STAGES:
            for index in range(count):
                layers.append(Bottleneck(inputs, outputs, expansion, stride if index == 0 else 1))
                inputs = outputs
        layers += [*conv_norm(inputs, 1280, 1), nn.ReLU6()]
        if gdconv:
            layers += [nn.Conv2d(1280, 1280, 7, groups=1280, bias=False), nn.BatchNorm2d(1280)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.layers(x).mean((2, 3))
        return embedding
