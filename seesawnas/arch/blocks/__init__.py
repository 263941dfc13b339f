"""The kinds of blocks, a file each, and what they have in common."""

from seesawnas.arch.blocks.base import AttributeInfo, Block, Inputs, Role, attribute, declared
from seesawnas.arch.blocks.bottleneck import (
    KERNELS,
    MIXINGS,
    SKIPS,
    InvertedBottleneck,
    Mixing,
    SeesawBlock,
    Skip,
)
from seesawnas.arch.blocks.head import Head
from seesawnas.arch.blocks.registry import Kind, attributes_of, find_kind, kind_of, kinds
from seesawnas.arch.blocks.stem import Stem

__all__ = [
    "KERNELS",
    "MIXINGS",
    "SKIPS",
    "AttributeInfo",
    "Block",
    "Head",
    "Inputs",
    "InvertedBottleneck",
    "Kind",
    "Mixing",
    "Role",
    "SeesawBlock",
    "Skip",
    "Stem",
    "attribute",
    "attributes_of",
    "declared",
    "find_kind",
    "kind_of",
    "kinds",
]
