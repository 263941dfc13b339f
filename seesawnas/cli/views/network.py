"""The summary of a network as tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.console import Console

from seesawnas.arch.blocks import find_kind
from seesawnas.arch.rules import written
from seesawnas.cli.views.output import console, count, rounded, size, table
from seesawnas.cost import COSTS, CostKind
from seesawnas.space import TEST_SETS


def print_sheet(values: dict[str, Any]) -> None:
    """Print what :func:`seesawnas.report.network.summary.sheet` says."""
    out = console()
    facts = f"{size(values['input'])} to {values['embedding']}, digest {values['digest']}"
    out.print(f"{values['name'] or 'network'}: {facts}", markup=False, style="bold")
    columns = ("part", "block", "output", *(f">{kind.title}" for kind in _costs()))
    parts = [*_rows(values["stages"]), _total(values)]
    out.print(table(columns, parts, spare=("activation bytes", "output")))
    _print_published(out, values)
    for erratum in values["errata"]:
        out.print(f"erratum: {erratum}", markup=False)
    if "check" in values:
        _print_check(out, values["check"])


def _rows(stages: list[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    for stage in stages:
        yield (stage["name"], "", size(stage["output"]), *_counts(stage))
        for words, run in groupby(stage.get("blocks", []), key=_words):
            blocks = list(run)
            times = f"{len(blocks)} x " if len(blocks) > 1 else ""
            sums = {key: sum(block[key] for block in blocks) for key in COSTS}
            yield ("", times + words, size(blocks[0]["output"]), *_counts(sums))


def _total(values: dict[str, Any]) -> tuple[object, ...]:
    return ("total", "", "", *_counts(values))


def _counts(part: dict[str, Any]) -> tuple[str, ...]:
    return tuple(count(part[kind.name]) for kind in _costs())


def _costs() -> list[CostKind]:
    """Params first, as papers print them."""
    return sorted(COSTS.values(), key=lambda kind: kind.name != "params")


_SHARED = (
    "kind",
    "split",
    "inputs",
    "middle",
    "outputs",
    "stride",
    "kernel",
    "se",
    "activation",
    "skip",
)
_COUNTED = ("name", "output", "flops", *COSTS)


def _words(block: dict[str, Any]) -> str:
    split = ":".join(map(str, block["split"])) if block["split"] else ""
    stride = "/2" if block["stride"] == 2 else ""
    words = [
        f"{block['kind']} {split}".strip(),
        "-".join(
            str(block[name]) for name in ("inputs", "middle", "outputs") if block[name] is not None
        ),
        f"{block['kernel']}x{block['kernel']}{stride}" if block["kernel"] else stride,
        f"SE/{block['se']}" if block["se"] else "",
        block["activation"],
        {"none": "", None: "", "residual": "residual"}.get(block["skip"], f"skip {block['skip']}"),
        _edges(block),
        *_own(block),
    ]
    return ", ".join(word for word in words if word)


_EDGE = re.compile(r"(op|from)_([0-9]+)([a-z])")


def _edges(block: dict[str, Any]) -> str:
    """The nodes of a cell, such as ``2: dw1(1)+dw3(0)  3: ...``.

    Each has the operations that it adds and the states that they read.
    """
    found = [edge for edge in map(_EDGE.fullmatch, block) if edge and edge[1] == "op"]
    nodes = groupby(found, key=lambda edge: edge[2])
    return "  ".join(
        f"{node}: {'+'.join(_edge(block, edge[0], edge[2] + edge[3]) for edge in run)}"
        for node, run in nodes
    )


def _edge(block: dict[str, Any], name: str, place: str) -> str:
    return f"{block[name]}({block.get(f'from_{place}')})"


def _own(block: dict[str, Any]) -> Iterator[str]:
    """Attributes of the kind's own, by their labels; the kind's defaults go without saying."""
    kind = find_kind(block["kind"])
    for name, value in block.items():
        if name in (*_SHARED, *_COUNTED) or _EDGE.fullmatch(name):
            continue
        one = kind.attributes.get(name) if kind else None
        if one is None or one.default is None or value != written(one.rule, one.default):
            yield f"{one.label if one else name} {value}"


def _print_published(out: Console, values: dict[str, Any]) -> None:
    published = values["published"]
    if all(published[key] is None for key in ("params", "madds", "flops", "source")):
        return
    rows: list[tuple[object, ...]] = [
        *(
            (kind.title, count(values[kind.name]), rounded(published[kind.name]))
            for kind in _costs()
            if kind.name in published
        )
    ]
    if published["flops"] is not None:
        rows.append(("FLOPs", count(values["flops"]), rounded(published["flops"])))
    rows += [
        (f"{words} (%)", "", published[key])
        for key, words in TEST_SETS.items()
        if published[key] is not None
    ]
    out.print(table(("", ">counted", ">published"), rows))
    if published["source"]:
        out.print(f"source: {published['source']}", markup=False)


def _print_check(out: Console, check: dict[str, Any]) -> None:
    rows = [
        ("MAdds", count(check["madds"]), "fvcore", count(check["fvcore_madds"])),
        ("params", count(check["params"]), "torch", count(check["torch_params"])),
    ]
    out.print(table(("", ">counted", "checked by", ">checked"), rows))
    out.print(
        "the counts agree" if check["agrees"] else "the counts differ",
        style="" if check["agrees"] else "red",
    )
