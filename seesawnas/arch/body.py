"""What a block is: a small graph of layers, from which cost, module, deploy form, diagram and digest follow.

Shapes are (channels, height, width). A node reads earlier nodes by their index in the body, and the outputs of the blocks before
this one by -1 (the one just before), -2 (the one before that) and so on. The last node is the output.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import TypeAlias, assert_never

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

BEFORE = -1
"""Read by a node: the output of the block before this one."""


@dataclass(frozen=True, slots=True)
class Node:
    """A layer, what it reads, and its name within the block: where its weights lie in a model's file."""

    name: str
    layer: Layer
    reads: tuple[int, ...] = (BEFORE,)


Body: TypeAlias = tuple[Node, ...]


@dataclass(slots=True)
class Draft:
    """Writes a body node by node. Each method adds nodes that read ``x`` and returns the index to read the result by."""

    nodes: list[Node] = field(default_factory=list)

    def add(self, name: str, layer: Layer, *reads: int) -> int:
        """One node."""
        self.nodes.append(Node(name, layer, reads))
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
        norm: bool = True,
    ) -> int:
        """Convolution without bias, batch norm (if ``norm``) and ``activation`` (None: none)."""
        size = (kernel, kernel) if isinstance(kernel, int) else kernel
        x = self.add(name, Conv(outputs, size, stride, groups), x)
        if norm:
            x = self.add(f"{name}.norm", Norm(), x)
        return (
            x if activation is None else self.act(f"{name}.norm.activation" if norm else f"{name}.act", x, activation)
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
        norm: bool = True,
    ) -> int:
        """Depthwise convolution of ``channels``; ``kernel`` None is the whole map."""
        return self.conv(name, x, channels, kernel, stride=stride, groups=channels, activation=activation, norm=norm)

    def act(self, name: str, x: int, activation: Activation | Gate, *, shared: bool = False) -> int:
        """Activation alone."""
        return self.add(name, Act(activation, shared), x)

    def norm(self, name: str, x: int) -> int:
        """Batch norm alone."""
        return self.add(name, Norm(), x)

    def shuffle(self, name: str, x: int, groups: int) -> int:
        """Channel shuffle."""
        return self.add(name, Shuffle(groups), x)

    def join(self, name: str, *xs: int) -> int:
        """The sum."""
        return self.add(name, Add(), *xs)

    def squeeze_excite(
        self, name: str, x: int, channels: int, squeezed: int, activation: Activation = "prelu", gate: Gate = "sigmoid"
    ) -> int:
        """Scale each of ``channels`` by a gate computed from all channels' means (Hu et al., arXiv 1709.01507)."""
        y = self.add(f"{name}.pool", Pool("average"), x)
        y = self.add(f"{name}.squeeze", Linear(squeezed, bias=True), y)
        y = self.act(f"{name}.slope", y, activation)
        y = self.add(f"{name}.excite", Linear(channels, bias=True), y)
        return self.add(f"{name}.scale", Scale(), x, self.act(f"{name}.gate", y, gate))

    def body(self) -> Body:
        """What was written."""
        return tuple(self.nodes)


def reads_of(body: Body) -> int:
    """How many outputs of blocks before it the body reads: 2 for a DARTS cell. An empty body gives its input on."""
    return max((-min(node.reads) for node in body if min(node.reads) < 0), default=1)


def shapes(body: Body, inputs: Sequence[Shape]) -> list[Shape]:
    """The shape after each node; ``inputs`` are those of the blocks before, the last first.

    Raises SpecError, the node's name in front, if a layer does not fit what it reads.
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
    return tuple([found[index] if index >= 0 else inputs[-index - 1] for index in node.reads])  # a list is faster


def output_shape(body: Body, inputs: Sequence[Shape]) -> Shape:
    """The shape after the body."""
    return shapes(body, inputs)[-1] if body else inputs[0]


def check_body(body: Body) -> None:
    """Raises SpecError, the node's name in front, if the body is not a graph all of whose nodes reach the output."""
    names = set[str]()
    for index, node in enumerate(body):
        if node.name in names:
            raise SpecError(f"{node.name}: nodes of a body must have names of their own")
        names.add(node.name)
        if not node.reads or max(node.reads) >= index:
            raise SpecError(f"{node.name}: must read nodes before it, got {list(node.reads)}")
    used = {len(body) - 1}
    for index in range(len(body) - 1, -1, -1):
        if index in used:
            used.update(body[index].reads)
        else:
            raise SpecError(f"{body[index].name}: must be read, for the last node is the output")


def body_digest(body: Body, inputs: Sequence[str] = ()) -> str:
    """32 hexadecimal digits, equal for bodies that build the same network on ``inputs``, the digests of what is read.

    From the output upwards: names and the order in which nodes are written do not count, nor does the order of what a sum
    reads; layers that do nothing are left out.
    """
    known: list[str] = []
    for node in body:
        read = [known[index] if index >= 0 else _before(index, inputs) for index in node.reads]
        known.append(_node_digest(node.layer, read))
    return known[-1] if body else _before(BEFORE, inputs)


def _before(index: int, inputs: Sequence[str]) -> str:
    return inputs[-index - 1] if len(inputs) >= -index else str(index)


def _node_digest(layer: Layer, read: list[str]) -> str:
    match layer:
        case Shuffle(groups=1) | Slice(start=0, stop=None, shift=0) | Pool(kernel=1, stride=1, padding=0):
            return read[0]
        case Add() | Concat() if len(read) == 1:
            return read[0]
        case Add():
            read = sorted(read)
        case Conv() | Linear() | Norm() | Act() | Pool() | Shuffle() | Slice() | Concat() | Scale():
            pass
        case _:
            assert_never(layer)
    return hashlib.sha256(f"{_text(layer)}({','.join(read)})".encode()).hexdigest()[:32]


@lru_cache(maxsize=1 << 14)
def _text(layer: Layer) -> str:
    # Defaults are left out, so that a field added later changes no digest of a network that does not use it.
    values = ((f.name, getattr(layer, f.name)) for f in fields(layer) if getattr(layer, f.name) != f.default)
    return f"{type(layer).__name__}{''.join(f' {name}={value}' for name, value in values)}"
