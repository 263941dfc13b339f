"""``ArchSpec`` <-> the mapping that a YAML search point holds <-> JSON.

No search space is needed, in either direction.

A stem or head says its ``kind`` only if that is not the grammar's own, so that the files of
networks from before there were others read the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import lru_cache
from itertools import groupby
from typing import Any

from seesawnas.arch.blocks import Block, Head, Role, Stem, find_kind, kind_of
from seesawnas.arch.blocks.parts import block_output, check_output
from seesawnas.arch.layers import Shape
from seesawnas.arch.rules import positive
from seesawnas.arch.spec import ArchSpec, Input
from seesawnas.errors import SpecError
from seesawnas.text import short

_KEYS = ("name", "input", "stem", "stages", "head")
_GRAMMARS_OWN: Mapping[Role, str] = {"stem": Stem.kind, "head": Head.kind}
_MOST_BLOCKS = 100_000


def to_mapping(spec: ArchSpec) -> dict[str, Any]:
    """Plain values, ready for YAML or JSON.

    ``stages`` has a row for each run of equal blocks, as papers print them.
    """
    return {
        **({"name": spec.name} if spec.name else {}),
        "input": _input(spec.input),
        "stem": _part(spec.stem),
        "stages": list(_stages(spec)),
        "head": _part(spec.head),
    }


def to_json(spec: ArchSpec) -> str:
    """What ``json.dumps`` makes of :func:`to_mapping` without the label, many times as fast.

    Texts of parts are kept.
    """
    before, after = _frame(spec.input, spec.stem, spec.head)
    return f"{before}{', '.join(_stage_texts(spec))}{after}"


def from_mapping(values: Any) -> ArchSpec:
    """The network that :func:`to_mapping` wrote.

    Raises:
        SpecError: If ``values`` hold no such network, with the place in front.
    """
    _check_keys("", values, _KEYS)
    image = _read_input(values.get("input", {}))
    found = [Shape(3, image.height, image.width)]
    stem = _read_part("stem", values.get("stem", {}), found)
    rows = values.get("stages")
    if not isinstance(rows, list) or not rows:
        raise SpecError(f"stages: must be a list of blocks, got {short(rows)}")
    blocks: list[Block] = []
    for number, row in enumerate(rows):
        blocks += _read_row(f"stages.{number}", row, found)
        if len(blocks) > _MOST_BLOCKS:
            raise SpecError(f"stages: must have at most {_MOST_BLOCKS} blocks, got more")
    head = _read_part("head", values.get("head", {}), found)
    name = values.get("name", "")
    if not isinstance(name, str):
        raise SpecError(f"name: must be text, got {short(name)}")
    return ArchSpec(tuple(blocks), image, stem, head, name)


def _stages(spec: ArchSpec) -> Iterator[dict[str, Any]]:
    for row, run in groupby(map(_row, spec.blocks)):
        depth = len(list(run))
        # A row's stride is that of its first block alone, so equal blocks of stride 2 are rows of
        # their own.
        yield from [row] * depth if row["stride"] == 2 else [{**row, "depth": depth}]


def _stage_texts(spec: ArchSpec) -> Iterator[str]:
    for (text, stride), run in groupby(map(_row_text, spec.blocks)):
        depth = len(list(run))
        yield from [f'{{"depth": 1{text}'] * depth if stride == 2 else [f'{{"depth": {depth}{text}']


@lru_cache(maxsize=1 << 16)
def _row_text(block: Block) -> tuple[str, int]:
    return json.dumps(_row(block)).removeprefix('{"depth": 1'), block.stride


@lru_cache(maxsize=1 << 10)
def _frame(image: Input, stem: Block, head: Block) -> tuple[str, str]:
    before = json.dumps({"input": _input(image), "stem": _part(stem)})
    return f'{before[:-1]}, "stages": [', f'], "head": {json.dumps(_part(head))}}}'


def _row(block: Block) -> dict[str, Any]:
    return {
        "depth": 1,
        "width": block.outputs,
        "stride": block.stride,
        "kind": kind_of(block),
        **block.row(),
    }


def _part(block: Block) -> dict[str, Any]:
    """A stem's or head's row.

    Its width is what its kind was made with, if it keeps that apart from its outputs.
    """
    kind = kind_of(block)
    said = {} if kind == _GRAMMARS_OWN[block.role] else {"kind": kind}
    return {**said, "width": getattr(block, "width", block.outputs), **block.row()}


def _input(image: Input) -> dict[str, Any]:
    values: dict[str, Any] = {field.name: getattr(image, field.name) for field in fields(image)}
    for name in ("mean", "std"):
        one, two, three = values[name]
        values[name] = one if one == two == three else [one, two, three]
    return values


def _read_input(values: Any) -> Input:
    _check_keys("input", values, tuple(field.name for field in fields(Input)))
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in ("height", "width"):
            found[name] = _whole(f"input.{name}", value)
            continue
        numbers = value if isinstance(value, list) else [value] * 3
        if len(numbers) != 3 or any(
            isinstance(one, bool) or not isinstance(one, (int, float)) for one in numbers
        ):
            raise SpecError(
                f"input.{name}: must be a number, or one for each of red, green and blue, got "
                f"{short(value)}"
            )
        found[name] = tuple(numbers)
    return Input(**found)


def _read_part(role: Role, values: Any, found: list[Shape]) -> Block:
    if not isinstance(values, dict):
        raise SpecError(f"{role}: must be a mapping, got {short(values)}")
    row = {"kind": _GRAMMARS_OWN[role], "width": 64 if role == "stem" else 512, **values}
    return _made(role, role, row, found, None)


def _read_row(place: str, row: Any, found: list[Shape]) -> Iterator[Block]:
    if not isinstance(row, dict) or "width" not in row:
        raise SpecError(f"{place}: must be a mapping with kind and width, got {short(row)}")
    depth, stride = (_whole(f"{place}.{name}", row.get(name, 1)) for name in ("depth", "stride"))
    if depth > _MOST_BLOCKS:
        raise SpecError(f"{place}.depth: must be at most {_MOST_BLOCKS}, got {depth}")
    own = {name: value for name, value in row.items() if name not in ("depth", "stride")}
    for index in range(depth):
        yield _made("block", place, own, found, stride if index == 0 else 1)


def _made(
    role: Role, place: str, row: Mapping[str, Any], found: list[Shape], stride: int | None
) -> Block:
    kind = find_kind(str(row.get("kind")))
    if kind is None or kind.role != role:
        raise SpecError(f"{place}.kind: must be a kind of {role}, got {short(row.get('kind'))}")
    options: dict[str, Any] = {}
    for name, value in row.items():
        if name in ("kind", "width"):
            continue
        if name not in kind.attributes:
            raise SpecError(
                f"{place}.{name}: must be an attribute of {kind.name}, got {short(value)}"
            )
        try:
            options[name] = kind.attributes[name].rule(value)
        except ValueError as error:
            raise SpecError(f"{place}.{name}: {error}") from None
    own = kind.block.stride
    step = (
        stride
        if stride is not None
        else own
        if isinstance(own, int)
        else 2
        if role == "stem"
        else 1
    )
    step = options.get("stride", step)  # a stem's, if its kind leaves it open
    first = min(1, len(found) - 1)  # nothing reads the image but the stem
    inputs = tuple(found[max(first, len(found) - back)] for back in range(1, kind.reads + 1))
    try:
        block = kind.create(inputs, _whole(f"{place}.width", row["width"]), step, options)
        found.append(block_output(block, inputs[: block.reads]))
        check_output(block, inputs, found[-1])
    except SpecError as error:
        raise error if str(error).startswith(place) else SpecError(f"{place}: {error}") from None
    return block


def _whole(place: str, raw: Any) -> int:
    try:
        return positive(int(raw) if isinstance(raw, float) and raw.is_integer() else raw)
    except ValueError as error:
        raise SpecError(f"{place}: {error}") from None


def _check_keys(place: str, values: Any, known: tuple[str, ...]) -> None:
    where = f"{place}: " if place else ""
    if not isinstance(values, dict):
        raise SpecError(f"{where}must be a mapping, got {short(values)}")
    for name in values:
        if name not in known:
            raise SpecError(f"{where}keys must be among {', '.join(known)}, got {short(name)}")
