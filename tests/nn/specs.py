"""Small specs by name: together every block kind, activation, kernel and skip branch, on odd and
uneven inputs.
"""

from __future__ import annotations

from seesawnas.arch import (
    ACTIVATIONS,
    ArchSpec,
    Block,
    Head,
    Input,
    InvertedBottleneck,
    SeesawBlock,
    Stem,
)
from seesawnas.arch.blocks import Mixing

MIXINGS: tuple[Mixing, ...] = ("share", "shuffle", "plain")

BLOCKS: dict[str, Block] = {
    "inverted": InvertedBottleneck(inputs=8, middle=16, outputs=8),
    "inverted, se": InvertedBottleneck(
        inputs=8, middle=16, outputs=16, se=4, kernel=5, activation="prelu"
    ),
    "inverted, stride 2": InvertedBottleneck(
        inputs=8, middle=16, outputs=16, stride=2, skip="conv"
    ),
    "share": SeesawBlock(inputs=8, middle=16, outputs=8, se=4, split=(1, 3), mixing="share"),
    "shuffle": SeesawBlock(inputs=8, middle=16, outputs=8, se=4, split=(1, 3), mixing="shuffle"),
    "plain": SeesawBlock(inputs=8, middle=16, outputs=8, split=(1, 3), mixing="plain"),
    "shuffle, 3 groups": SeesawBlock(
        inputs=8, middle=24, outputs=16, se=2, split=(1, 2, 1), mixing="shuffle"
    ),
    "share, no residual": SeesawBlock(
        inputs=8, middle=16, outputs=16, kernel=7, split=(3, 1), mixing="share"
    ),
    "skip none": SeesawBlock(
        inputs=8, middle=16, outputs=8, stride=2, split=(1, 3), mixing="shuffle"
    ),
    "skip conv": SeesawBlock(
        inputs=8, middle=16, outputs=8, stride=2, split=(1, 3), mixing="share", skip="conv"
    ),
    "skip maxpool_conv": SeesawBlock(
        inputs=8,
        middle=16,
        outputs=8,
        stride=2,
        se=4,
        split=(1, 3),
        mixing="shuffle",
        skip="maxpool_conv",
    ),
    **{
        f"activation {name}": SeesawBlock(
            inputs=8, middle=16, outputs=8, split=(1, 3), mixing="shuffle", activation=name
        )
        for name in ACTIVATIONS
    },
}


def around(block: Block, size: tuple[int, int] = (22, 19)) -> ArchSpec:
    """A network of this one block; the map that the block sees is 11 x 10."""
    act = block.activation
    return ArchSpec((block,), Input(*size), Stem(block.inputs, act), Head(12, act, 8))


SEESAW = ArchSpec(
    tuple(
        SeesawBlock(
            inputs=8,
            middle=16,
            outputs=8,
            stride=stride,
            se=4,
            split=(1, 3),
            mixing=mixing,
            skip="maxpool_conv",
        )
        for mixing in MIXINGS
        for stride in (2, 1)
    ),
    Input(40, 32),
    Stem(8),
    Head(16, "swish", 12),
)
