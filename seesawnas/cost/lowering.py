"""What the deploy form makes of a block: which layers run, and how its groups read.

It follows :mod:`seesawnas.nn.deploy` without weights, and block by block: what lies before a block
and after it is not known here. So a batch norm at either end of a block is taken to run, and maps
that enter or leave a block to keep the order of their channels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from seesawnas.arch import Body, Inputs, Shape
from seesawnas.arch.graph import (
    Graph,
    dropped_shuffles,
    has_convs_of_its_own,
    removable_shuffles,
)
from seesawnas.arch.layers import Act, Add, Conv, Linear, Norm, Pool, Scale, Shuffle, Slice


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
        scattered: Convolutions of which each group reads channels that do not lie side by side.
        dense: Convolutions in groups that run as one over all channels, with zeros between the
            groups: they waste little, or make channels in the order in which others read them.
    """

    skipped: frozenset[int]
    scattered: frozenset[int]
    dense: frozenset[int]


def lower_body(
    body: Body, inputs: Inputs, outputs: Sequence[Shape], lowering: Lowering
) -> LoweredBody:
    """How ``body`` runs on ``inputs``; ``outputs`` are the shapes after its nodes."""
    graph = Graph.of(body, inputs, outputs)
    orders = {
        conv: at
        for conv, at in removable_shuffles(graph).items()
        if not _is_identity(body[at].layer, graph.read(at)[0])
    }
    folded = dropped_shuffles(graph)
    norms = {index for index in range(len(body)) if _is_constant(graph, index, folded)}
    scattered, dense = _reorder(graph, orders, folded, lowering.waste)
    for index, node in enumerate(body):
        if isinstance(node.layer, Conv) and node.layer.groups != 1:
            (x,) = graph.read(index)
            if _is_dense(node.layer, x, index in scattered, lowering.waste):
                dense.add(index)
    return LoweredBody(frozenset(folded | norms), frozenset(scattered), frozenset(dense))


def _is_dense(conv: Conv, x: Shape, scattered: bool, waste: float) -> bool:
    """Whether groups run as one convolution: equal ones do not, unless they are ``scattered``."""
    inputs, outputs = conv.parts(x.channels), conv.parts(conv.outputs)
    if not scattered and len({*zip(inputs, outputs, strict=True)}) == 1:
        return False
    rows, columns = conv.window(x)
    shape = conv.output(x)
    all_madds = rows * columns * x.channels * conv.outputs * shape.height * shape.width
    return all_madds - conv.madds(x) <= waste


def _is_identity(layer: object, x: Shape) -> bool:
    match layer:
        case Shuffle():
            return layer.groups in (1, x.channels)
        case Slice():
            return (layer.start, layer.stop, layer.shift) == (0, None, 0)
        case _:
            return False


def _is_constant(graph: Graph, index: int, folded: set[int]) -> bool:
    """Whether the node is a batch norm that a convolution before or after it takes over."""
    node = graph.body[index]
    if not isinstance(node.layer, Norm):
        return False
    maker, reader = node.reads[0], index
    while maker in folded and graph.only_reader(maker) == reader:
        maker, reader = graph.body[maker].reads[0], maker
    if (
        maker >= 0
        and isinstance(graph.body[maker].layer, Conv | Linear)
        and graph.only_reader(maker) == reader
    ):
        return True
    return index != len(graph.body) - 1 and all(
        _takes_norm(graph, one, folded) for one in graph.readers[index]
    )


def _takes_norm(graph: Graph, index: int, folded: set[int]) -> bool:
    """Whether the node can multiply its weights by a batch norm's; padding would not be zeros."""
    layer = graph.body[index].layer
    if index in folded:
        return all(_takes_norm(graph, one, folded) for one in graph.readers[index])
    return isinstance(layer, Linear) or (
        isinstance(layer, Conv) and layer.groups == 1 and layer.pads == (0, 0)
    )


def _reorder(
    graph: Graph, orders: dict[int, int], folded: set[int], waste: float
) -> tuple[set[int], set[int]]:
    """Which groups read scattered channels, and which run as one for the sake of others' order.

    Maps whose channels must stay in one order are one family. Its channels are made in the order in
    which groups read them, if all that make it can.
    """
    scattered, dense = set(orders), set[int]()
    groups = {
        index: node.layer
        for index, node in enumerate(graph.body)
        if isinstance(node.layer, Conv) and has_convs_of_its_own(node.layer, graph.read(index)[0])
    }
    for family in _free_families(graph, orders, folded, waste) if scattered else ():
        members = set(family)
        readers = [index for index in groups if graph.body[index].reads[0] in members]
        reads = {(orders.get(index), groups[index].groups) for index in readers}
        if scattered.intersection(readers) and len(reads) == 1:
            scattered.difference_update(readers)
            dense.update(members.intersection(groups))
    return scattered, dense


def _free_families(
    graph: Graph, orders: dict[int, int], folded: set[int], waste: float
) -> list[list[int]]:
    """Nodes with the same channels in the same places, if their order is free."""
    parent = list(range(len(graph.body)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    fixed = {len(graph.body) - 1}
    for index, node in enumerate(graph.body):
        layer, (x, *_) = node.layer, graph.read(index)
        if isinstance(layer, Linear) or (isinstance(layer, Conv) and layer.groups == 1):
            continue
        if isinstance(layer, Conv) and has_convs_of_its_own(layer, x):
            if not _is_dense(layer, x, index in orders, waste):
                fixed.add(index)
            continue
        if min(node.reads) < 0 or not (index in folded or _keeps_channels(layer, x)):
            fixed.update([index, *(read for read in node.reads if read >= 0)])
            continue
        for read in node.reads:
            parent[root(read)] = root(index)
    taken = {root(index) for index in fixed}
    families: dict[int, list[int]] = {}
    for index in range(len(graph.body)):
        families.setdefault(root(index), []).append(index)
    return [family for one, family in families.items() if one not in taken]


def _keeps_channels(layer: object, x: Shape) -> bool:
    """Whether channel i of the output is made of the channels i of the inputs alone."""
    if isinstance(layer, Conv):
        return layer.groups == layer.outputs == x.channels > 1
    return isinstance(layer, Norm | Act | Pool | Add | Scale) or _is_identity(layer, x)
