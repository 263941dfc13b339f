"""The summary of a network: all its numbers, as plain values with stable keys."""

from __future__ import annotations

from typing import Any

from seesawnas.arch import ArchSpec, Block, kind_of
from seesawnas.arch.table import is_residual
from seesawnas.cost import COSTS, Cost, PartCost, cost, costs_by_block, costs_by_stage
from seesawnas.space import TEST_SETS, Published, PublishedValue, SearchPoint


def sheet(point: SearchPoint) -> dict[str, Any]:
    """What ``seesawnas build --json`` prints.

    Shapes are [channels, height, width]; published values are null if unknown.
    """
    spec = point.spec
    return {
        "name": spec.name or None,
        "digest": spec.digest(),
        "input": [3, spec.input.height, spec.input.width],
        "embedding": spec.embedding_size,
        **_cost(cost(spec)),
        "published": _published(point.published),
        "errata": [erratum.text for erratum in point.errata],
        "stages": stage_rows(spec),
    }


def stage_rows(spec: ArchSpec) -> list[dict[str, Any]]:
    """Stem, stages and head; a stage lists its blocks, stem and head say their own attributes."""
    blocks = {part.name: part for part in costs_by_block(spec)}
    rows = []
    for part in costs_by_stage(spec):
        if part.name.startswith("stages."):
            stage = spec.stages[int(part.name.removeprefix("stages."))]
            numbered = enumerate(stage.blocks, start=stage.first)
            own = [_placed(blocks[f"blocks.{i}"], block_values(block)) for i, block in numbered]
            rows.append({**_part(part), "blocks": own})
        else:
            rows.append(_placed(part, part_values(spec.stem if part.name == "stem" else spec.head)))
    return rows


def block_values(block: Block) -> dict[str, Any]:
    """A block's attributes.

    First those that most kinds have, null if this one has none, then those of the kind's own.
    """
    row = block.row()
    found = {
        "kind": kind_of(block),
        "split": row.get("split"),
        "inputs": block.inputs,
        "middle": row.get("middle"),
        "outputs": block.outputs,
        "stride": block.stride,
        "kernel": row.get("kernel"),
        "se": None if row.get("se") == "off" else row.get("se"),
        "activation": row.get("activation"),
        "skip": "residual" if is_residual(block) else row.get("skip"),
    }
    return {**found, **{name: value for name, value in row.items() if name not in found}}


def part_values(block: Block) -> dict[str, Any]:
    """Kind, width and attributes of a stem or a head."""
    return {"kind": kind_of(block), "width": getattr(block, "width", block.outputs), **block.row()}


def _placed(part: PartCost, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a part at its place.

    What is counted wins over an attribute of the same name.
    """
    counted = _part(part)
    return {**counted, **values, **counted}


def _part(part: PartCost) -> dict[str, Any]:
    return {"name": part.name, "output": list(part.output), **_cost(part.cost)}


def _cost(total: Cost) -> dict[str, int]:
    names = dict.fromkeys(("params", "madds", "flops", *COSTS))
    return {name: getattr(total, name) for name in names}


def _published(published: Published) -> dict[str, Any]:
    return {
        "params": _value(published.params),
        "madds": _value(published.madds),
        "flops": _value(published.flops),
        **{name: published.accuracies.get(name) for name in TEST_SETS},
        "source": published.source or None,
    }


def _value(printed: PublishedValue | None) -> int | None:
    return None if printed is None else printed.value
