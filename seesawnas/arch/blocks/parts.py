"""A block at its place in a network: what it reads, what it gives.

Results are kept, for blocks recur.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeVar

from seesawnas.arch.blocks.base import Block, Inputs
from seesawnas.arch.body import Body, body_digest, check_body, check_nodes, output_shape, reads_of
from seesawnas.arch.layers import Shape
from seesawnas.errors import BlockError, InvalidInput, SpecError
from seesawnas.text import error_line

T = TypeVar("T")


@contextmanager
def wrap_kind_errors(block: type[Block], method: str, name: str = "") -> Iterator[None]:
    """Raise BlockError, in one line, for what the code of a user's kind raises.

    What it raises, other than what it is asked to, is its author's fault. ``name`` is the kind's if
    it is not called as its class says. What a kind that ships raises is a bug, and stays.
    """
    try:
        yield
    except InvalidInput:
        raise
    except Exception as error:
        if is_shipped(block):
            raise
        raise BlockError(f"kind {name or block.kind}: {method}: {error_line(error)}") from error


@lru_cache(maxsize=1 << 16)
def body_of(block: Block) -> Body:
    """The block's body, checked.

    Raises:
        BlockError: If it is no body, or reads more than the kind says.
    """
    with wrap_kind_errors(type(block), "body"):
        body = block.body()
        if not is_shipped(type(block)):
            check_nodes(body)
            if block.body() != body:
                raise TypeError("must return the same result on each call, got a different one")
    try:
        check_body(body)
    except SpecError as error:
        raise BlockError(f"kind {block.kind}: body: {error}") from None
    if reads_of(body) > block.reads:
        raise BlockError(
            f"kind {block.kind}: body: must use {block.reads} previous outputs, got "
            f"{reads_of(body)}"
        )
    return body


def is_shipped(block: type[Block]) -> bool:
    """Whether the kind ships, and so is held to the rules of kinds by our tests."""
    return block.__module__.startswith("seesawnas.")


def check_output(block: Block, inputs: Inputs, output: Shape) -> None:
    """Check that the block gives what it says: its channels, on sides divided by its stride.

    Raises:
        BlockError: If it does not.
    """
    if is_shipped(type(block)):
        return
    with wrap_kind_errors(type(block), "body"):
        sides = (
            (1, 1)
            if block.role == "head"
            else tuple(-(-side // block.stride) for side in inputs[0][1:])
        )
        if output != (block.outputs, *sides):
            wanted, got = ("x".join(map(str, shape)) for shape in ((block.outputs, *sides), output))
            raise BlockError(
                f"kind {block.kind}: body: must have the declared outputs and stride, {wanted}, "
                f"got {got}"
            )


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
    """The shape after the block.

    Raises:
        SpecError: If a layer does not fit.
    """
    return output_shape(body_of(block), inputs)


@lru_cache(maxsize=1 << 16)
def canonical_block(block: Block) -> Block:
    """The simplest block of the same body, as the block's kind knows it."""
    with wrap_kind_errors(type(block), "canonical"):
        found = block.canonical()
        if not isinstance(found, Block):
            raise TypeError(f"must return a block, got {type(found).__name__}")
    return found


def inputs_of(block: Block, found: Sequence[Shape]) -> Inputs:
    """What ``block`` reads of the shapes ``found`` so far.

    These are the image's, the stem's, and those of the blocks after it.
    """
    return (found[-1],) if block.reads == 1 else tuple(read_before(block, found))


def read_before(block: Block, found: Sequence[T]) -> list[T]:
    """The values of the parts that ``block`` reads, the last part's first.

    ``found`` holds one value a part (the image's first, then the stem's ...). Nothing reads the
    image but the stem: the first block of several reads finds the stem in place of what is before
    it.
    """
    first = min(1, len(found) - 1)
    return [found[max(first, len(found) - read)] for read in range(1, block.reads + 1)]
