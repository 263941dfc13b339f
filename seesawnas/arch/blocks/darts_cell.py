"""PocketNet's DARTS cell (Boutros et al., arXiv 2108.10710; Liu et al., arXiv 1806.09055).

It is made of operations on the edges of a graph.

A cell reads two maps, states 0 (the output before the last one) and 1 (the last one), each brought
to ``width / 4`` channels. Its nodes, states 2 to 5, are sums of two edges: ``op_3b`` of the state
``from_3b`` is the second edge of node 3. The nodes, concatenated, are the output.

Cells that differ in the order of their nodes, or of the two edges of a node, are one value,
exactly: all orders are tried, and the first one by the edges' operations and states holds. Two
cases are not found to be the same: two first cells that differ in which of the states 0 and 1,
there one map, are read; and two nodes of skips alone that add the same states in other pairs, as (a
+ b) + c and a + (b + c), which are equal but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any, ClassVar, Literal, Self, TypeAlias, get_args

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, attribute, require
from seesawnas.arch.blocks.checks import check_activation, check_divides, check_widths
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Concat, Pool, Shape, Slice
from seesawnas.errors import SpecError

Operation: TypeAlias = Literal["dw1", "dw3", "dw5", "dw7", "skip", "max3", "avg3"]
Edge: TypeAlias = tuple[Operation, int]
Genotype: TypeAlias = tuple[tuple[Edge, Edge], ...]

OPERATIONS: tuple[Operation, ...] = get_args(Operation)
NODES = (2, 3, 4, 5)
OLD, NEW = 0, 1
BEFORE_LAST = BEFORE - 1

_STATES = {node: tuple(range(node)) for node in NODES}
_operation = rules.one_of(*OPERATIONS)
_state = {node: rules.one_of(*states) for node, states in _STATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class DartsCell(Block):
    """A cell of operations, all without a change of width.

    They are dw1 to dw7 (activation, depthwise convolution of that kernel, pointwise convolution,
    batch norm), max3 and avg3 (3x3 pooling, batch norm), skip (the state itself). In a cell of
    stride 2 edges from the states 0 and 1 have that stride; skip is then a factorised reduction.

    A factorised reduction (activation; a 1x1 depthwise and a pointwise convolution, on the even
    pixels to half of the channels and on the odd ones to the other half; batch norm) also brings
    state 0 to the size of state 1 if the block before this one had stride 2, which the shapes say.
    A state that no edge reads is not made; one edge must read state 1.

    By default the edges are those of PocketNet's normal cell.
    """

    kind: ClassVar[str] = "darts_cell"
    reads: ClassVar[int] = 2
    free_activation: ClassVar[bool] = True

    inputs: int
    inputs_before: int
    reduced_before: bool = False
    outputs: int
    stride: int = 1
    op_2a: Operation = attribute(_operation, "dw1", levels=OPERATIONS)
    from_2a: int = attribute(_state[2], 1, levels=_STATES[2])
    op_2b: Operation = attribute(_operation, "dw3", levels=OPERATIONS)
    from_2b: int = attribute(_state[2], 0, levels=_STATES[2])
    op_3a: Operation = attribute(_operation, "dw3", levels=OPERATIONS)
    from_3a: int = attribute(_state[3], 2, levels=_STATES[3])
    op_3b: Operation = attribute(_operation, "dw5", levels=OPERATIONS)
    from_3b: int = attribute(_state[3], 0, levels=_STATES[3])
    op_4a: Operation = attribute(_operation, "dw3", levels=OPERATIONS)
    from_4a: int = attribute(_state[4], 0, levels=_STATES[4])
    op_4b: Operation = attribute(_operation, "dw3", levels=OPERATIONS)
    from_4b: int = attribute(_state[4], 3, levels=_STATES[4])
    op_5a: Operation = attribute(_operation, "dw3", levels=OPERATIONS)
    from_5a: int = attribute(_state[5], 4, levels=_STATES[5])
    op_5b: Operation = attribute(_operation, "skip", levels=OPERATIONS)
    from_5b: int = attribute(_state[5], 0, levels=_STATES[5])
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)

    def __post_init__(self) -> None:
        check_widths(self, "inputs", "inputs_before", "outputs")
        check_divides("the nodes", len(NODES), self.outputs)
        check_activation(self.activation)
        for node in NODES:
            for operation, state in self._edges(node):
                require(
                    operation in OPERATIONS,
                    f"operation must be one of {', '.join(OPERATIONS)}",
                    operation,
                )
                require(state in range(node), f"node {node} must use an earlier state", state)
        genotype = canonical_genotype(self.genotype)
        require(
            NEW in self._read(genotype),
            "at least one edge must use state 1 (the previous block)",
            "none",
        )
        for node, edges in zip(NODES, genotype, strict=True):
            for letter, (operation, state) in zip("ab", edges, strict=True):
                object.__setattr__(self, f"op_{node}{letter}", operation)
                object.__setattr__(self, f"from_{node}{letter}", state)
        if self._halves():
            check_divides("the two halves of a factorised reduction", 2, self.channels)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """The cell on two maps; ``reduced_before`` follows from their sizes.

        Raises:
            SpecError: If the sizes do not fit together.
        """
        new, old = inputs
        return cls(
            inputs=new.channels,
            inputs_before=old.channels,
            reduced_before=_is_reduced(old, new),
            outputs=width,
            stride=stride,
            **options,
        )

    @property
    def channels(self) -> int:
        """Channels of each state."""
        return self.outputs // len(NODES)

    @property
    def genotype(self) -> Genotype:
        """Two edges a node: the operation, and the state that it reads."""
        return tuple(self._edges(node) for node in NODES)

    def takes(self) -> tuple[int, ...]:
        """Channels of the states 1 and 0, as they come."""
        return self.inputs, self.inputs_before

    def body(self) -> Body:
        """Of what layers it is."""
        draft, genotype = Draft(), self.genotype
        states: dict[int, int] = {}
        read = self._read(genotype)
        if OLD in read and self.reduced_before:
            states[OLD] = self._reduce(draft, "old", BEFORE_LAST, self.inputs_before)
        elif OLD in read:
            states[OLD] = self._separable(draft, "old", BEFORE_LAST, self.inputs_before, 1, 1)
        states[NEW] = self._separable(draft, "new", BEFORE, self.inputs, 1, 1)
        for node, edges in zip(NODES, genotype, strict=True):
            made = [
                self._edge(
                    draft, f"node{node}.{letter}", operation, states[state], self._stride(state)
                )
                for letter, (operation, state) in zip("ab", edges, strict=True)
            ]
            states[node] = draft.join(f"node{node}.join", *made)
        draft.add("concat", Concat(), *(states[node] for node in NODES))
        return draft.body()

    def _edges(self, node: int) -> tuple[Edge, Edge]:
        first, second = (
            (getattr(self, f"op_{node}{letter}"), getattr(self, f"from_{node}{letter}"))
            for letter in "ab"
        )
        return first, second

    @staticmethod
    def _read(genotype: Genotype) -> set[int]:
        return {state for edges in genotype for _, state in edges}

    def _stride(self, state: int) -> int:
        return self.stride if state in (OLD, NEW) else 1

    def _halves(self) -> bool:
        """Whether something in the cell is a factorised reduction."""
        edges = [edge for both in self.genotype for edge in both]
        return (self.reduced_before and any(state == OLD for _, state in edges)) or any(
            operation == "skip" and self._stride(state) == 2 for operation, state in edges
        )

    def _edge(self, draft: Draft, name: str, operation: Operation, x: int, stride: int) -> int:
        match operation:
            case "skip":
                return x if stride == 1 else self._reduce(draft, name, x, self.channels)
            case "max3" | "avg3":
                pool = Pool("max" if operation == "max3" else "average", 3, stride, padding=1)
                return draft.norm(f"{name}.norm", draft.add(f"{name}.pool", pool, x))
            case _:
                return self._separable(
                    draft, name, x, self.channels, int(operation.removeprefix("dw")), stride
                )

    def _separable(
        self, draft: Draft, name: str, x: int, inputs: int, kernel: int, stride: int
    ) -> int:
        x = draft.act(f"{name}.act", x, self.activation)
        x = draft.depthwise(f"{name}.depthwise", x, inputs, kernel, stride=stride, norm=False)
        return draft.conv(f"{name}.project", x, self.channels)

    def _reduce(self, draft: Draft, name: str, x: int, inputs: int) -> int:
        x = draft.act(f"{name}.act", x, self.activation)
        made = []
        for half, pixels in (("even", x), ("odd", draft.add(f"{name}.shift", Slice(shift=1), x))):
            one = draft.depthwise(
                f"{name}.{half}.depthwise", pixels, inputs, 1, stride=2, norm=False
            )
            made.append(draft.conv(f"{name}.{half}.project", one, self.channels // 2, norm=False))
        return draft.norm(f"{name}.norm", draft.add(f"{name}.concat", Concat(), *made))


@lru_cache(maxsize=1 << 16)
def canonical_genotype(genotype: Genotype) -> Genotype:
    """The first of all orders of nodes and edges that make the same graph."""
    found: list[tuple[tuple[tuple[int, int], ...], ...]] = []
    ranks = [
        [(OPERATIONS.index(operation), state) for operation, state in edges] for edges in genotype
    ]
    for order in permutations(range(len(NODES))):
        place = {OLD: OLD, NEW: NEW, **{NODES[node]: NODES[new] for new, node in enumerate(order)}}
        moved = [sorted((rank, place[state]) for rank, state in ranks[node]) for node in order]
        if all(state < own for own, edges in zip(NODES, moved, strict=True) for _, state in edges):
            found.append(tuple(map(tuple, moved)))
    return tuple(
        (_edge_of(*first), _edge_of(*second))
        for first, second in (tuple(edges) for edges in min(found))
    )


def _edge_of(rank: int, state: int) -> Edge:
    return OPERATIONS[rank], state


def _is_reduced(old: Shape, new: Shape) -> bool:
    if old[1:] == new[1:]:
        return False
    if tuple(-(-side // 2) for side in old[1:]) == new[1:]:
        return True
    sizes = (f"{shape.height}x{shape.width}" for shape in (old, new))
    raise SpecError(
        "input maps must have the same size, or the last one half the size, got {} and {}".format(
            *sizes
        )
    )
