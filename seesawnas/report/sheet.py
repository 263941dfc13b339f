"""A network's sheet: everything that its numbers say, as plain values with stable keys."""

from __future__ import annotations

from typing import Any

from seesawnas.arch import ArchSpec, Block, kind_of
from seesawnas.arch.remake import ties_widths
from seesawnas.cost import Cost, PartCost, cost, costs_by_block, costs_by_stage
from seesawnas.space import Printed, Published, SearchPoint

BOTTLENECK = ("kind", "split", "inputs", "middle", "outputs", "stride", "kernel", "se", "activation", "skip")
ACCURACIES = ("lfw", "cfp_fp", "agedb_30", "cplfw", "calfw")


def sheet(point: SearchPoint) -> dict[str, Any]:
    """What ``seesawnas build --json`` prints. Shapes are [channels, height, width]; published values are null where unknown."""
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
    """Stem, stages and head; a stage lists its blocks."""
    blocks = {part.name: part for part in costs_by_block(spec)}
    rows = []
    for part in costs_by_stage(spec):
        row = _part(part)
        if part.name.startswith("stages."):
            stage = spec.stages[int(part.name.removeprefix("stages."))]
            numbered = enumerate(stage.blocks, start=stage.first)
            row["blocks"] = [{**_part(blocks[f"blocks.{i}"]), **block_values(block)} for i, block in numbered]
        rows.append(row)
    return rows


def block_values(block: Block) -> dict[str, Any]:
    """A block's attributes: those of a bottleneck are null if it has none; attributes of its kind's own follow."""
    row = block.row()
    own = {name: value for name, value in row.items() if name not in BOTTLENECK}
    return {
        "kind": block_kind(block),
        "split": row.get("split"),
        "inputs": block.inputs,
        "middle": row.get("middle"),
        "outputs": block.outputs,
        "stride": block.stride,
        "kernel": row.get("kernel"),
        "se": None if row.get("se") == "off" else row.get("se"),
        "activation": row.get("activation"),
        "skip": "residual" if ties_widths(block) else row.get("skip"),
        **own,
    }


def block_kind(block: Block) -> str:
    """The grammar's name for the block's kind."""
    return kind_of(block)


def _part(part: PartCost) -> dict[str, Any]:
    return {"name": part.name, "output": list(part.output), **_cost(part.cost)}


def _cost(total: Cost) -> dict[str, int]:
    return {
        "params": total.params,
        "madds": total.madds,
        "flops": total.flops,
        "activation_bytes": total.activation_bytes,
    }


def _published(published: Published) -> dict[str, Any]:
    return {
        "params": _value(published.params),
        "madds": _value(published.madds),
        **{name: published.accuracies.get(name) for name in ACCURACIES},
        "source": published.source or None,
    }


def _value(printed: Printed | None) -> int | None:
    return None if printed is None else printed.value
