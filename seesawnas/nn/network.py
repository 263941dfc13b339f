"""``build(spec)``: the whole network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from seesawnas.arch import ArchSpec, Shape
from seesawnas.arch.blocks.parts import inputs_of
from seesawnas.nn.block import BlockLayers
from seesawnas.nn.cpu import Step, by_images, is_plain_inference


def build(spec: ArchSpec) -> FaceNetwork:
    """``spec`` as a network with fresh weights, drawn from torch's global generator.

    It maps normalised images (N, 3, H, W), H and W those of ``spec.input``, to (N,
    ``spec.embedding_size``). For smaller images build ``spec.at_resolution(...)``: the head's
    global convolution covers exactly the spec's last map.

    Convolutions and the embedding start normal with He's variance over the fan-in, batch norms at 1
    and 0, PReLU slopes at 0.25: every convolution has a batch norm after it, so plain SGD with a
    learning rate of 0.1 trains from there.
    """
    return FaceNetwork(spec).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


class FaceNetwork(nn.Module):
    """Stem, blocks, head. Takes any memory layout, and works in channels_last."""

    def __init__(self, spec: ArchSpec) -> None:
        super().__init__()
        self.spec = spec
        found = [Shape(3, spec.input.height, spec.input.width)]
        layers = []
        for (_, block), output in zip(spec.parts, spec.shapes(), strict=True):
            layers.append(BlockLayers(block, inputs_of(block, found)))
            found.append(output)
        self.stem, *blocks, self.head = layers
        self.blocks = nn.ModuleList(blocks)
        self.kept = max(block.reads for _, block in spec.parts)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, 3, H, W) -> (N, embedding)
        x = x.contiguous(memory_format=torch.channels_last)
        if not self.training:
            plain = is_plain_inference(x)
            run = self.folded(plain)
            return by_images(run, x) if plain else run(x)
        return self._run([self.stem, *self.blocks, self.head], x)

    def folded(self, plain: bool) -> Step:
        """Eval mode, with batch norms folded into the weights as they are now."""
        runs = [
            part.folded(plain)
            for part in (self.stem, *self.blocks, self.head)
            if isinstance(part, BlockLayers)
        ]
        return lambda x: self._run(runs, x)

    def _run(self, runs: Sequence[Callable[..., Tensor]], x: Tensor) -> Tensor:
        stem, *others = runs
        values = [stem(x)]
        for run, (_, block) in zip(others, self.spec.parts[1:], strict=True):
            values.append(
                run(*(values[max(0, len(values) - read)] for read in range(1, block.reads + 1)))
            )
            del values[: -self.kept]
        return values[-1].flatten(1)
