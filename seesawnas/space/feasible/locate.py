"""Where a network lies in a space: the assignment that makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from seesawnas.arch import ArchSpec, Block, Shape
from seesawnas.space.attributes import Attribute, Option
from seesawnas.space.feasible.cost_neutral import NAME, path_of
from seesawnas.space.feasible.feasible import FeasibleSet
from seesawnas.space.feasible.graph import Node
from seesawnas.space.feasible.stages import State, position_classes, unpack
from seesawnas.space.search_space import StageSpace, read_shapes

Path: TypeAlias = tuple[dict[str, Option], list[int]]


def locate(feasible: FeasibleSet, spec: ArchSpec) -> dict[str, Option] | None:
    """The assignment of ``spec`` in the set, always the same one for a network.

    None if it is not in the set.
    """
    if not feasible.holds(spec):
        return None
    for core, depths in _Walk(feasible, spec).paths():
        free = _free_options(feasible, spec, depths)
        assignment = {d.name: {**core, **free}[d.name] for d in feasible.decisions}
        if feasible.space.choose(assignment) == spec:
            return assignment
    return None


def _free_options(feasible: FeasibleSet, spec: ArchSpec, depths: list[int]) -> dict[str, Option]:
    """The options of the decisions that cost nothing (activations).

    They are read from the parts that they rule.
    """
    space = feasible.space
    places: list[tuple[Mapping[str, Attribute], Block]] = [
        (space.stem, spec.stem),
        (space.head, spec.head),
    ]
    blocks = iter(spec.blocks)
    for stage, depth in zip(space.stages, depths, strict=True):
        places += [(stage.at(index), next(blocks)) for index in range(depth)]
    ruled: dict[str, Any] = {
        path_of(attributes): getattr(block, NAME)
        for attributes, block in places
        if hasattr(block, NAME)
    }
    found = {d: ruled.get(d.name) for d in feasible.candidates.free}
    return {d.name: option if option in d.options else d.options[0] for d, option in found.items()}


@dataclass
class _Walk:
    """Follows the graph along the blocks of a network.

    The free activations are at their stand-ins.
    """

    feasible: FeasibleSet
    spec: ArchSpec

    def paths(self) -> Iterator[Path]:
        """Paths that hold the network's blocks.

        Returns:
            For each path, its assignment except for the free decisions, and the depth of each
            stage.
        """
        for root in self.feasible.candidates.stage_graph.roots:
            yield from self._after(root.node, 0, root.node.allowed, [])

    def _after(
        self, node: Node, start: int, allowed: int, rows: list[tuple[Node, int]]
    ) -> Iterator[Path]:
        stage = self.feasible.candidates.stage_graph.space.stages[node.stage]
        for depth in sorted(int(option) for option in stage.depth.options):
            end = start + depth
            if end > len(self.spec.blocks) or (not node.children and end != len(self.spec.blocks)):
                continue
            for row in self._rows(node, stage, start, depth):
                still = allowed & int(node.table.allows[row])
                taken = [*rows, (node, row)]
                if not still:
                    continue
                if not node.children:
                    yield from self._assignments(still, taken)
                for child in node.children:
                    if child.state == self._state(start + depth) and still & child.allowed:
                        yield from self._after(child, start + depth, still & child.allowed, taken)

    def _state(self, blocks: int) -> State:
        """The shapes of the last outputs after the first ``blocks`` blocks of the network."""
        return read_shapes(self._shapes[: blocks + 1], self.feasible.candidates.stage_graph.reads)

    @cached_property
    def _shapes(self) -> tuple[Shape, ...]:
        return self.spec.shapes()[:-1]

    def _rows(self, node: Node, stage: StageSpace, start: int, depth: int) -> list[int]:
        wanted: list[int | None] = [depth]
        stage_graph = self.feasible.candidates.stage_graph
        for cls in position_classes(stage, stage_graph.reads):
            own = {
                stage_graph.numbers.known(
                    self._stand_in(stage, i, self.spec.blocks[start + i]), self._state(start + i)
                )
                for i in cls.indices
                if i < depth
            }
            if len(own) > 1:
                return []
            wanted.append(own.pop() if own else -1)
        if None in wanted:
            return []
        return [int(r) for r in np.flatnonzero((node.table.blocks == np.array(wanted)).all(axis=1))]

    def _stand_in(self, stage: StageSpace, index: int, block: Block) -> Block:
        attributes = stage.at(index)
        free = {decision.name for decision in self.feasible.candidates.free}
        if path_of(attributes) not in free or not hasattr(block, NAME):
            return block
        return replace(block, activation=attributes[NAME].options[0])  # type: ignore[call-arg]

    def _assignments(self, allowed: int, rows: list[tuple[Node, int]]) -> Iterator[Path]:
        stage_graph = self.feasible.candidates.stage_graph
        depths = [int(node.table.blocks[row, 0]) for node, row in rows]
        for choice in range(allowed.bit_length()):
            if not allowed >> choice & 1:
                continue
            found = dict(stage_graph.choices[choice])
            for number, (node, row) in enumerate(rows):
                decisions = stage_graph.stage_decisions[number]
                options = unpack(decisions, node.table.makes[node.table.group[choice], [row]])[0]
                found.update(
                    {d.name: d.options[i] for d, i in zip(decisions, options, strict=True)}
                )
                depth = stage_graph.space.stages[number].depth
                found.update({} if depth.is_fixed else {depth.path: depths[number]})
            yield found, depths
