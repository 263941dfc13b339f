"""What a block is: a small graph of layers.

Cost, module, deploy form, diagram and digest follow from it.

Shapes are (channels, height, width). A node reads earlier nodes by their index in the body, and the
outputs of the blocks before this one by -1 (the one just before), -2 (the one before that) and so
on. The last node is the output.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, assert_never, get_args

from seesawnas.arch.layers import (
    Act,
    Activation,
    Add,
    Concat,
    Conv,
    Gate,
    Layer,
    Linear,
    Norm,
    Pool,
    Scale,
    Shape,
    Shuffle,
    Slice,
)
from seesawnas.errors import SpecError
from seesawnas.text import short

_SHORT = 400
_IDLE = (Shuffle, Slice, Pool, Add, Concat)  # layers that may do nothing
BEFORE = -1
"""Read by a node: the output of the block before this one."""


class Node(NamedTuple):
    """A layer, what it reads, and its name within the block.

    The name says where its weights lie in a model's file.
    """

    name: str
    layer: Layer
    reads: tuple[int, ...] = (BEFORE,)


Body: TypeAlias = tuple[Node, ...]


@dataclass(slots=True)
class Draft:
    """Writes a body node by node.

    Each method adds nodes that read ``x`` and returns the index to read the result by.
    """

    nodes: list[Node] = field(default_factory=list)

    def add(self, name: str, layer: Layer, *reads: int) -> int:
        """One node."""
        self.nodes.append(Node(name, layer, reads))
        return len(self.nodes) - 1

    def _make(
        self, name: str, reads: tuple[int, ...], layer: Callable[..., Layer], *values: object
    ) -> int:
        self.nodes.append(make_node(name, reads, layer, values))
        return len(self.nodes) - 1

    def conv(
        self,
        name: str,
        x: int,
        outputs: int,
        kernel: int | tuple[int, int] | None = 1,
        *,
        stride: int = 1,
        groups: int | tuple[int, ...] = 1,
        activation: Activation | None = None,
        shared: bool = False,
        norm: bool = True,
    ) -> int:
        """Convolution without bias, batch norm (if ``norm``) and ``activation`` (None: none).

        A PReLU's slope is one for all channels if ``shared``.
        """
        size = (kernel, kernel) if isinstance(kernel, int) else kernel
        x = self._make(name, (x,), Conv, outputs, size, stride, groups)
        if norm:
            x = self._make(f"{name}.norm", (x,), Norm)
        if activation is None:
            return x
        return self.act(
            f"{name}.norm.activation" if norm else f"{name}.act", x, activation, shared=shared
        )

    def depthwise(
        self,
        name: str,
        x: int,
        channels: int,
        kernel: int | None,
        *,
        stride: int = 1,
        activation: Activation | None = None,
        shared: bool = False,
        norm: bool = True,
    ) -> int:
        """Depthwise convolution of ``channels``; ``kernel`` None is the whole map."""
        return self.conv(
            name,
            x,
            channels,
            kernel,
            stride=stride,
            groups=channels,
            activation=activation,
            shared=shared,
            norm=norm,
        )

    def act(self, name: str, x: int, activation: Activation | Gate, *, shared: bool = False) -> int:
        """Activation alone."""
        return self._make(name, (x,), Act, activation, shared)

    def norm(self, name: str, x: int) -> int:
        """Batch norm alone."""
        return self._make(name, (x,), Norm)

    def shuffle(self, name: str, x: int, groups: int) -> int:
        """Channel shuffle."""
        return self._make(name, (x,), Shuffle, groups)

    def join(self, name: str, *xs: int) -> int:
        """The sum."""
        return self._make(name, xs, Add)

    def squeeze_excite(
        self,
        name: str,
        x: int,
        channels: int,
        squeezed: int,
        activation: Activation = "prelu",
        gate: Gate = "sigmoid",
    ) -> int:
        """Scale each of ``channels`` by a gate computed from all channels' means.

        Hu et al., arXiv 1709.01507.
        """
        y = self._make(f"{name}.pool", (x,), Pool, "average")
        y = self._make(f"{name}.squeeze", (y,), Linear, squeezed, True)
        y = self.act(f"{name}.slope", y, activation)
        y = self._make(f"{name}.excite", (y,), Linear, channels, True)
        return self._make(f"{name}.scale", (x, self.act(f"{name}.gate", y, gate)), Scale)

    def body(self) -> Body:
        """What was written."""
        return tuple(self.nodes)


@lru_cache(maxsize=1 << 16)
def make_node(
    name: str, reads: tuple[int, ...], layer: Callable[..., Layer], values: tuple[Any, ...]
) -> Node:
    """A node, kept because blocks of a space share most of their nodes.

    That saves the time to make them, and the memory.
    """
    return Node(name, layer(*values), reads)


def reads_of(body: Body) -> int:
    """How many outputs of blocks before it the body reads: 2 for a DARTS cell.

    An empty body gives its input on.
    """
    return max((-min(node.reads) for node in body if min(node.reads) < 0), default=1)


def shapes(body: Body, inputs: Sequence[Shape]) -> list[Shape]:
    """The shape after each node; ``inputs`` are those of the blocks before, the last first.

    Raises:
        SpecError: If a layer does not fit what it reads, with the node's name in front.
    """
    found: list[Shape] = []
    for node in body:
        try:
            found.append(node.layer.output(*read_shapes(node, found, inputs)))
        except SpecError as error:
            raise SpecError(f"{node.name}: {error}") from None
    return found


def read_shapes(node: Node, found: Sequence[Shape], inputs: Sequence[Shape]) -> tuple[Shape, ...]:
    """What ``node`` reads, of the shapes ``found`` so far."""
    reads = node.reads
    # Most do, and this is called for every layer of every network that is counted.
    if len(reads) == 1:
        index = reads[0]
        return (found[index] if index >= 0 else inputs[-index - 1],)
    return tuple([found[index] if index >= 0 else inputs[-index - 1] for index in reads])


def output_shape(body: Body, inputs: Sequence[Shape]) -> Shape:
    """The shape after the body."""
    return shapes(body, inputs)[-1] if body else inputs[0]


def check_nodes(body: object) -> None:
    """Check that it is a tuple of nodes: names that modules can have, layers, indices.

    Raises:
        TypeError: If something is of another type.
        ValueError: If a name or an index is not possible.
    """
    if not isinstance(body, tuple):
        raise TypeError(f"must be a tuple of nodes, got {type(body).__name__}")
    for node in body:
        if not isinstance(node, Node):
            raise TypeError(f"must contain only nodes, got {type(node).__name__}")
        if not (isinstance(node.name, str) and _NODE_NAME.fullmatch(node.name)):
            raise ValueError(
                "node names must be identifiers joined by dots, such as conv.norm, got "
                f"{short(node.name)}"
            )
        if taken := _RESERVED.intersection(node.name.split(".")):
            raise ValueError(
                f"{node.name}: a node name must not be an attribute of torch.nn.Module, got "
                f"{min(taken)}"
            )
        if not isinstance(node.layer, get_args(Layer)):
            raise TypeError(f"{node.name}: must be a layer, got {type(node.layer).__name__}")
        if not (
            isinstance(node.reads, tuple)
            and node.reads
            and all(type(read) is int for read in node.reads)
        ):
            raise TypeError(
                f"{node.name}: reads must be a tuple of integers, got {short(node.reads)}"
            )
        wanted = (
            2
            if isinstance(node.layer, Scale)
            else None
            if isinstance(node.layer, Add | Concat)
            else 1
        )
        if wanted not in (None, len(node.reads)):
            raise ValueError(f"{node.name}: must have {wanted} inputs, got {len(node.reads)}")


_NODE_NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z0-9]\w*)*", re.ASCII)
_RESERVED = frozenset(
    {"weight", "weights", "bias", "running_mean", "running_var", "training", "forward", "steps"}
)
"""Names of parameters, buffers and methods of the modules that a body becomes."""


def check_body(body: Body) -> None:
    """Check that the body is a graph all of whose nodes reach the output.

    Raises:
        SpecError: If it is not, with the node's name in front.
    """
    _check_graph(tuple([(node.name, node.reads) for node in body]))


@lru_cache(maxsize=1 << 12)
def _check_graph(nodes: tuple[tuple[str, tuple[int, ...]], ...]) -> None:
    names = set[str]()
    for index, (name, reads) in enumerate(nodes):
        if name in names:
            raise SpecError(f"{name}: node names must be unique")
        names.add(name)
        if not reads or max(reads) >= index:
            raise SpecError(f"{name}: must read earlier nodes only, got {list(reads)}")
    used = {len(nodes) - 1}
    for index, (name, reads) in reversed(list(enumerate(nodes))):
        if index not in used:
            raise SpecError(
                f"{name}: must be used by a later node (only the last node is the output)"
            )
        used.update(reads)


def body_digest(body: Body, inputs: Sequence[str] = ()) -> str:
    """32 hexadecimal digits, equal for bodies that build the same network on ``inputs``.

    ``inputs`` are the digests of what is read. The digest is made from the output upwards: names
    and the order in which nodes are written do not count, nor does the order of what a sum reads;
    layers that do nothing are left out. Of two nodes with weights of their own it counts which one
    is read, even if they are the same layer of the same input.
    """
    known: list[str] = []
    does = False
    for _, layer, reads in body:
        read = [known[one] if one >= 0 else _before(one, inputs) for one in reads]
        if isinstance(layer, _IDLE) and _does_nothing(layer, len(read)):
            known.append(read[0])
            continue
        does = True
        known.append(_node_text(layer, read))
    if not does:
        return known[-1] if known else _before(BEFORE, inputs)
    return _sha(known[-1]) if len(set(known)) == len(known) else _make_distinct(body, known)


def _make_distinct(body: Body, known: Sequence[str]) -> str:
    """The digest of a body some of whose nodes are the same layer of the same input."""
    values: list[
        int
    ] = []  # nodes of one value: a layer without weights makes what another one makes of the same
    numbers: dict[object, int] = {}
    kept: dict[int, tuple[Node, list[int]]] = {}
    for index, node in enumerate(body):
        sources = [values[one] if one >= 0 else one for one in node.reads]
        if _does_nothing(node.layer, len(sources)):
            values.append(sources[0])
            continue
        if isinstance(node.layer, Add):
            sources = sorted(sources)
        value = index if _learns(node.layer) else numbers.setdefault((node.layer, *sources), index)
        values.append(value)
        kept.setdefault(value, (node, sources))
    if len({known[value] for value in kept}) == len(kept):
        return _sha(known[-1])
    return _digest_of_duplicates(known, kept, values[-1])


def _digest_of_duplicates(
    known: Sequence[str], kept: dict[int, tuple[Node, list[int]]], output: int
) -> str:
    """The digest of a body with nodes that are the same by what they read.

    They are distinguished by what reads them, until nothing new is found. A node's colour is its
    rank among all that is known of nodes, so that equal graphs are coloured equally.
    """
    sums = {value for value, (node, _) in kept.items() if isinstance(node.layer, Add)}
    ranks = {text: rank for rank, text in enumerate(sorted({known[value] for value in kept}))}
    colours = {value: ranks[known[value]] for value in kept}
    while True:
        readers: dict[int, list[tuple[int, int]]] = {value: [] for value in kept}
        readers[output].append((-1, 0))
        colour_of: dict[int, tuple[int, tuple[int, ...]]] = {}
        for value, (_, sources) in kept.items():
            read = [colours[source] if source >= 0 else source for source in sources]
            colour_of[value] = colours[value], tuple(sorted(read) if value in sums else read)
            for place, source in enumerate(sources):
                if source >= 0:
                    readers[source].append((colours[value], 0 if value in sums else place))
        found = {value: (*colour_of[value], tuple(sorted(readers[value]))) for value in kept}
        classes = {one: rank for rank, one in enumerate(sorted(set(found.values())))}
        if len(classes) == len(set(colours.values())):
            return _sha(";".join(sorted(f"{known[value]} {one}" for value, one in found.items())))
        colours = {value: classes[one] for value, one in found.items()}


def _before(index: int, inputs: Sequence[str]) -> str:
    return inputs[-index - 1] if len(inputs) >= -index else str(index)


def _does_nothing(layer: Layer, reads: int) -> bool:
    match layer:
        case (
            Shuffle(groups=1)
            | Slice(start=0, stop=None, shift=0)
            | Pool(kernel=1, stride=1, padding=0)
        ):
            return True
        case Add() | Concat():
            return reads == 1
        case Conv() | Linear() | Norm() | Act() | Pool() | Shuffle() | Slice() | Scale():
            return False
        case _:
            assert_never(layer)


def _learns(layer: Layer) -> bool:
    return isinstance(layer, Conv | Linear | Norm) or (
        isinstance(layer, Act) and layer.name == "prelu"
    )


def _node_text(layer: Layer, read: list[str]) -> str:
    """What names a node by what it is and reads: the whole while that is short, else its digest."""
    said = read[0] if len(read) == 1 else ",".join(sorted(read) if isinstance(layer, Add) else read)
    text = f"{_text(layer)}({said})"
    return text if len(text) <= _SHORT else _sha(text)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache(maxsize=1 << 14)
def _text(layer: Layer) -> str:
    # Defaults are left out, so that a field added later changes no digest of a network that does
    # not use it.
    values = (
        (f.name, getattr(layer, f.name))
        for f in fields(layer)
        if getattr(layer, f.name) != f.default
    )
    return f"{type(layer).__name__}{''.join(f' {name}={value}' for name, value in values)}"
