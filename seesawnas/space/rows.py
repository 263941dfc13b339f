"""The distinct ways to build one stage, as arrays.

A row is one sequence of blocks that a stage can be, for one input map. Options that make the same blocks make one row: the
first combination that makes it stands for all. So every count here is of networks, not of spellings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seesawnas.arch import Block, Shape
from seesawnas.arch.spec import down
from seesawnas.cost import block_cost
from seesawnas.errors import BudgetError, DocumentError, SpecError
from seesawnas.space.attributes import Attribute
from seesawnas.space.search_space import Assignment, Decision, StageSpace, make_block, pick

Ints: TypeAlias = npt.NDArray[np.int64]
MAX_COMBINATIONS = 2_000_000
MAX_MADDS = 10**13  # a block; a sum over blocks then fits a machine integer
_INVALID = -1


class Blocks:
    """Numbers for blocks: equal blocks, equal numbers."""

    def __init__(self) -> None:
        self._numbers: dict[Block, int] = {}

    def number(self, block: Block) -> int:
        """The block's number, a new one where it is new."""
        return self._numbers.setdefault(block, len(self._numbers))

    def known(self, block: Block) -> int | None:
        """The block's number, None where no stage can hold it."""
        return self._numbers.get(block)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one stage, for one input map and one choice of the decisions above the stage.

    ``blocks`` (rows, 1 + classes) identifies a row: its depth, then the number of the block in each class of positions.
    ``combination`` says which options make it (see :func:`unpack`); ``madds`` what it costs; ``output`` (rows, 3) holds
    channels, height and width.
    """

    blocks: Ints
    combination: Ints
    madds: Ints
    output: Ints


@dataclass(frozen=True, slots=True)
class PositionClass:
    """Block positions of a stage that always hold the same block; ``indices`` counts from the stage's first block."""

    attributes: Any
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """What a class's block is for each combination of ``decisions``: (combinations, 2), its number and its MAdds."""

    decisions: tuple[Decision, ...]
    values: Ints


def stage_decisions(stage: StageSpace, number: int) -> tuple[Decision, ...]:
    """The stage's own decisions except its depth, in the order that combinations are numbered by."""
    own = {a.path: a for a in stage.all() if not a.is_fixed and a.path.startswith(f"stages.{number}.")}
    own.pop(stage.depth.path, None)
    return tuple(Decision(path, attribute.options) for path, attribute in own.items())


def unpack(decisions: tuple[Decision, ...], combinations: Ints) -> Ints:
    """(n,) combination numbers -> (n, decisions) option indices; the last decision varies fastest."""
    sizes = [len(decision.options) for decision in decisions]
    columns = np.unravel_index(combinations, sizes) if sizes else ()
    return np.stack(columns, axis=1) if sizes else np.zeros((len(combinations), 0), np.int64)


def stage_rows(
    stage: StageSpace,
    number: int,
    source: str,
    inputs: tuple[int, int, int],
    above: Assignment,
    numbers: Blocks,
    later: dict[object, Cells],
) -> Rows:
    """The rows of a stage on an input map ``inputs`` (channels, height, width) under the decisions ``above`` it.

    ``later`` keeps, from call to call, what the blocks after a stage's first are: the input's channels do not change them.
    """
    decisions = stage_decisions(stage, number)
    total = prod(len(decision.options) for decision in decisions)
    if total > MAX_COMBINATIONS:
        rule = f"must have at most {MAX_COMBINATIONS} combinations of options, got {total}"
        raise DocumentError(source, [f"stages.{number}: {rule}"])
    options = unpack(decisions, np.arange(total))
    classes = list(position_classes(stage))
    tables = [
        _cells(stage, cls, decisions, inputs, above, numbers, {} if cls.indices[0] == 0 else later) for cls in classes
    ]
    columns = [_spread(decisions, options, table) for table in tables]
    parts = [_at_depth(int(depth), classes, columns) for depth in sorted(map(int, stage.depth.options))]
    blocks = np.concatenate([part[0] for part in parts])
    combination = np.concatenate([part[1] for part in parts])
    madds = np.concatenate([part[2] for part in parts])
    return Rows(blocks, combination, madds, _outputs(stage, decisions, options, inputs)[combination])


def position_classes(stage: StageSpace) -> Iterator[PositionClass]:
    """The classes of a stage's positions, in the order of the columns of ``Rows.blocks``."""
    found: dict[object, list[int]] = {}
    for index in range(int(max(stage.depth.options))):
        attributes = stage.at(index)
        found.setdefault((index == 0, tuple((n, a.path) for n, a in sorted(attributes.items()))), []).append(index)
    for indices in found.values():
        yield PositionClass(stage.at(indices[0]), tuple(indices))


def _cells(
    stage: StageSpace,
    cls: PositionClass,
    decisions: tuple[Decision, ...],
    inputs: tuple[int, int, int],
    above: Assignment,
    numbers: Blocks,
    known: dict[object, Cells],
) -> Cells:
    key = (stage.width.path, cls.indices, inputs[1:], *above.items())
    if key not in known:
        in_force: list[Attribute] = [*cls.attributes.values(), stage.width, stage.stride]
        paths = {attribute.path for attribute in in_force}
        relevant = tuple(decision for decision in decisions if decision.name in paths)
        cells = [
            _cell(stage, cls, inputs, {**above, **dict(zip((d.name for d in relevant), values, strict=True))}, numbers)
            for values in product(*(decision.options for decision in relevant))
        ]
        known[key] = Cells(relevant, np.array(cells, np.int64))
    return known[key]


def _cell(
    stage: StageSpace, cls: PositionClass, inputs: tuple[int, int, int], assignment: Assignment, numbers: Blocks
) -> tuple[int, int]:
    width, stride = int(pick(stage.width, assignment)), int(pick(stage.stride, assignment))
    channels, height, breadth = inputs
    if cls.indices[0] > 0:
        channels, height, breadth, stride = width, down(height, stride), down(breadth, stride), 1
    try:
        block = make_block(cls.attributes, assignment, channels, width, stride)
    except SpecError:
        return _INVALID, 0
    madds = block_cost(block, (Shape(channels, height, breadth),)).madds
    if madds > MAX_MADDS:
        raise BudgetError(f"the space must have blocks of at most {MAX_MADDS} MAdds, got {madds}")
    return numbers.number(block), madds


def _spread(decisions: tuple[Decision, ...], options: Ints, cells: Cells) -> tuple[Ints, Ints]:
    """A class's (block numbers, MAdds) for every combination of the stage's options."""
    index = np.zeros(len(options), np.int64)
    for decision in cells.decisions:
        index = index * len(decision.options) + options[:, decisions.index(decision)]
    return cells.values[index, 0], cells.values[index, 1]


def _at_depth(depth: int, classes: list[PositionClass], columns: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints, Ints]:
    uses = [sum(index < depth for index in cls.indices) for cls in classes]
    total = len(columns[0][0])
    blocks = np.full((total, 1 + len(classes)), _INVALID, np.int64)
    blocks[:, 0] = depth
    madds, valid, code = np.zeros(total, np.int64), np.ones(total, bool), np.zeros(total, np.int64)
    for position, ((number, cost), used) in enumerate(zip(columns, uses, strict=True)):
        if used:
            blocks[:, 1 + position] = number
            madds += used * cost
            valid &= number != _INVALID
            code = np.unique(code * (number.max() + 2) + number + 1, return_inverse=True)[1]
    kept = np.flatnonzero(valid)
    first = kept[np.unique(code[kept], return_index=True)[1]]
    return blocks[first], first, madds[first]


def _outputs(stage: StageSpace, decisions: tuple[Decision, ...], options: Ints, inputs: tuple[int, int, int]) -> Ints:
    _, height, width = inputs
    strides = _values(stage.stride, decisions, options)
    return np.stack([_values(stage.width, decisions, options), -(-height // strides), -(-width // strides)], axis=1)


def _values(attribute: Attribute, decisions: tuple[Decision, ...], options: Ints) -> Ints:
    values = np.array([int(option) for option in attribute.options], np.int64)
    names = [decision.name for decision in decisions]
    if attribute.path not in names:
        return np.full(len(options), values[0])
    return values[options[:, names.index(attribute.path)]]
