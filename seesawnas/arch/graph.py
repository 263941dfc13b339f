"""What a body says of how it runs: which nodes read which, and which shuffles need not be run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seesawnas.arch.body import Body, read_shapes
from seesawnas.arch.layers import Act, Conv, Linear, Norm, Pool, Scale, Shape, Shuffle

_FEW = 8
"""Up to so many groups have a convolution each; more run as torch's own grouped convolution."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A body with the shapes after its nodes, and the nodes that read each node."""

    body: Body
    inputs: Sequence[Shape]
    outputs: Sequence[Shape]
    readers: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, body: Body, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> Graph:
        """``inputs`` and ``outputs`` as :func:`seesawnas.arch.body.shapes` has them."""
        readers = tuple(
            tuple(i for i, node in enumerate(body) if at in node.reads) for at in range(len(body))
        )
        return cls(body, inputs, outputs, readers)

    def read(self, index: int) -> tuple[Shape, ...]:
        """The shapes that a node reads."""
        return read_shapes(self.body[index], self.outputs, self.inputs)

    def only_reader(self, index: int) -> int | None:
        """The node that alone reads this one, once; None if others do too, or the output is it."""
        found = self.readers[index]
        if (
            index == len(self.body) - 1
            or len(found) != 1
            or self.body[found[0]].reads.count(index) != 1
        ):
            return None
        return found[0]


def removable_shuffles(graph: Graph) -> dict[int, int]:
    """From each grouped convolution that can read the channels unshuffled, to the shuffle left out.

    Between the two stand only layers that treat all channels alike, whose weights may lie in the
    order before the shuffle, and squeeze-and-excitation, whose linear layers may learn in any
    order.
    """
    found: dict[int, int] = {}
    for index, node in enumerate(graph.body):
        ends: set[int] = set()
        if isinstance(node.layer, Shuffle) and _is_absorbed(graph, index, ends):
            found |= dict.fromkeys(ends, index)
    return found


def dropped_shuffles(graph: Graph) -> set[int]:
    """Shuffles that need not be run: a grouped convolution makes up for them, or nothing has to."""
    return {
        index
        for index, node in enumerate(graph.body)
        if isinstance(node.layer, Shuffle) and _is_absorbed(graph, index, set())
    }


def _is_absorbed(graph: Graph, index: int, ends: set[int]) -> bool:
    """Whether every reader of the node can take its channels in another order.

    ``ends`` collects the grouped ones.
    """
    if index == len(graph.body) - 1 or not graph.readers[index]:
        return False
    return all(_absorbs(graph, reader, index, ends) for reader in graph.readers[index])


def _absorbs(graph: Graph, reader: int, index: int, ends: set[int]) -> bool:
    node, (x, *_) = graph.body[reader], graph.read(reader)
    match node.layer:
        case Norm() | Act() | Pool():
            return _is_absorbed(graph, reader, ends)
        case Linear():
            return x.height == x.width == 1
        case Conv(groups=1):
            return True
        case Conv(groups=groups, outputs=outputs) if groups == x.channels == outputs:
            return _is_absorbed(graph, reader, ends)
        case Conv() if has_convs_of_its_own(node.layer, x):
            ends.add(reader)
            return True
        case Scale():
            mine, gate = node.reads
            return (
                mine == index
                and _is_free(graph, gate, reader)
                and _is_absorbed(graph, reader, ends)
            )
        case _:
            return False


def _is_free(graph: Graph, index: int, reader: int) -> bool:
    """Whether the order of the node's channels matters to ``reader`` alone.

    That is so if a linear layer makes them.
    """
    if index < 0 or graph.only_reader(index) != reader:
        return False
    node = graph.body[index]
    return isinstance(node.layer, Linear) or (
        isinstance(node.layer, Act) and _is_free(graph, node.reads[0], index)
    )


def has_convs_of_its_own(layer: Conv, x: Shape) -> bool:
    """Whether each group of ``layer`` has its own convolution and weights.

    Such a group may read any channels.
    """
    if isinstance(layer.groups, tuple):
        return True
    return (
        layer.kernel == (1, 1)
        and 1 < layer.groups <= _FEW
        and not layer.groups == x.channels == layer.outputs
    )


def shuffled(channels: int, groups: int) -> list[int]:
    """The channels before a shuffle in the order after it."""
    step = channels // groups
    return [first + step * group for first in range(step) for group in range(groups)]
