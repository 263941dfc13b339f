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
``KIND.elements``                the largest map of a sum, concatenation, slice, shuffle, scale,
                                 pool or batch norm that no convolution takes over (``norm``)
``groups``                       of convolutions in equal groups
``pieces``                       that convolutions in separate groups cut and join
``layers``                       layers on maps that run: each is started once
``small``                        layers on vectors, as in squeeze-and-excitation
===============================  ===================================================================

The form is what :mod:`seesawnas.nn.deploy` makes of a block, see :mod:`seesawnas.cost.lowering`:
batch norms are folded into the convolutions beside them and count nothing; a channel shuffle is
folded into the order in which the next convolutions read, or into the order in which the one before
makes its channels; convolutions in uneven groups run as one with zeros between the groups, or group
by group. By 160 networks of ``seesaw`` at 120M..150M, which the
counts were chosen by, a model of what is run errs by 1.2 % in onnxruntime and 2.3 % in ncnn, one of
the layers as they are written by 7.3 % and 5.0 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, assert_never

from seesawnas.arch import ArchSpec, Block, Inputs, Shape, body_of
from seesawnas.arch.blocks.parts import block_output, inputs_of
from seesawnas.arch.body import read_shapes, shapes
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
from seesawnas.arch.order import Groups, are_equal_runs, is_scattered, runs_of
from seesawnas.cost.lowering import Lowering, lower_body

Counts: TypeAlias = Mapping[str, int]
LANES = (4, 8, 16)
"""How many numbers the vector units of processors compute at a time."""
_MILLION = 10**6
_MOVES = ("norm", "add", "concat", "slice", "shuffle", "scale", "average_pool", "max_pool")
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
    body = body_of(block)
    outputs = shapes(body, inputs)
    lowered = lower_body(body, inputs, outputs, lowering)
    for index, node in enumerate(body):
        if index not in lowered.skipped:
            read = read_shapes(node, outputs, inputs)
            groups, dense = lowered.groups.get(index), index in lowered.dense
            _add(total, layer_counts(node.layer, read, lowering.lanes, groups, dense))
    return tuple((name, number) for name, number in total.items() if number)


def placed_blocks(spec: ArchSpec) -> list[tuple[Block, Inputs]]:
    """Stem, blocks and head, each with the maps that it reads."""
    maps, found = [Shape(3, spec.input.height, spec.input.width)], []
    for _, block in spec.parts:
        inputs = inputs_of(block, maps)
        found.append((block, inputs))
        maps.append(block_output(block, inputs))
    return found


def layer_counts(
    layer: Layer,
    read: Inputs,
    lanes: int = 8,
    groups: Groups | None = None,
    dense: bool = False,
) -> dict[str, int]:
    """What a layer counts on the maps that it reads, if it runs; see the module's table.

    Args:
        layer: Any.
        read: The maps.
        lanes: How many numbers the vector units compute at a time.
        groups: What its groups read, if each may run alone.
        dense: Whether its groups run as one convolution.
    """
    output = layer.output(*read)
    if isinstance(layer, Linear):
        return {"linear.madds": layer.madds(*read), "small": 1}
    if output.height * output.width == 1 and read[0].height * read[0].width == 1:
        more = {"linear.madds": layer.madds(*read)} if isinstance(layer, Conv) else {}
        return {**more, "small": 1}
    name: str
    match layer:
        case Conv():
            found = _conv_counts(layer, read[0], output, lanes, groups, dense)
            return {**found, "layers": 1}
        case Act():
            name, elements = layer.name, output.elements
        case Pool():
            name, elements = f"{layer.kind}_pool", read[0].elements
        case Norm() | Add() | Concat() | Slice() | Shuffle() | Scale():
            name = type(layer).__name__.lower()
            elements = max(shape.elements for shape in (*read, output))
        case _:
            assert_never(layer)
    return {f"{name}.elements": elements, "layers": 1}


def _conv_counts(
    conv: Conv, x: Shape, output: Shape, lanes: int, groups: Groups | None, dense: bool
) -> dict[str, int]:
    madds, elements = conv.madds(x), x.elements + output.elements
    if conv.groups == x.channels == conv.outputs > 1:
        found = {"depthwise.madds": madds, "depthwise.elements": elements}
        if x.channels % lanes:
            found["unaligned_depthwise.elements"] = elements
            found["unaligned_depthwise.channels"] = x.channels
        return found
    outputs = conv.parts(conv.outputs)
    rows, columns = conv.window(x)
    if len(outputs) == 1 or dense:
        weights = rows * columns * x.channels * conv.outputs
        madds = weights * output.height * output.width
        if (rows, columns) != (1, 1):
            return {"full.madds": madds, "weights": weights}
        return {"pointwise.madds": madds, "pointwise.elements": elements, "weights": weights}
    found = {"weights": madds // (output.height * output.width)}
    if groups is None or are_equal_runs(groups, outputs):
        found["groups"] = len(outputs)
        return found | {"grouped.madds": madds, "pointwise.elements": elements}
    # A group that reads several runs has them cut out, and joined.
    runs = [[end - start for start, end in runs_of(group)] for group in groups]
    pieces = [size for sizes in runs for size in sizes * (1 if len(sizes) == 1 else 2)]
    unaligned = sum(
        channels * shape.height * shape.width
        for parts, shape in ((pieces, x), (outputs, output))
        for channels in parts
        if channels % lanes
    )
    found |= {"separate.madds": madds, "separate.elements": elements}
    found |= {"unaligned.elements": unaligned, "pieces": len(pieces)}
    if is_scattered(groups):
        found["gathered.elements"] = x.elements
    return found


def _add(total: dict[str, int], more: Sequence[tuple[str, int]] | Counts) -> None:
    for name, number in dict(more).items():
        total[name] = total.get(name, 0) + number
