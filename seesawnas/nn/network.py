"""``build(spec)``: the whole network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seesawnas.arch import ArchSpec, Head, Stem
from seesawnas.nn.blocks import Bottleneck
from seesawnas.nn.inference import Step, by_images, is_plain_inference
from seesawnas.nn.layers import ConvNorm, Embedding, chain


def build(spec: ArchSpec) -> FaceNetwork:
    """``spec`` as a network with fresh weights, drawn from torch's global generator.

    It maps normalised images (N, 3, H, W), H and W those of ``spec.input``, to (N, ``spec.embedding_size``). For
    smaller images build ``spec.at_resolution(...)``: the head's global convolution covers exactly the spec's last map.

    Convolutions and the embedding start normal with He's variance over the fan-in, batch norms at 1 and 0, PReLU slopes
    at 0.25: every convolution has a batch norm after it, so plain SGD with a learning rate of 0.1 trains from there.
    """
    return FaceNetwork(spec).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


class FaceNetwork(nn.Module):
    """Stem, blocks, head. Takes any memory layout, and works in channels_last."""

    def __init__(self, spec: ArchSpec) -> None:
        super().__init__()
        self.spec = spec
        self.stem = StemLayers(spec.stem)
        self.blocks = nn.ModuleList(Bottleneck(block) for block in spec.blocks)
        self.head = HeadLayers(spec.head, spec.blocks[-1].outputs, spec.feature_size)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, 3, H, W) -> (N, embedding)
        x = x.contiguous(memory_format=torch.channels_last)
        if not self.training:
            plain = is_plain_inference(x)
            run = self.folded(plain)
            return by_images(run, x) if plain else run(x)
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        y: Tensor = self.head(x)
        return y

    def folded(self, plain: bool) -> Step:
        """Eval mode, with batch norms folded into the weights as they are now."""
        blocks = [block.folded(plain) for block in self.blocks if isinstance(block, Bottleneck)]
        return chain([self.stem.folded(plain), *blocks, self.head.folded(plain)])


class StemLayers(nn.Module):
    """3x3 conv of stride 2, 3x3 depthwise."""

    def __init__(self, stem: Stem) -> None:
        super().__init__()
        width = stem.width
        self.conv = ConvNorm(3, width, 3, stride=2, activation=stem.activation)
        self.depthwise = ConvNorm(width, width, 3, groups=width, activation=stem.activation)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, 3, H, W) -> (N, width, ceil(H / 2), ceil(W / 2))
        y: Tensor = self.depthwise(self.conv(x))
        return y

    def folded(self, plain: bool) -> Step:
        """Eval mode."""
        return chain([self.conv.folded(plain), self.depthwise.folded(plain)])


class HeadLayers(nn.Module):
    """1x1 conv, linear global depthwise conv over a map of ``size``, embedding."""

    def __init__(self, head: Head, inputs: int, size: tuple[int, int]) -> None:
        super().__init__()
        width = head.width
        self.conv = ConvNorm(inputs, width, activation=head.activation)
        self.pool = ConvNorm(width, width, size, groups=width, pad=False, activation=None)
        self.embedding = Embedding(width, head.embedding) if head.embedding else None

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, inputs, H, W) -> (N, width, 1, 1) -> (N, embedding)
        y: Tensor = self.pool(self.conv(x)).flatten(1)
        return y if self.embedding is None else self.embedding(y)

    def folded(self, plain: bool) -> Step:
        """Eval mode."""
        embedding = [] if self.embedding is None else [self.embedding.folded(plain)]
        return chain([self.conv.folded(plain), self.pool.folded(plain), nn.Flatten(1), *embedding])
