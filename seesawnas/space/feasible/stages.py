"""The distinct ways to build one stage, as arrays.

A row is one sequence of blocks that a stage can be, for one input map. Options that make the same
blocks make one row: the first combination that makes it stands for all. So every count here is of
networks, not of spellings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seesawnas.arch import Block, Inputs, Shape, body_of
from seesawnas.arch.blocks.parts import block_digest, block_reads
from seesawnas.cost import MADDS, Measure
from seesawnas.errors import BudgetError, DocumentError, SpecError
from seesawnas.space.attributes import Attribute
from seesawnas.space.search_space import Assignment, Decision, StageSpace, make_block, pick

Ints: TypeAlias = npt.NDArray[np.int64]
State: TypeAlias = tuple[Shape, ...]
"""The shapes of the last outputs, the last first: as many as any block of the space reads."""

MAX_COMBINATIONS = 2_000_000
MAX_COST = 10**13  # a block; a sum over blocks then fits a machine integer
_INVALID = -1


class Blocks:
    """Numbers for blocks at their places: equal bodies on equal channels, equal numbers."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}

    def number(self, block: Block, inputs: Inputs) -> int:
        """The block's number, a new one if it is new."""
        return self._numbers.setdefault(_body_key(block, inputs), len(self._numbers))

    def known(self, block: Block, inputs: Inputs) -> int | None:
        """The block's number, None if no stage can hold it."""
        return self._numbers.get(_body_key(block, inputs))


def _body_key(block: Block, inputs: Inputs) -> object:
    reads = block_reads(block)
    return block_digest(block), inputs[0].channels if reads == 1 else tuple(
        shape.channels for shape in inputs[:reads]
    )


@dataclass(frozen=True, slots=True)
class States:
    """Numbers for states: equal states, equal numbers."""

    states: list[State] = field(default_factory=list)
    _numbers: dict[State, int] = field(default_factory=dict)

    def number(self, state: State) -> int:
        """The state's number, a new one if it is new."""
        if state not in self._numbers:
            self._numbers[state] = len(self.states)
            self.states.append(state)
        return self._numbers[state]


@dataclass(frozen=True, slots=True)
class BuildResult:
    """Kinds that were made somewhere, and why each first could not be."""

    made: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def record(self, attributes: Mapping[str, Attribute], assignment: Assignment) -> Iterator[None]:
        """Note whether the part that is made within fits."""
        kind = str(pick(attributes["kind"], assignment))
        try:
            yield
        except SpecError as error:
            self.refused.setdefault(kind, str(error))
            raise
        self.made.add(kind)


@dataclass(frozen=True, slots=True)
class Place:
    """A stage of a space, and what numbers and measures its blocks.

    ``later`` keeps, from call to call, what the blocks after the first are on maps of the stage's
    own.
    """

    stage: StageSpace
    number: int
    source: str
    blocks: Blocks
    states: States
    measure: Measure = MADDS
    tried: BuildResult = field(default_factory=BuildResult)
    later: dict[object, Cells] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one stage, after one state and for one choice of the decisions above the stage.

    Attributes:
        blocks: (rows, 1 + classes) Identifies a row: its depth, then the number of the block in
            each class of positions.
        combination: The options that make each row (see :func:`unpack`).
        costs: What each row costs.
        after: The number of the state after each row.
    """

    blocks: Ints
    combination: Ints
    costs: Ints
    after: Ints


@dataclass(frozen=True, slots=True)
class PositionClass:
    """Block positions of a stage that always hold the same block.

    ``indices`` counts from the stage's first block.
    """

    attributes: Any
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """The block of a class for each combination of ``decisions``.

    (combinations, 3): its number, its cost and its output, the number of the state that holds the
    output alone.
    """

    decisions: tuple[Decision, ...]
    values: Ints


def stage_decisions(stage: StageSpace, number: int) -> tuple[Decision, ...]:
    """The stage's own decisions except its depth, in the order that numbers combinations."""
    own = {
        a.path: a for a in stage.all() if not a.is_fixed and a.path.startswith(f"stages.{number}.")
    }
    own.pop(stage.depth.path, None)
    return tuple(Decision(path, attribute.options) for path, attribute in own.items())


def unpack(decisions: tuple[Decision, ...], combinations: Ints) -> Ints:
    """(n,) combination numbers -> (n, decisions) option indices.

    The last decision varies fastest.
    """
    sizes = [len(decision.options) for decision in decisions]
    columns = np.unravel_index(combinations, sizes) if sizes else ()
    return np.stack(columns, axis=1) if sizes else np.zeros((len(combinations), 0), np.int64)


def stage_rows(place: Place, before: State, above: Assignment) -> Rows:
    """The rows of a stage after the state ``before``, under the decisions ``above`` it."""
    stage = place.stage
    decisions = stage_decisions(stage, place.number)
    total = prod(len(decision.options) for decision in decisions)
    if total > MAX_COMBINATIONS:
        rule = f"must have at most {MAX_COMBINATIONS} combinations of options, got {total}"
        raise DocumentError(place.source, [f"stages.{place.number}: {rule}"])
    options = unpack(decisions, np.arange(total))
    first, *others = position_classes(stage, len(before))
    cells = _first_cells(place, first, decisions, before, above)
    values = cells.values[_index(decisions, options, cells.decisions)]
    outputs = values[:, 2]
    # After the first block a stage's maps are of one shape, whatever the others are.
    shapes = [
        int(number) for number in dict.fromkeys(cells.values[:, 2].tolist()) if number != _INVALID
    ]
    columns = [(values[:, 0], values[:, 1])]
    columns += [
        _later(place, cls, decisions, options, before, above, shapes, outputs) for cls in others
    ]
    classes = [first, *others]
    parts = [
        _at_depth(depth, classes, columns, _after(place.states, depth, before, shapes)[outputs])
        for depth in sorted(map(int, stage.depth.options))
    ]
    return Rows(*(np.concatenate([part[column] for part in parts]) for column in range(4)))


def position_classes(stage: StageSpace, reads: int = 1) -> Iterator[PositionClass]:
    """The classes of a stage's positions, in the order of the columns of ``Rows.blocks``.

    ``reads`` is how many outputs before it a block may read. So many blocks read something from
    before the stage, or not the same as the next one; each is a class of its own.
    """
    found: dict[object, list[int]] = {}
    for index in range(int(max(stage.depth.options))):
        attributes = stage.at(index)
        found.setdefault(
            (min(index, reads), tuple((n, a.path) for n, a in sorted(attributes.items()))), []
        ).append(index)
    for indices in found.values():
        yield PositionClass(stage.at(indices[0]), tuple(indices))


def _first_cells(
    place: Place,
    cls: PositionClass,
    decisions: tuple[Decision, ...],
    before: State,
    above: Assignment,
) -> Cells:
    stage = place.stage
    relevant = _relevant(
        decisions, {a.path for a in (*cls.attributes.values(), stage.width, stage.stride)}
    )
    found = []
    for values in product(*(decision.options for decision in relevant)):
        assignment = {**above, **dict(zip((d.name for d in relevant), values, strict=True))}
        width, stride = int(pick(stage.width, assignment)), int(pick(stage.stride, assignment))
        found.append(_cell(place, 0, cls.attributes, assignment, before, width, stride))
    return Cells(relevant, np.array(found, np.int64))


def _later(
    place: Place,
    cls: PositionClass,
    decisions: tuple[Decision, ...],
    options: Ints,
    before: State,
    above: Assignment,
    shapes: list[int],
    outputs: Ints,
) -> tuple[Ints, Ints]:
    """A class's block numbers and costs for every combination of the stage's options.

    ``outputs`` are the first block's.
    """
    relevant = _relevant(decisions, {a.path for a in cls.attributes.values()})
    tables = [
        _later_cells(place, cls, relevant, _inside(place.states, shape, cls, before), above)
        for shape in shapes
    ]
    size = prod(len(decision.options) for decision in relevant)
    # The last one: no first block, so nothing after it.
    rank = np.full(len(place.states.states) + 1, len(tables), np.int64)
    rank[shapes] = np.arange(len(tables))
    index = np.minimum(
        rank[outputs] * size + _index(decisions, options, relevant), len(tables) * size
    )
    values = np.concatenate(
        [*(table.values for table in tables), np.array([[_INVALID, 0, _INVALID]], np.int64)]
    )
    return values[index, 0], values[index, 1]


def _later_cells(
    place: Place,
    cls: PositionClass,
    relevant: tuple[Decision, ...],
    inputs: State,
    above: Assignment,
) -> Cells:
    key = (cls.indices, inputs, *above.items())
    if key not in place.later:
        found = [
            _cell(
                place,
                cls.indices[0],
                cls.attributes,
                {**above, **dict(zip((d.name for d in relevant), values, strict=True))},
                inputs,
                inputs[0].channels,
                1,
            )
            for values in product(*(decision.options for decision in relevant))
        ]
        place.later[key] = Cells(relevant, np.array(found, np.int64))
    return place.later[key]


def _inside(states: States, shape: int, cls: PositionClass, before: State) -> State:
    """What a block of the class reads, if the stage's maps are of the state ``shape``."""
    return (states.states[shape] * min(cls.indices[0], len(before)) + before)[: len(before)]


def _after(states: States, depth: int, before: State, shapes: list[int]) -> Ints:
    """The number of the state after ``depth`` blocks, by the number of the first block's output."""
    numbers = [
        states.number((states.states[shape] * min(depth, len(before)) + before)[: len(before)])
        for shape in shapes
    ]
    found = np.full(len(states.states) + 1, _INVALID, np.int64)
    found[shapes] = numbers
    return found


def _cell(
    place: Place,
    index: int,
    attributes: Any,
    assignment: Assignment,
    before: State,
    width: int,
    stride: int,
) -> tuple[int, int, int]:
    try:
        with place.tried.record(attributes, assignment):
            block, output = make_block(attributes, assignment, before[::-1], width, stride)
    except SpecError:
        return _INVALID, 0, _INVALID
    _check(place, index, block, before, output, width)
    cost = place.measure.of(block, before[: block.reads])
    if cost > MAX_COST:
        name = "MAdds" if place.measure is MADDS else place.measure.name
        rule = f"must have blocks of at most {MAX_COST} {name}, got {cost}"
        raise BudgetError(f"{place.source}: stages.{place.number}: {rule}")
    return place.blocks.number(block, before), cost, place.states.number((output,))


def _check(
    place: Place, index: int, block: Block, before: State, output: Shape, width: int
) -> None:
    """What a stage asks of its blocks, so that networks can be counted without being listed.

    Raises:
        DocumentError: If a block has no layer, another width than the stage, or changes the map
            size after the first block.
    """
    where = f"stages.{place.number}: blocks of kind {block.kind} must"
    if not body_of(block):
        raise DocumentError(
            place.source,
            [
                f"{where} have at least one layer, got none; to make the stage optional, use a "
                "choice of depth"
            ],
        )
    if output.channels != width:
        raise DocumentError(
            place.source,
            [f"{where} have {width} output channels (the stage's width), got {output.channels}"],
        )
    if index and output != before[0]:
        sizes = (f"{shape.height}x{shape.width}" for shape in (before[0], output))
        raise DocumentError(
            place.source,
            ["{} not change the map size {} after the first block, got {}".format(where, *sizes)],
        )


def _relevant(decisions: tuple[Decision, ...], paths: set[str]) -> tuple[Decision, ...]:
    return tuple(decision for decision in decisions if decision.name in paths)


def _index(decisions: tuple[Decision, ...], options: Ints, relevant: tuple[Decision, ...]) -> Ints:
    """The number of each combination of the stage's options.

    The number counts the combinations of the ``relevant`` decisions.
    """
    index = np.zeros(len(options), np.int64)
    for decision in relevant:
        index = index * len(decision.options) + options[:, decisions.index(decision)]
    return index


def _at_depth(
    depth: int, classes: list[PositionClass], columns: list[tuple[Ints, Ints]], after: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    uses = [sum(index < depth for index in cls.indices) for cls in classes]
    total = len(columns[0][0])
    blocks = np.full((total, 1 + len(classes)), _INVALID, np.int64)
    blocks[:, 0] = depth
    costs, valid, code = np.zeros(total, np.int64), np.ones(total, bool), np.zeros(total, np.int64)
    for position, ((number, cost), used) in enumerate(zip(columns, uses, strict=True)):
        if used:
            blocks[:, 1 + position] = number
            costs += used * cost
            valid &= number != _INVALID
            code = np.unique(code * (number.max() + 2) + number + 1, return_inverse=True)[1]
    kept = np.flatnonzero(valid)
    first = kept[np.unique(code[kept], return_index=True)[1]]
    return blocks[first], first, costs[first], after[first]
