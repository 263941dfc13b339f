"""MobileNetV1 (Howard et al., arXiv 1704.04861) as a face embedding, as the MobileFaceNet article
(arXiv 1804.07573, section 4.1) has it: the first convolution has stride 1, and the embedding is
the output of the global average pooling. Slow, and independent of the package.
"""

from __future__ import annotations

from torch import Tensor, nn

LAYERS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)


def separable(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


class MobileNetV1(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, 1024)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(3, 32, 3, 1, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
        ]
        inputs = 32
        for outputs, stride in LAYERS:
            layers += separable(inputs, outputs, stride)
            inputs = outputs
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.layers(x).mean((2, 3))
        return embedding
