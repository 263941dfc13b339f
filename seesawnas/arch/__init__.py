"""What a network is: frozen, hashable values on the standard library alone.

``ArchSpec`` = ``Input`` -> stem -> blocks -> head -> embedding. Each of these is a :class:`Block`,
whose body is a small graph of layers; two specs whose bodies are the same are equal and share a
``digest()``.
"""

from seesawnas.arch import rules
from seesawnas.arch.blocks import (
    KERNELS,
    MIXINGS,
    SKIPS,
    Block,
    Head,
    Inputs,
    InvertedBottleneck,
    Kind,
    Mixing,
    SeesawBlock,
    Skip,
    Stem,
    attribute,
    find_kind,
    kind_of,
    kinds,
)
from seesawnas.arch.blocks.parts import body_of, canonical_block
from seesawnas.arch.body import Body, Draft, Node
from seesawnas.arch.layers import ACTIVATIONS, Activation, Shape
from seesawnas.arch.spec import ArchSpec, Input, Stage, scaled_size

__all__ = [
    "ACTIVATIONS",
    "KERNELS",
    "MIXINGS",
    "SKIPS",
    "Activation",
    "ArchSpec",
    "Block",
    "Body",
    "Draft",
    "Head",
    "Input",
    "Inputs",
    "InvertedBottleneck",
    "Kind",
    "Mixing",
    "Node",
    "SeesawBlock",
    "Shape",
    "Skip",
    "Stage",
    "Stem",
    "attribute",
    "body_of",
    "canonical_block",
    "find_kind",
    "kind_of",
    "kinds",
    "rules",
    "scaled_size",
]
