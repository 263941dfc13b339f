"""What a network's layers count for a latency model, in the form in which a runtime runs them.

Counts are few, so that forty networks determine what each of them takes, and none is special to a
runtime:

===============================  ===================================================================
``full.madds``                   convolutions of several pixels over all channels
``depthwise.madds``              convolutions of one channel each, the global one too
``pointwise.madds``              1x1 convolutions over all channels
``grouped.madds``                convolutions in equal groups, which runtimes run as one
``separate.madds``               convolutions in groups of which each runs alone
``linear.madds``                 fully connected layers
``depthwise.elements``           maps that depthwise convolutions read and write
``pointwise.elements``           maps that 1x1 convolutions read and write, and those in equal
                                 groups, of any size
``separate.elements``            maps that separate groups read and write: they are cut and joined
``gathered.elements``            of these, what is read in the order of a channel shuffle
``unaligned.elements``           of these, groups whose channels are not a multiple of ``lanes``
``unaligned_depthwise.elements`` the same of depthwise convolutions
``unaligned_depthwise.channels`` their channels
``weights``                      numbers that convolutions of maps hold, depthwise ones apart
``ACTIVATION.elements``          maps that an activation writes, by its name; a gate's on a map, too
``KIND.elements``                the largest map of a sum, concatenation, slice, shuffle, scale or
                                 pool
``groups``                       of convolutions in equal groups
``pieces``                       that convolutions in separate groups cut and join
``layers``                       layers on maps, batch norms apart: each is started once
``small``                        layers on vectors, as in squeeze-and-excitation
===============================  ===================================================================

The form is what :mod:`seesawnas.nn.deploy` makes of a block: batch norms are folded into the
convolutions before them and count nothing; a channel shuffle is folded into the order in which the
next convolutions read, if convolutions alone read it; convolutions in uneven groups run as one with
zeros between the groups, or group by group. By 160 networks of ``seesaw`` at 120M..150M, which the
counts were chosen by, a model of what is run errs by 1.2 % in onnxruntime and 2.3 % in ncnn, one of
the layers as they are written by 7.3 % and 5.0 %.

Three things run otherwise, in other spaces: groups that read a shuffle of a map made by dense
convolutions, which is made in their order; a shuffle that more groups read than are folded; a batch
norm that no convolution stands before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias, assert_never

from seesawnas.arch import ArchSpec, Block, Body, Inputs, Shape, body_of
from seesawnas.arch.blocks.parts import block_output, inputs_of
from seesawnas.arch.body import read_shapes
from seesawnas.arch.layers import (
    ACTIVATIONS,
    GATES,
    Act,
    Add,
    Concat,
    Conv,
    Layer,
    Linear,
    Norm,
    Pool,
    Scale,
    Shuffle,
    Slice,
)

Counts: TypeAlias = Mapping[str, int]
LANES = (4, 8, 16)
"""How many numbers the vector units of processors compute at a time."""
_MILLION = 10**6
_MOVES = ("add", "concat", "slice", "shuffle", "scale", "average_pool", "max_pool")
_MULTIPLIED = ("full", "depthwise", "pointwise", "grouped", "separate", "linear")
_READ = ("depthwise", "pointwise", "separate", "gathered", "unaligned", "unaligned_depthwise")
UNITS: dict[str, int] = {
    **{f"{kind}.madds": _MILLION for kind in _MULTIPLIED},
    **{f"{kind}.elements": _MILLION for kind in (*_READ, *ACTIVATIONS, *GATES, *_MOVES)},
    "unaligned_depthwise.channels": 1,
    "weights": _MILLION,
    **dict.fromkeys(("groups", "pieces", "layers", "small"), 1),
}
"""Every count, and how many of it a coefficient's microseconds are for."""


class Lowering(NamedTuple):
    """How layers are run.

    Attributes:
        waste: Up to how many multiply-adds by zero, an image, a convolution in uneven groups runs
            as one over all channels.
        lanes: Of the vector units.
    """

    waste: float = math.inf
    lanes: int = 8


def network_counts(spec: ArchSpec, lowering: Lowering) -> dict[str, int]:
    """The sum over a network's blocks, by count."""
    total: dict[str, int] = {}
    for block, inputs in placed_blocks(spec):
        _add(total, block_counts(block, inputs, lowering))
    return total


@lru_cache(maxsize=1 << 16)
def block_counts(block: Block, inputs: Inputs, lowering: Lowering) -> tuple[tuple[str, int], ...]:
    """(count, number) of each count: the sum over a block's layers; none of it is 0.

    Raises:
        SpecError: If a layer does not fit ``inputs``.
    """
    total: dict[str, int] = {}
    shapes: list[Shape] = []
    body = body_of(block)
    folded, scattered = _orders(body)
    for index, node in enumerate(body):
        read = read_shapes(node, shapes, inputs)
        shapes.append(node.layer.output(*read))
        if index not in folded:
            _add(total, layer_counts(node.layer, read, lowering, scattered=index in scattered))
    return tuple((name, number) for name, number in total.items() if number)


def placed_blocks(spec: ArchSpec) -> list[tuple[Block, Inputs]]:
    """Stem, blocks and head, each with the maps that it reads."""
    shapes, found = [Shape(3, spec.input.height, spec.input.width)], []
    for _, block in spec.parts:
        inputs = inputs_of(block, shapes)
        found.append((block, inputs))
        shapes.append(block_output(block, inputs))
    return found


def _orders(body: Body) -> tuple[set[int], set[int]]:
    """The shuffles that are folded, and the nodes that read channels in a folded one's order."""
    moved: set[int] = set()
    while True:
        order: list[int | None] = []  # of each node, the shuffle that its channels wait for
        scattered: set[int] = set()
        failed: set[int] = set()
        for index, node in enumerate(body):
            waits = {order[read] for read in node.reads if read >= 0} - {None}
            keeps = _keeps_order(node.layer)
            if isinstance(node.layer, Shuffle) and index not in moved:
                failed |= {one for one in waits if one is not None}
                order.append(index)
            elif isinstance(node.layer, Conv | Linear | Pool) and not keeps:
                if waits:
                    scattered.add(index)
                order.append(None)
            elif keeps:
                order.append(next(iter(waits), None))
            else:
                failed |= {one for one in waits if one is not None}
                order.append(None)
        if body and order[-1] is not None:
            failed.add(order[-1])
        if not failed:
            shuffles = {i for i, node in enumerate(body) if isinstance(node.layer, Shuffle)}
            return shuffles - moved, scattered
        moved |= failed


def _keeps_order(layer: Layer) -> bool:
    """Whether channel i of the output is made of the channels i of the inputs alone."""
    match layer:
        case Conv():
            return layer.groups == layer.outputs > 1
        case Pool():
            return layer.kernel is not None  # a vector is put in order by what reads it
        case _:
            return isinstance(layer, Norm | Act | Scale)


def layer_counts(
    layer: Layer, read: Inputs, lowering: Lowering, *, scattered: bool = False
) -> dict[str, int]:
    """What a layer counts on the maps that it reads; see the module's table.

    ``scattered``: its groups read the channels in the order of a shuffle.
    """
    output = layer.output(*read)
    if isinstance(layer, Norm):
        return {}
    if isinstance(layer, Linear):
        return {"linear.madds": layer.madds(*read), "small": 1}
    if output.height * output.width == 1 and read[0].height * read[0].width == 1:
        more = {"linear.madds": layer.madds(*read)} if isinstance(layer, Conv) else {}
        return {**more, "small": 1}
    name: str
    match layer:
        case Conv():
            return {**_conv_counts(layer, read[0], output, lowering, scattered), "layers": 1}
        case Act():
            name, elements = layer.name, output.elements
        case Pool():
            name, elements = f"{layer.kind}_pool", read[0].elements
        case Add() | Concat() | Slice() | Shuffle() | Scale():
            name = type(layer).__name__.lower()
            elements = max(shape.elements for shape in (*read, output))
        case _:
            assert_never(layer)
    return {f"{name}.elements": elements, "layers": 1}


def _conv_counts(
    conv: Conv, x: Shape, output: Shape, lowering: Lowering, scattered: bool
) -> dict[str, int]:
    madds, elements = conv.madds(x), x.elements + output.elements
    if conv.groups == x.channels > 1:
        found = {"depthwise.madds": madds, "depthwise.elements": elements}
        if x.channels % lowering.lanes:
            found["unaligned_depthwise.elements"] = elements
            found["unaligned_depthwise.channels"] = x.channels
        return found
    inputs, outputs = conv.parts(x.channels), conv.parts(conv.outputs)
    rows, columns = conv.window(x)
    is_even = len({*zip(inputs, outputs, strict=True)}) == 1 and not scattered
    dense = rows * columns * x.channels * conv.outputs
    all_madds = dense * output.height * output.width
    if len(outputs) == 1 or (not is_even and all_madds - madds <= lowering.waste):
        if (rows, columns) != (1, 1):
            return {"full.madds": all_madds, "weights": dense}
        return {"pointwise.madds": all_madds, "pointwise.elements": elements, "weights": dense}
    found = {"weights": madds // (output.height * output.width)}
    if is_even:
        found["groups"] = len(outputs)
        return found | {"grouped.madds": madds, "pointwise.elements": elements}
    count = len(inputs)
    # In the order of a shuffle each group reads a piece of each: all are cut out, then joined.
    pieces = [size // count for size in inputs for _ in inputs] * 2 if scattered else inputs
    unaligned = sum(
        channels * shape.height * shape.width
        for parts, shape in ((pieces, x), (outputs, output))
        for channels in parts
        if channels % lowering.lanes
    )
    found |= {"separate.madds": madds, "separate.elements": elements}
    found |= {"unaligned.elements": unaligned, "pieces": len(pieces)}
    if scattered:
        found["gathered.elements"] = x.elements
    return found


def _add(total: dict[str, int], more: Sequence[tuple[str, int]] | Counts) -> None:
    for name, number in dict(more).items():
        total[name] = total.get(name, 0) + number
