"""``ArchSpec`` -> operators. The order is the order in which the network runs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from seesawnas.arch import Activation, ArchSpec, Block, Head, InvertedBottleneck, SeesawBlock, Stem
from seesawnas.arch.blocks import split_channels
from seesawnas.arch.spec import down
from seesawnas.cost.ops import Conv, Linear, Op, Pointwise


def lower_stem(stem: Stem, height: int, width: int) -> tuple[Op, ...]:
    """The stem's operators; ``height`` and ``width`` are the input's, in pixels."""
    h, w = down(height, 2), down(width, 2)
    return (
        Conv(3, stem.width, (3, 3), h, w),
        *_norm_act(stem.activation, stem.width, h, w),
        Conv(stem.width, stem.width, (3, 3), h, w, groups=stem.width),
        *_norm_act(stem.activation, stem.width, h, w),
    )


def lower_block(block: Block, height: int, width: int) -> tuple[Op, ...]:
    """A block's operators; ``height`` and ``width`` are those of its input map."""
    match block:
        case InvertedBottleneck():
            return tuple(_bottleneck(block, (1,), (1,), height, width))
        case SeesawBlock():
            return tuple(_bottleneck(block, block.split, block.project_split, height, width))
        case _:
            assert_never(block)


def lower_head(head: Head, inputs: int, height: int, width: int) -> tuple[Op, ...]:
    """The head's operators on a map of ``inputs`` channels, ``height`` x ``width``."""
    ops: list[Op] = [
        Conv(inputs, head.width, (1, 1), height, width),
        *_norm_act(head.activation, head.width, height, width),
        Conv(head.width, head.width, (height, width), 1, 1, groups=head.width),
        _norm(head.width, 1, 1),
    ]
    if head.embedding:
        ops += [Linear(head.width, head.embedding, bias=False), _norm(head.embedding, 1, 1)]
    return tuple(ops)


def lower(spec: ArchSpec) -> Iterator[tuple[str, tuple[Op, ...]]]:
    """(part, operators) for ``stem``, ``blocks.0`` ... and ``head``."""
    yield "stem", lower_stem(spec.stem, spec.input.height, spec.input.width)
    sizes = spec.sizes()
    for index, (block, size) in enumerate(zip(spec.blocks, sizes, strict=False)):
        yield f"blocks.{index}", lower_block(block, *size)
    yield "head", lower_head(spec.head, spec.blocks[-1].outputs, *sizes[-1])


def _bottleneck(
    block: Block, expand: tuple[int, ...], project: tuple[int, ...], height: int, width: int
) -> Iterator[Op]:
    h, w = down(height, block.stride), down(width, block.stride)
    yield from _grouped(block.inputs, block.middle, expand, height, width)
    yield from _norm_act(block.activation, block.middle, height, width)
    yield Conv(block.middle, block.middle, (block.kernel, block.kernel), h, w, groups=block.middle)
    yield from _norm_act(block.activation, block.middle, h, w)
    yield from _squeeze_excite(block, h, w)
    yield from _grouped(block.middle, block.outputs, project, h, w)
    yield _norm(block.outputs, h, w)
    yield from _shortcut(block, h, w)


def _grouped(inputs: int, outputs: int, split: tuple[int, ...], height: int, width: int) -> Iterator[Op]:
    for taken, made in zip(split_channels(inputs, split), split_channels(outputs, split), strict=True):
        yield Conv(taken, made, (1, 1), height, width)


def _squeeze_excite(block: Block, height: int, width: int) -> Iterator[Op]:
    if not block.se:
        return
    yield Pointwise("average pool", block.middle, 1, 1)
    yield Linear(block.middle, block.squeezed, bias=True)
    yield Pointwise("prelu", block.squeezed, 1, 1, params=block.squeezed)
    yield Linear(block.squeezed, block.middle, bias=True)
    yield Pointwise("sigmoid", block.middle, 1, 1)
    yield Pointwise("scale", block.middle, height, width)


def _shortcut(block: Block, height: int, width: int) -> Iterator[Op]:
    if block.skip != "none":
        if block.skip == "maxpool_conv":
            yield Pointwise("max pool 2x2", block.inputs, height, width)
        yield Conv(block.inputs, block.outputs, (1, 1), height, width)
        yield from _norm_act(block.activation, block.outputs, height, width)
    if block.skip != "none" or block.is_residual:
        yield Pointwise("add", block.outputs, height, width)


def _norm(channels: int, height: int, width: int) -> Op:
    return Pointwise("batch norm", channels, height, width, params=2 * channels)


def _norm_act(activation: Activation, channels: int, height: int, width: int) -> tuple[Op, ...]:
    slopes = channels if activation == "prelu" else 0
    return _norm(channels, height, width), Pointwise(activation, channels, height, width, params=slopes)
