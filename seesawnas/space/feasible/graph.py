"""The space as a graph.

A path from a root to the end is a network, and every network is exactly one path.

A node stands before a stage; its state is the shapes of the last outputs, as many as a block of the
space may read, and the set of choices of the network-wide decisions (stem, input, defaults, head)
that all stages before it allow. An edge takes one of the stage's rows. Because rows are distinct
and the choices still allowed travel with the node, networks that can be spelled in several ways are
one path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from seesawnas.arch import Block, Input, Shape, find_kind
from seesawnas.arch.blocks.parts import block_digest, is_shipped
from seesawnas.cost import MADDS, Measure
from seesawnas.errors import DocumentError, SpecError
from seesawnas.space.attributes import Option
from seesawnas.space.feasible.effort import CompileCost
from seesawnas.space.feasible.heads import Heads
from seesawnas.space.feasible.stages import (
    Blocks,
    BuildResult,
    Ints,
    Place,
    Rows,
    State,
    States,
    stage_decisions,
    stage_rows,
)
from seesawnas.space.search_space import Assignment, Decision, SearchSpace

MAX_NETWORK_CHOICES = 4096


@dataclass(frozen=True, slots=True)
class StageTable:
    """A stage's distinct rows on one input map, over every choice of the network-wide decisions.

    Attributes:
        makes: (groups, rows) The combination that makes a row under a group of choices, -1 if none
            does.
        group: The group of each choice.
        allows: (rows,) The bit set of choices under which the row exists.
        kinds: The distinct (state after it, bit set) of rows, each with the rows that have it, in
            order.
    """

    blocks: Ints
    costs: Ints
    makes: Ints
    group: Ints
    allows: npt.NDArray[np.object_]
    kinds: tuple[tuple[State, int, Ints], ...]


@dataclass(slots=True, eq=False)
class Node:
    """Edges to the nodes after one stage, grouped by (child, cost) and sorted by it.

    Attributes:
        costs: The cost of each group; on the last stage it includes the head.
        child: The child of each group; -1 is the end.
        weights: Rows in each group.
        rows: The table's rows, group after group.
        starts: The place in ``rows`` at which each group begins.
    """

    stage: int
    state: State
    table: StageTable
    allowed: int
    children: list[Node]
    costs: Ints
    child: Ints
    weights: Ints
    rows: Ints
    starts: Ints
    memo: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Root:
    """An input, stem and head with the choices that give them, and the cost of the stem."""

    node: Node
    cost: int


class StageGraph:
    """Compiles a search space.

    Raises:
        DocumentError: If the space has no network at all, or cannot be counted exactly.
    """

    def __init__(self, space: SearchSpace, measure: Measure = MADDS) -> None:
        self.space = space
        self.measure = measure
        self.reads = space.reads
        self.network = _network_decisions(space)
        self.choices = _choices(space, self.network)
        self.stage_decisions = tuple(
            stage_decisions(stage, i) for i, stage in enumerate(space.stages)
        )
        self.numbers = Blocks()
        self.states = States()
        self._tried = BuildResult()
        self.heads = Heads(space, self.choices, self._tried)
        self._effort = CompileCost(space)
        self._places = tuple(
            Place(stage, number, space.source, self.numbers, self.states, measure, self._tried)
            for number, stage in enumerate(space.stages)
        )
        self._tables: dict[tuple[int, State], StageTable] = {}
        self._nodes: dict[object, Node] = {}
        self.roots = tuple(self._roots())
        _check_kinds(space, self._tried)
        _check_boundaries(space, self._tables)

    def _roots(self) -> Iterator[Root]:
        parts: dict[tuple[Input, str, int], int] = {}
        stems: dict[tuple[Input, str], tuple[Block, Shape]] = {}
        for bit, choice in enumerate(self.choices):
            size = self.space.input(choice)
            try:
                with self._tried.record(self.space.stem, choice):
                    stem = self.space.stem_of(choice)
            except SpecError:
                continue
            key = (size, block_digest(stem[0]))
            stems.setdefault(key, stem)
            part = (*key, self.heads.group[bit])
            parts[part] = parts.get(part, 0) | 1 << bit
        for (size, digest, head), allowed in parts.items():
            made, output = stems[size, digest]
            node = self._node(0, (output,) * self.reads, allowed, head)
            if node is not None:
                image = Shape(3, size.height, size.width)
                yield Root(node, self.measure.of(made, (image,)))

    def _node(self, stage: int, state: State, allowed: int, head: int) -> Node | None:
        key = (stage, state, allowed, head)
        if key not in self._nodes:
            made = self._make_node(stage, state, allowed, head)
            if made is None:
                return None
            self._nodes[key] = made
        return self._nodes[key]

    def _make_node(self, stage: int, state: State, allowed: int, head: int) -> Node | None:
        table = self._table(stage, state)
        last = stage == len(self.space.stages) - 1
        groups = _groups(table, allowed)
        children: list[Node] = []
        index = np.full(len(table.costs), -2, np.int64)
        costs = table.costs.copy()
        for (after, still), members in groups.items():
            if last:
                if (cost := self.heads.cost(head, after, self.measure)) is not None:
                    index[members] = -1
                    costs[members] += cost
            elif (child := self._node(stage + 1, after, still, head)) is not None:
                index[members] = len(children)
                children.append(child)
        node = _grouped(stage, state, table, allowed, children, index, costs)
        self._effort.hold(stage, 0 if node is None else len(node.rows))
        return node

    def _table(self, stage: int, state: State) -> StageTable:
        key = (stage, state)
        if key not in self._tables:
            self._tables[key] = self._make_table(stage, state)
            self._effort.spend(stage)
        return self._tables[key]

    def _make_table(self, stage: int, state: State) -> StageTable:
        names = {attribute.path for attribute in self.space.stages[stage].all()}
        used = [decision.name for decision in self.network if decision.name in names]
        above: dict[tuple[Option, ...], int] = {}
        group = [
            above.setdefault(tuple(choice[name] for name in used), len(above))
            for choice in self.choices
        ]
        place = self._places[stage]
        found = [stage_rows(place, state, dict(zip(used, values, strict=True))) for values in above]
        return _merge(found, group, self.states)


def _merge(found: list[Rows], group: list[int], states: States) -> StageTable:
    """One table of all groups' rows.

    ``group`` says which of ``found`` holds for each choice of the network decisions.
    """
    stacked = np.concatenate([rows.blocks for rows in found])
    blocks, first, inverse = np.unique(stacked, axis=0, return_index=True, return_inverse=True)
    makes = np.full((len(found), len(blocks)), -1, np.int64)
    start = 0
    for number, rows in enumerate(found):
        makes[number, inverse[start : start + len(rows.costs)]] = rows.combination
        start += len(rows.costs)
    costs = np.concatenate([rows.costs for rows in found])[first]
    after = np.concatenate([rows.after for rows in found])[first]
    packed = np.packbits(makes >= 0, axis=0).T  # the groups that have a row, as bytes
    _, example, pattern = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    bits = [0] * len(found)
    for bit, number in enumerate(group):
        bits[number] |= 1 << bit
    masks = np.zeros(len(example), object)
    for number, mask in enumerate(bits):
        masks[makes[number, example] >= 0] |= mask
    kinds = _kinds(after, masks, pattern, states)
    return StageTable(blocks, costs, makes, np.array(group), masks[pattern], kinds)


def _kinds(
    after: Ints, masks: npt.NDArray[np.object_], pattern: Ints, states: States
) -> tuple[tuple[State, int, Ints], ...]:
    """Rows by the state after them and by the network-wide choices that make them.

    These choices are given as a bit set.
    """
    kinds, kind = np.unique(np.column_stack([after, pattern]), axis=0, return_inverse=True)
    order = np.argsort(kind, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(kind[order])) + 1) if len(order) else []
    return tuple(
        (states.states[number], int(masks[choices]), rows)
        for (number, choices), rows in zip(kinds.tolist(), members, strict=True)
    )


def _groups(table: StageTable, allowed: int) -> Mapping[tuple[State, int], Ints]:
    """Rows by what the next stage sees.

    That is the last outputs and the network-wide choices still allowed; if none is left, there is
    no edge.
    """
    groups: dict[tuple[State, int], list[Ints]] = {}
    for after, mask, rows in table.kinds:
        if still := mask & allowed:
            groups.setdefault((after, still), []).append(rows)
    return {
        key: parts[0] if len(parts) == 1 else np.concatenate(parts)
        for key, parts in sorted(groups.items())
    }


def _grouped(
    stage: int,
    state: State,
    table: StageTable,
    allowed: int,
    children: list[Node],
    index: Ints,
    costs: Ints,
) -> Node | None:
    kept = np.flatnonzero(index > -2)
    if not len(kept):
        return None
    rows = kept[np.lexsort((kept, costs[kept], index[kept]))]
    keys = np.stack([index[rows], costs[rows]], axis=1)
    starts = np.flatnonzero(np.r_[True, np.any(keys[1:] != keys[:-1], axis=1)])
    weights = np.diff(np.r_[starts, len(rows)])
    return Node(
        stage,
        state,
        table,
        allowed,
        children,
        keys[starts, 1],
        keys[starts, 0],
        weights,
        rows,
        starts,
    )


def _network_decisions(space: SearchSpace) -> tuple[Decision, ...]:
    return tuple(
        decision for decision in space.decisions if not decision.name.startswith("stages.")
    )


def _choices(space: SearchSpace, decisions: tuple[Decision, ...]) -> tuple[Assignment, ...]:
    total = prod(len(decision.options) for decision in decisions)
    if total > MAX_NETWORK_CHOICES:
        rule = (
            f"must have at most {MAX_NETWORK_CHOICES} combinations of network-wide decisions, "
            f"got {total}"
        )
        raise DocumentError(space.source, [rule])
    return tuple(
        dict(zip((d.name for d in decisions), values, strict=True))
        for values in product(*(d.options for d in decisions))
    )


def _check_kinds(space: SearchSpace, tried: BuildResult) -> None:
    """Check that every kind that does not ship is made somewhere.

    A kind that is made nowhere is broken, or given what it cannot take; left out without a word, it
    would be missed. Kinds that ship are tested, and there are spaces that offer one to widths that
    it does not divide.

    Raises:
        DocumentError: If a kind that does not ship is made nowhere.
    """
    for name, reason in tried.refused.items():
        kind = find_kind(name)
        if name not in tried.made and kind is not None and not is_shipped(kind.block):
            raise DocumentError(
                space.source, [f"kind {name} must be valid in some stage, got {reason}"]
            )


def _check_boundaries(space: SearchSpace, tables: Mapping[tuple[int, State], StageTable]) -> None:
    """Check that no stage may go on with the blocks of the stage before it.

    Two such stages could be cut from each other in two ways, and a network would be counted twice.
    A stage's own first block always begins it, so only the blocks after it (columns 2 and on) can
    be taken for the next stage's.

    Raises:
        DocumentError: If a stage may begin with a block that the stage before it, of variable
            depth, may end with.
    """
    for number, stage in enumerate(space.stages[1:], start=1):
        if 1 not in stage.stride.options or space.stages[number - 1].depth.is_fixed:
            continue
        before = {
            int(b)
            for (k, _), t in tables.items()
            if k == number - 1
            for b in t.blocks[:, 2:].ravel()
        } - {-1}
        first = {int(b) for (k, _), t in tables.items() if k == number for b in t.blocks[:, 1]} - {
            -1
        }
        if before & first:
            rule = (
                f"stride must be 2 after stages.{number - 1} (variable depth, same block "
                "possible), got 1"
            )
            raise DocumentError(space.source, [f"stages.{number}: {rule}; or merge the two stages"])
