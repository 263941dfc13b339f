"""The same block elsewhere: of another kind, at other widths, with other options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import lcm

from seesawnas.arch.blocks.base import Block, Inputs
from seesawnas.arch.blocks.registry import Kind, find_kind, kind_of
from seesawnas.arch.layers import Add, Concat, Conv, Shuffle, Slice
from seesawnas.arch.parts import body_of
from seesawnas.arch.rules import Option
from seesawnas.errors import SpecError


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises SpecError."""
    found = find_kind(name)
    if found is None:
        raise SpecError(f"kind must be one that is known, got {name}")
    return found


def options_of(block: Block) -> dict[str, Option]:
    """The block's attributes as options: what ``of`` takes."""
    rules = kind_named(kind_of(block)).attributes
    return {name: rules[name].rule(value) for name, value in block.row().items()}


def remade(
    block: Block, inputs: Inputs, width: int, changes: Mapping[str, Option] | None = None, kind: str | None = None
) -> Block:
    """``block`` on other ``inputs``, with another ``width`` and with ``changes`` of its options, perhaps of another ``kind``.

    Options that the kind does not have are left out, those that it alone has take their defaults. A change takes the place of
    what says the same in another way: expansion and middle. Raises SpecError if there is no such block.
    """
    target = kind_named(kind or kind_of(block))
    changes = changes or {}
    replaced = {target.attributes[name].instead_of for name in changes if name in target.attributes}
    kept = {name: option for name, option in options_of(block).items() if name not in replaced}
    known = {name: option for name, option in {**kept, **changes}.items() if name in target.attributes}
    stride = known.pop("stride", block.stride)  # a stem's, if its kind leaves it open
    return target.make(inputs, width, stride, **known)


@lru_cache(maxsize=1 << 14)
def ties_widths(block: Block) -> bool:
    """Whether the block gives as many channels as it takes because what it takes goes on beside its layers to a join."""
    if block.stride != 1 or block.inputs != block.outputs:
        return False
    body = body_of(block)
    passed = {-1} | {i for i, node in enumerate(body) if isinstance(node.layer, Slice) and node.reads == (-1,)}
    return any(isinstance(node.layer, Add | Concat) and not passed.isdisjoint(node.reads) for node in body)


@lru_cache(maxsize=1 << 14)
def width_step(block: Block) -> int:
    """What the widths of the block are multiples of: of the sums of its groups. A depthwise convolution asks for nothing."""
    step = 1
    for node in body_of(block):
        layer = node.layer
        if isinstance(layer, Conv) and layer.groups != layer.outputs:
            step = lcm(step, layer.groups if isinstance(layer.groups, int) else sum(layer.groups))
    return step


@lru_cache(maxsize=1 << 14)
def shuffled_groups(block: Block) -> int:
    """What the width of a shuffled map is a multiple of."""
    return lcm(1, *(node.layer.groups for node in body_of(block) if isinstance(node.layer, Shuffle)))
