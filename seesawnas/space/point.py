"""``ArchSpec`` -> the mapping that a YAML search point holds. Read back, it is the same spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import groupby
from typing import Any

from seesawnas.arch import ArchSpec, Block, Input, InvertedBottleneck, SeesawBlock


def to_mapping(spec: ArchSpec) -> dict[str, Any]:
    """Plain values, ready for YAML or JSON: a row of ``stages`` for each run of equal blocks, as papers print them."""
    return {
        **({"name": spec.name} if spec.name else {}),
        "input": _input(spec.input),
        "stem": {"width": spec.stem.width, "activation": spec.stem.activation},
        "stages": list(_stages(spec)),
        "head": {
            "width": spec.head.width,
            "activation": spec.head.activation,
            "embedding": spec.head.embedding or "none",
        },
    }


def _stages(spec: ArchSpec) -> Iterator[dict[str, Any]]:
    for row, run in groupby(map(_row, spec.blocks)):
        depth = len(list(run))
        # A row's stride is that of its first block alone, so equal blocks of stride 2 are rows of their own.
        yield from [row] * depth if row["stride"] == 2 else [{**row, "depth": depth}]


def _row(block: Block) -> dict[str, Any]:
    row: dict[str, Any] = {"depth": 1, "width": block.outputs, "stride": block.stride}
    match block:
        case SeesawBlock():
            row |= {"kind": block.mixing, "split": list(block.split)}
        case InvertedBottleneck():
            row |= {"kind": "inverted_bottleneck"}
    return row | {
        "middle": block.middle,
        "se": block.se or "off",
        "activation": block.activation,
        "kernel": block.kernel,
        "skip": block.skip,
    }


def _input(picture: Input) -> dict[str, Any]:
    values: dict[str, Any] = {field.name: getattr(picture, field.name) for field in fields(picture)}
    for name in ("mean", "std"):
        one, two, three = values[name]
        values[name] = one if one == two == three else [one, two, three]
    return values
