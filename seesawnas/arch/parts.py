"""A block at its place in a network: what it reads, what it gives. Results are kept, for blocks recur."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from seesawnas.arch.blocks.base import Block, Inputs
from seesawnas.arch.body import Body, body_digest, check_body, output_shape, reads_of
from seesawnas.arch.layers import Shape
from seesawnas.errors import SpecError

T = TypeVar("T")


@lru_cache(maxsize=1 << 16)
def body_of(block: Block) -> Body:
    """The block's body, checked. Raises SpecError, the kind in front, if it is none, or reads more than the kind says."""
    body = block.body()
    try:
        check_body(body)
    except SpecError as error:
        raise SpecError(f"{block.kind}: {error}") from None
    if reads_of(body) > block.reads:
        raise SpecError(f"{block.kind}: must read {block.reads} outputs before it, got {reads_of(body)}")
    return body


@lru_cache(maxsize=1 << 17)
def block_digest(block: Block) -> str:
    """Equal for blocks of equal bodies; empty for a block that gives its input on."""
    return body_digest(body_of(block)) if body_of(block) else ""


@lru_cache(maxsize=1 << 17)
def block_reads(block: Block) -> int:
    """How many outputs before it the block's body reads: no more than its kind says."""
    return reads_of(body_of(block))


@lru_cache(maxsize=1 << 17)
def block_output(block: Block, inputs: Inputs) -> Shape:
    """The shape after the block. Raises SpecError if a layer does not fit."""
    return output_shape(body_of(block), inputs)


@lru_cache(maxsize=1 << 16)
def canonical_block(block: Block) -> Block:
    """The simplest block of the same body, as the block's kind knows it."""
    return block.canonical()


def inputs_of(block: Block, found: Sequence[Shape]) -> Inputs:
    """What ``block`` reads of the shapes ``found`` so far: the image's, the stem's, and those of the blocks after it."""
    return (found[-1],) if block.reads == 1 else tuple(read_before(block, found))


def read_before(block: Block, found: Sequence[T]) -> list[T]:
    """Of one value a part (the image's first, then the stem's ...), those of the parts that ``block`` reads, the last first.

    Nothing reads the image but the stem: the first block of several reads finds the stem in place of what is before it.
    """
    first = min(1, len(found) - 1)
    return [found[max(first, len(found) - read)] for read in range(1, block.reads + 1)]
