"""What the deploy form makes of a block: which layers run, and how its groups read.

It follows :mod:`seesawnas.nn.deploy` without weights, block by block: a batch norm that only a
convolution of another block could take over is taken to run, and maps that enter or leave a block
to keep the order of their channels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seesawnas.arch import Body, Inputs, Shape
from seesawnas.arch.graph import (
    Graph,
    dropped_shuffles,
    has_convs_of_its_own,
    removable_shuffles,
    shuffled,
)
from seesawnas.arch.layers import Act, Add, Conv, Linear, Norm, Pool, Scale, Shuffle, Slice
from seesawnas.arch.order import (
    Groups,
    Places,
    are_equal_runs,
    best_order,
    cut,
    free_families,
    moved,
)


class Lowering(NamedTuple):
    """How layers are run.

    Attributes:
        waste: Up to how many multiply-adds by zero, an image, a convolution in uneven groups runs
            as one over all channels.
        lanes: Of the vector units.
    """

    waste: float = math.inf
    lanes: int = 8


class LoweredBody(NamedTuple):
    """How the layers of a body run, by their nodes' indices.

    Attributes:
        skipped: Nodes that do not run: shuffles that the next convolutions make up for, batch norms
            that are constants of a convolution.
        dense: Convolutions in groups that run as one over all channels, with zeros between the
            groups: they waste little, or make channels in the order in which others read them.
        groups: What each group reads of the others whose groups may each run alone.
    """

    skipped: frozenset[int]
    dense: frozenset[int]
    groups: Mapping[int, Groups]


def lower_body(
    body: Body, inputs: Inputs, outputs: Sequence[Shape], lowering: Lowering
) -> LoweredBody:
    """How ``body`` runs on ``inputs``; ``outputs`` are the shapes after its nodes."""
    graph = Graph.of(body, inputs, outputs)
    folded = dropped_shuffles(graph) | {
        index
        for index, node in enumerate(body)
        if isinstance(node.layer, Shuffle)
        and node.layer.groups in (1, graph.read(index)[0].channels)
    }
    groups, ordered = _reorder(graph, _groups(graph), folded, lowering.waste)
    dense = {
        index
        for index, reads in groups.items()
        if index in ordered or _is_dense(graph, index, reads, lowering.waste)
    }
    apart = {index: reads for index, reads in groups.items() if index not in dense}
    return LoweredBody(frozenset(folded | _constant_norms(graph, folded)), frozenset(dense), apart)


def _groups(graph: Graph) -> dict[int, Groups]:
    """The channels that each group reads, of convolutions that have one of its own for each."""
    shuffles = removable_shuffles(graph)
    found: dict[int, Groups] = {}
    for index, node in enumerate(graph.body):
        layer, (x, *_) = node.layer, graph.read(index)
        if not isinstance(layer, Conv) or not has_convs_of_its_own(layer, x):
            continue
        shuffle = graph.body[shuffles[index]].layer if index in shuffles else None
        order: Sequence[int] = range(x.channels)
        if isinstance(shuffle, Shuffle):
            order = shuffled(x.channels, shuffle.groups)
        found[index] = tuple(tuple(sorted(group)) for group in cut(order, layer.parts(x.channels)))
    return found


def _is_dense(graph: Graph, index: int, reads: Groups, waste: float) -> bool:
    conv, (x, *_) = graph.body[index].layer, graph.read(index)
    assert isinstance(conv, Conv)
    if are_equal_runs(reads, conv.parts(conv.outputs)):
        return False
    rows, columns = conv.window(x)
    shape = conv.output(x)
    all_madds = rows * columns * x.channels * conv.outputs * shape.height * shape.width
    return all_madds - conv.madds(x) <= waste


def _constant_norms(graph: Graph, folded: set[int]) -> set[int]:
    """The batch norms that a convolution before or after them takes over."""
    found = set[int]()
    while more := {
        index
        for index, node in enumerate(graph.body)
        if index not in found
        and isinstance(node.layer, Norm)
        and (_is_made(graph, index, folded | found) or _is_taken(graph, index, folded | found))
    }:
        found |= more
    return found


def _is_made(graph: Graph, index: int, gone: set[int]) -> bool:
    """Whether a convolution makes the node's map, for it alone."""
    maker, reader = graph.body[index].reads[0], index
    while maker in gone and graph.only_reader(maker) == reader:
        maker, reader = graph.body[maker].reads[0], maker
    return (
        maker >= 0
        and isinstance(graph.body[maker].layer, Conv | Linear)
        and graph.only_reader(maker) == reader
    )


def _is_taken(graph: Graph, index: int, gone: set[int]) -> bool:
    """Whether all that read the node's map can multiply their weights by the batch norm's.

    Where there is padding it is zeros after the norm, not before.
    """

    def takes(reader: int) -> bool:
        layer = graph.body[reader].layer
        if reader in gone:
            return _is_taken(graph, reader, gone)
        return isinstance(layer, Linear) or (
            isinstance(layer, Conv) and layer.groups == 1 and layer.pads == (0, 0)
        )

    return index != len(graph.body) - 1 and all(map(takes, graph.readers[index]))


def _reorder(
    graph: Graph, groups: Mapping[int, Groups], folded: set[int], waste: float
) -> tuple[dict[int, Groups], set[int]]:
    """What groups read when channels are made in their order; which run as one to make it.

    Maps whose channels must stay in one order are one family. Its channels are ordered if all that
    make and read them can be.
    """
    found, ordered = dict(groups), set[int]()
    if not any(graph.body[index].reads[0] >= 0 for index in groups):
        return found, ordered
    maps = [
        (_places(graph, index, groups, folded, waste), node.reads)
        for index, node in enumerate(graph.body)
    ]
    for family in free_families(maps):
        readers = [index for index in groups if graph.body[index].reads[0] in family]
        order = best_order([found[index] for index in readers])
        if order is not None:
            found.update((index, moved(found[index], order)) for index in readers)
            ordered.update(index for index in family if index in groups)
    return found, ordered


def _places(
    graph: Graph, index: int, groups: Mapping[int, Groups], folded: set[int], waste: float
) -> Places:
    """In which places the channels of a node's map lie."""
    layer = graph.body[index].layer
    if isinstance(layer, Linear) or (isinstance(layer, Conv) and layer.groups == 1):
        return "free"
    if index in groups:
        return "free" if _is_dense(graph, index, groups[index], waste) else "own"
    return "kept" if index in folded or _keeps_channels(graph, index) else "fixed"


def _keeps_channels(graph: Graph, index: int) -> bool:
    """Whether channel i of the output is made of the channels i of the inputs alone."""
    match graph.body[index].layer:
        case Conv() as conv:
            return conv.groups == conv.outputs == graph.read(index)[0].channels > 1
        case Slice() as layer:
            return layer.start == 0 and layer.stop is None
        case layer:
            return isinstance(layer, Norm | Act | Pool | Add | Scale)
