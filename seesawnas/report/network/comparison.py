"""Networks side by side, stage by stage.

There is a row per attribute and a column per network, and whether they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, zip_longest
from typing import Any, TypeAlias

from seesawnas.arch import ArchSpec, Block, Head, Stem
from seesawnas.cost import ALL_COSTS, COSTS, LATENCY, LatencyModel
from seesawnas.cost.counts import placed_blocks
from seesawnas.report.network.summary import part_values, sheet
from seesawnas.space import SearchPoint

Value: TypeAlias = int | float | str | None
_ALWAYS = ("kind", "outputs", "stride")
_ELSEWHERE = ("inputs", "name", "output", "flops", *COSTS)
"""Keys of a block's summary that have no row of their own, or one among the costs."""


@dataclass(frozen=True, slots=True)
class Row:
    """An attribute of the networks compared.

    Attributes:
        part: network, stem, stages.N or head.
        values: One per network; None if it has no such part or attribute.
    """

    part: str
    name: str
    values: tuple[Value, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Networks compared; ``names`` are those that they were asked for by."""

    names: tuple[str, ...]
    digests: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def parts(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The rows by part."""
        return tuple((part, tuple(rows)) for part, rows in groupby(self.rows, lambda row: row.part))

    @property
    def is_same(self) -> bool:
        """Whether all are one network."""
        return len(set(self.digests)) == 1

    def sentence(self) -> str:
        """How far they differ, in words."""
        if self.is_same:
            return "They are the same network."
        parts = dict.fromkeys(
            row.part for row in self.rows if row.differs and row.part != "network"
        )
        alike = [part for part, _ in self.parts if part not in parts and part != "network"]
        same = f"; the same in {', '.join(alike)}" if alike else ""
        return f"They differ in {', '.join(parts) or 'their input'}{same}."

    def to_mapping(self) -> dict[str, Any]:
        """JSON values with stable keys.

        They are names, digests, same, and rows of part, name, values and differs.
        """
        rows = [asdict(row) for row in self.rows]
        return {
            "names": list(self.names),
            "digests": list(self.digests),
            "same": self.is_same,
            "rows": rows,
        }


def compare(
    points: Sequence[SearchPoint], names: Sequence[str], model: LatencyModel | None = None
) -> Comparison:
    """Lay ``points`` side by side under ``names``.

    Args:
        points: At least one.
        names: As many.
        model: Predicts a latency of each part, in microseconds; None for no such rows.

    Raises:
        BudgetError: If the model does not know a layer or an input size.
    """
    sheets, specs = [sheet(point) for point in points], [point.spec for point in points]
    rows = [*_whole(sheets), *_parts(sheets, specs)]
    if model is not None:
        rows = _with_latency(rows, [_latencies(model, spec) for spec in specs])
    return Comparison(tuple(names), tuple(found["digest"] for found in sheets), tuple(rows))


def _latencies(model: LatencyModel, spec: ArchSpec) -> dict[str, int]:
    """The microseconds of the whole network and of each part, by the part's name."""
    found = {"network": model.predict(spec)}
    stages = {
        stage.first + place: f"stages.{number}"
        for number, stage in enumerate(spec.stages)
        for place in range(len(stage.blocks))
    }
    for place, (block, inputs) in enumerate(placed_blocks(spec)):
        part = "stem" if place == 0 else stages.get(place - 1, "head")
        found[part] = found.get(part, 0) + model.predict_block(block, inputs)
    return found


def _with_latency(rows: Sequence[Row], latencies: Sequence[dict[str, int]]) -> list[Row]:
    """``rows`` with one of the latency after the other costs of each part."""
    found = list[Row]()
    for part, own in groupby(rows, lambda row: row.part):
        costs = list(own)
        place = max(number for number, row in enumerate(costs) if is_cost(row)) + 1
        row = _row(part, LATENCY.title, [known.get(part) for known in latencies])
        found += [*costs[:place], row, *costs[place:]]
    return found


def is_cost(row: Row) -> bool:
    """Whether its values are numbers of a cost."""
    return any(row.name == kind.title for kind in ALL_COSTS.values())


def shown(row: Row) -> list[str]:
    """The row's values as users read them; a cost with its change against the first network."""
    if not is_cost(row):
        return ["-" if value is None else str(value) for value in row.values]
    first = row.values[0]
    write = LATENCY.format if row.name == LATENCY.title else "{:,}".format
    return [_cost(value, first if place else None, write) for place, value in enumerate(row.values)]


def _cost(value: Value, first: Value, write: Callable[[Any], str]) -> str:
    if value is None:
        return "-"
    text = write(value)
    if not isinstance(value, int) or not isinstance(first, int) or not first or value == first:
        return text
    return f"{text} ({(value - first) / first:+.1%})"


def _whole(sheets: Sequence[dict[str, Any]]) -> Iterator[Row]:
    yield _row("network", "digest", [found["digest"] for found in sheets])
    yield _row("network", "input", [_size(found["input"]) for found in sheets])
    yield _row("network", "embedding", [found["embedding"] for found in sheets])
    for key, kind in COSTS.items():
        yield _row("network", kind.title, [found[key] for found in sheets])
    if any(found["published"]["lfw"] is not None for found in sheets):
        yield _row(
            "network", "LFW as published (%)", [found["published"]["lfw"] for found in sheets]
        )


def _parts(sheets: Sequence[dict[str, Any]], specs: Sequence[ArchSpec]) -> Iterator[Row]:
    stems, heads = (
        [found["stages"][0] for found in sheets],
        [found["stages"][-1] for found in sheets],
    )
    yield from _own("stem", [spec.stem for spec in specs], Stem.kind, ("width",))
    yield from _costs("stem", stems)
    names = _attributes(sheets, specs)
    for number, stages in enumerate(zip_longest(*(found["stages"][1:-1] for found in sheets))):
        part = f"stages.{number}"
        yield _row(
            part, "depth", [None if stage is None else len(stage["blocks"]) for stage in stages]
        )
        blocks = [
            () if stage is None else spec.stages[number].blocks
            for stage, spec in zip(stages, specs, strict=True)
        ]
        for name in names:
            pairs = zip(stages, blocks, strict=True)
            values = [
                None if stage is None else _runs(stage["blocks"], own, name) for stage, own in pairs
            ]
            if any(value is not None for value in values):
                yield _row(part, name, values)
        yield from _costs(part, stages)
    yield from _own("head", [spec.head for spec in specs], Head.kind, ("embedding",))
    yield from _costs("head", heads)


def _attributes(sheets: Sequence[dict[str, Any]], specs: Sequence[ArchSpec]) -> list[str]:
    """The attributes of the blocks compared, in the order of their sheets."""
    declared = {name for spec in specs for block in set(spec.blocks) for name in block.row()}
    blocks = [
        block for found in sheets for stage in found["stages"][1:-1] for block in stage["blocks"]
    ]
    names = dict.fromkeys(name for block in blocks for name in block if name not in _ELSEWHERE)
    said = {name for block in blocks for name, value in block.items() if value is not None}
    return [name for name in names if name in _ALWAYS or name in declared or name in said]


def _own(part: str, blocks: Sequence[Block], usual: str, elsewhere: Sequence[str]) -> Iterator[Row]:
    """The attributes of stems or heads; the kind only if one is not the default."""
    found = [part_values(block) for block in blocks]
    for name in dict.fromkeys(name for values in found for name in values):
        if name in elsewhere or (
            name == "kind" and {values["kind"] for values in found} == {usual}
        ):
            continue
        yield _row(
            part, name, [_written(values[name]) if name in values else None for values in found]
        )


def _costs(part: str, found: Sequence[dict[str, Any] | None]) -> Iterator[Row]:
    yield _row(part, "output", [None if one is None else _size(one["output"]) for one in found])
    for key, kind in COSTS.items():
        yield _row(part, kind.title, [None if one is None else one[key] for one in found])


def _row(part: str, name: str, values: Sequence[Value]) -> Row:
    return Row(part, name, tuple(values), len(set(values)) > 1)


def _runs(values: Sequence[dict[str, Any]], blocks: Sequence[Block], name: str) -> Value:
    """An attribute block by block, equal ones together, such as ``192, 4 x 144``.

    It is the value itself if there is one only. ``none`` is an option that is off; ``-`` is a block
    that has no such attribute (None if all are so).
    """
    # No attribute: whether one is residual.
    shortcuts = name == "skip" and any(one[name] is not None for one in values)
    each = [
        _written(one.get(name))
        if one.get(name) is not None or shortcuts or name in block.row()
        else None
        for one, block in zip(values, blocks, strict=True)
    ]
    found = [(value, len(list(run))) for value, run in groupby(each)]
    if len(found) == 1:
        return found[0][0]
    written = [("-" if value is None else value, times) for value, times in found]
    return ", ".join(f"{times} x {value}" if times > 1 else str(value) for value, times in written)


def _written(value: Any) -> Value:
    if isinstance(value, list):
        return ":".join(map(str, value))
    return "none" if value is None else value


def _size(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
