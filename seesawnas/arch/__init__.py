"""What a network is: frozen, hashable values on the standard library alone.

``ArchSpec`` = ``Input`` -> ``Stem`` -> blocks -> ``Head`` -> embedding. A spec is always in canonical form, so two specs
that build the same network are equal and share a ``digest()``.
"""

from seesawnas.arch.blocks import (
    ACTIVATIONS,
    KERNELS,
    MIXINGS,
    SKIPS,
    Activation,
    Block,
    InvertedBottleneck,
    Mixing,
    SeesawBlock,
    Skip,
    canonical_block,
)
from seesawnas.arch.spec import ArchSpec, Head, Input, Stage, Stem, scaled_size

__all__ = [
    "ACTIVATIONS",
    "KERNELS",
    "MIXINGS",
    "SKIPS",
    "Activation",
    "ArchSpec",
    "Block",
    "Head",
    "Input",
    "InvertedBottleneck",
    "Mixing",
    "SeesawBlock",
    "Skip",
    "Stage",
    "Stem",
    "canonical_block",
    "scaled_size",
]
