"""``ArchSpec`` -> the mapping that a YAML search point holds. Read back, it is the same spec."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from functools import lru_cache
from itertools import groupby
from typing import Any

from seesawnas.arch import ArchSpec, Block, Head, Input, InvertedBottleneck, SeesawBlock, Stem


def to_mapping(spec: ArchSpec) -> dict[str, Any]:
    """Plain values, ready for YAML or JSON: a row of ``stages`` for each run of equal blocks, as papers print them."""
    return {
        **({"name": spec.name} if spec.name else {}),
        "input": _input(spec.input),
        "stem": _stem(spec.stem),
        "stages": list(_stages(spec)),
        "head": _head(spec.head),
    }


def to_json(spec: ArchSpec) -> str:
    """What ``json.dumps`` makes of :func:`to_mapping` without the label, many times as fast: texts of parts are kept."""
    before, after = _frame(spec.input, spec.stem, spec.head)
    return f"{before}{', '.join(_stage_texts(spec))}{after}"


def _stages(spec: ArchSpec) -> Iterator[dict[str, Any]]:
    for row, run in groupby(map(_row, spec.blocks)):
        depth = len(list(run))
        # A row's stride is that of its first block alone, so equal blocks of stride 2 are rows of their own.
        yield from [row] * depth if row["stride"] == 2 else [{**row, "depth": depth}]


def _stage_texts(spec: ArchSpec) -> Iterator[str]:
    for (text, stride), run in groupby(map(_row_text, spec.blocks)):
        depth = len(list(run))
        yield from [f'{{"depth": 1{text}'] * depth if stride == 2 else [f'{{"depth": {depth}{text}']


@lru_cache(maxsize=1 << 16)
def _row_text(block: Block) -> tuple[str, int]:
    return json.dumps(_row(block)).removeprefix('{"depth": 1'), block.stride


@lru_cache(maxsize=1 << 10)
def _frame(picture: Input, stem: Stem, head: Head) -> tuple[str, str]:
    before = json.dumps({"input": _input(picture), "stem": _stem(stem)})
    return f'{before[:-1]}, "stages": [', f'], "head": {json.dumps(_head(head))}}}'


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


def _stem(stem: Stem) -> dict[str, Any]:
    return {"width": stem.width, "activation": stem.activation}


def _head(head: Head) -> dict[str, Any]:
    return {"width": head.width, "activation": head.activation, "embedding": head.embedding or "none"}
