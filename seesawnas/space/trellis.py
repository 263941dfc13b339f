"""The space as a trellis: a path from a root to the end is a network, and every network is exactly one path.

A node stands before a stage; its state is the input map (channels, height, width) and the set of choices of the network-wide
decisions (stem, input, defaults, head) that all stages before it allow. An edge takes one of the stage's rows. Because rows
are distinct and the choices still allowed travel with the node, networks that can be spelled in several ways are one path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from seesawnas.arch import Head, Shape, Stem
from seesawnas.arch.spec import down
from seesawnas.cost import block_cost
from seesawnas.errors import DocumentError
from seesawnas.space.attributes import Option
from seesawnas.space.effort import Effort
from seesawnas.space.rows import Blocks, Cells, Ints, Rows, stage_decisions, stage_rows
from seesawnas.space.search_space import Assignment, Decision, SearchSpace, pick

State = tuple[int, int, int]
MAX_NETWORK_CHOICES = 4096


@dataclass(frozen=True, slots=True)
class StageTable:
    """A stage's distinct rows on one input map, over every choice of the network-wide decisions.

    ``makes`` (groups, rows) holds the combination that makes a row under a group of choices, -1 where none does, and
    ``group`` the group of each choice; ``allows`` (rows,) the bit set of choices under which the row exists. ``kinds`` lists
    the distinct (output map, bit set) of rows, each with the rows that have it, in order.
    """

    blocks: Ints
    madds: Ints
    makes: Ints
    group: Ints
    allows: npt.NDArray[np.object_]
    kinds: tuple[tuple[State, int, Ints], ...]


@dataclass(slots=True, eq=False)
class Node:
    """Edges to the nodes after one stage, grouped by (child, cost) and sorted by it.

    ``costs``, ``child`` (-1: the end) and ``weights`` (rows in the group) describe the groups; ``rows`` lists the table's rows,
    group after group, and ``starts`` says where each group begins. On the last stage ``costs`` include the head.
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
    """An input, stem and head with the choices that give them, and the MAdds of the stem."""

    node: Node
    madds: int


class Trellis:
    """Compiles a search space. Raises DocumentError where it has no network at all, or cannot be counted exactly."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.network = _network_decisions(space)
        self.choices = _choices(space, self.network)
        self.stage_decisions = tuple(stage_decisions(stage, i) for i, stage in enumerate(space.stages))
        self.numbers = Blocks()
        self._effort = Effort(space)
        self._later: dict[object, Cells] = {}
        self._tables: dict[tuple[int, State], StageTable] = {}
        self._nodes: dict[object, Node] = {}
        self.roots = tuple(self._roots())
        _check_boundaries(space, self._tables)

    def _roots(self) -> Iterator[Root]:
        parts: dict[tuple[object, Stem, Head], int] = {}
        for bit, choice in enumerate(self.choices):
            part = (self.space.input(choice), _stem(self.space, choice), self.space.head_of(choice))
            parts[part] = parts.get(part, 0) | 1 << bit
        for (picture, stem, head), allowed in parts.items():
            size = picture.height, picture.width  # type: ignore[attr-defined]
            state = (stem.width, down(size[0], 2), down(size[1], 2))
            node = self._node(0, state, allowed, head)
            if node is not None:
                yield Root(node, block_cost(stem, (Shape(3, *size),)).madds)

    def _node(self, stage: int, state: State, allowed: int, head: Head) -> Node | None:
        key = (stage, state, allowed, head)
        if key not in self._nodes:
            made = self._make_node(stage, state, allowed, head)
            if made is None:
                return None
            self._nodes[key] = made
        return self._nodes[key]

    def _make_node(self, stage: int, state: State, allowed: int, head: Head) -> Node | None:
        table = self._table(stage, state)
        last = stage == len(self.space.stages) - 1
        groups = _groups(table, allowed)
        children: list[Node] = []
        index = np.full(len(table.madds), -2, np.int64)
        costs = table.madds.copy()
        for (output, still), members in groups.items():
            if last:
                index[members] = -1
                costs[members] += block_cost(head, (Shape(*output),)).madds
            elif (child := self._node(stage + 1, output, still, head)) is not None:
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
        group = [above.setdefault(tuple(choice[name] for name in used), len(above)) for choice in self.choices]
        found = [
            stage_rows(
                self.space.stages[stage],
                stage,
                self.space.source,
                state,
                dict(zip(used, values, strict=True)),
                self.numbers,
                self._later,
            )
            for values in above
        ]
        return _merge(found, group)


def _merge(found: list[Rows], group: list[int]) -> StageTable:
    """One table of all groups' rows; ``group`` says which of ``found`` holds for each choice of the network decisions."""
    stacked = np.concatenate([rows.blocks for rows in found])
    blocks, first, inverse = np.unique(stacked, axis=0, return_index=True, return_inverse=True)
    makes = np.full((len(found), len(blocks)), -1, np.int64)
    start = 0
    for number, rows in enumerate(found):
        makes[number, inverse[start : start + len(rows.madds)]] = rows.combination
        start += len(rows.madds)
    madds = np.concatenate([rows.madds for rows in found])[first]
    output = np.concatenate([rows.output for rows in found])[first]
    packed = np.packbits(makes >= 0, axis=0).T  # the groups that have a row, as bytes
    _, example, pattern = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    bits = [0] * len(found)
    for bit, number in enumerate(group):
        bits[number] |= 1 << bit
    masks = np.zeros(len(example), object)
    for number, mask in enumerate(bits):
        masks[makes[number, example] >= 0] |= mask
    return StageTable(blocks, madds, makes, np.array(group), masks[pattern], _kinds(output, masks, pattern))


def _kinds(output: Ints, masks: npt.NDArray[np.object_], pattern: Ints) -> tuple[tuple[State, int, Ints], ...]:
    """Rows by output map and by the network-wide choices that make them, with these choices as a bit set."""
    kinds, kind = np.unique(np.column_stack([output, pattern]), axis=0, return_inverse=True)
    order = np.argsort(kind, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(kind[order])) + 1) if len(order) else []
    return tuple(
        ((int(channels), int(height), int(width)), int(masks[number]), rows)
        for (channels, height, width, number), rows in zip(kinds, members, strict=True)
    )


def _groups(table: StageTable, allowed: int) -> Mapping[tuple[State, int], Ints]:
    """Rows by what the next stage sees: output map, and network-wide choices still allowed; none left: no edge."""
    groups: dict[tuple[State, int], list[Ints]] = {}
    for output, mask, rows in table.kinds:
        if still := mask & allowed:
            groups.setdefault((output, still), []).append(rows)
    return {key: parts[0] if len(parts) == 1 else np.concatenate(parts) for key, parts in sorted(groups.items())}


def _grouped(
    stage: int, state: State, table: StageTable, allowed: int, children: list[Node], index: Ints, costs: Ints
) -> Node | None:
    kept = np.flatnonzero(index > -2)
    if not len(kept):
        return None
    rows = kept[np.lexsort((kept, costs[kept], index[kept]))]
    keys = np.stack([index[rows], costs[rows]], axis=1)
    starts = np.flatnonzero(np.r_[True, np.any(keys[1:] != keys[:-1], axis=1)])
    weights = np.diff(np.r_[starts, len(rows)])
    return Node(stage, state, table, allowed, children, keys[starts, 1], keys[starts, 0], weights, rows, starts)


def _network_decisions(space: SearchSpace) -> tuple[Decision, ...]:
    return tuple(decision for decision in space.decisions if not decision.name.startswith("stages."))


def _choices(space: SearchSpace, decisions: tuple[Decision, ...]) -> tuple[Assignment, ...]:
    total = prod(len(decision.options) for decision in decisions)
    if total > MAX_NETWORK_CHOICES:
        rule = f"must have at most {MAX_NETWORK_CHOICES} combinations of network-wide decisions, got {total}"
        raise DocumentError(space.source, [rule])
    return tuple(
        dict(zip((d.name for d in decisions), values, strict=True))
        for values in product(*(d.options for d in decisions))
    )


def _stem(space: SearchSpace, choice: Assignment) -> Stem:
    return Stem(int(pick(space.stem["width"], choice)), pick(space.stem["activation"], choice))  # type: ignore[arg-type]


def _check_boundaries(space: SearchSpace, tables: Mapping[tuple[int, State], StageTable]) -> None:
    """A stage that may go on with the blocks before it could be cut from them in two ways, and counted twice.

    A stage's own first block always begins it, so only the blocks after it (columns 2 and on) can be taken for the next's.
    """
    for number, stage in enumerate(space.stages[1:], start=1):
        if 1 not in stage.stride.options or space.stages[number - 1].depth.is_fixed:
            continue
        before = {int(b) for (k, _), t in tables.items() if k == number - 1 for b in t.blocks[:, 2:].ravel()} - {-1}
        first = {int(b) for (k, _), t in tables.items() if k == number for b in t.blocks[:, 1]} - {-1}
        if before & first:
            rule = f"must not begin with a block that stages.{number - 1}, of several depths, also holds, got stride 1"
            raise DocumentError(space.source, [f"stages.{number}: {rule}; give it stride 2 or make the two one stage"])
