"""A network's sheet for people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.console import Console

from seesawnas.cli.output import console, count, rounded, size, table

ACCURACIES = {"lfw": "LFW", "cfp_fp": "CFP-FP", "agedb_30": "AgeDB-30", "cplfw": "CPLFW", "calfw": "CALFW"}


def print_sheet(values: dict[str, Any]) -> None:
    """Print what :func:`seesawnas.report.sheet.sheet` says."""
    out = console()
    facts = f"{size(values['input'])} to {values['embedding']}, digest {values['digest']}"
    out.print(f"{values['name'] or 'network'}: {facts}", markup=False, style="bold")
    columns = ("part", "block", "output", ">params", ">MAdds", ">activation bytes")
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
            sums = {key: sum(block[key] for block in blocks) for key in ("params", "madds", "activation_bytes")}
            yield ("", times + words, size(blocks[0]["output"]), *_counts(sums))


def _total(values: dict[str, Any]) -> tuple[object, ...]:
    return ("total", "", "", *_counts(values))


def _counts(part: dict[str, Any]) -> tuple[str, str, str]:
    return count(part["params"]), count(part["madds"]), count(part["activation_bytes"])


_SHARED = ("kind", "split", "inputs", "middle", "outputs", "stride", "kernel", "se", "activation", "skip")
_COUNTED = ("name", "output", "params", "madds", "flops", "activation_bytes")


def _words(block: dict[str, Any]) -> str:
    split = ":".join(map(str, block["split"])) if block["split"] else ""
    stride = "/2" if block["stride"] == 2 else ""
    words = [
        f"{block['kind']} {split}".strip(),
        "-".join(str(block[name]) for name in ("inputs", "middle", "outputs") if block[name] is not None),
        f"{block['kernel']}x{block['kernel']}{stride}" if block["kernel"] else stride,
        f"SE/{block['se']}" if block["se"] else "",
        block["activation"],
        {"none": "", None: "", "residual": "residual"}.get(block["skip"], f"skip {block['skip']}"),
        *(f"{name} {value}" for name, value in block.items() if name not in (*_SHARED, *_COUNTED)),
    ]
    return ", ".join(word for word in words if word)


def _print_published(out: Console, values: dict[str, Any]) -> None:
    published = values["published"]
    if all(published[key] is None for key in ("params", "madds", "flops", "source")):
        return
    rows: list[tuple[object, ...]] = [
        ("params", count(values["params"]), rounded(published["params"])),
        ("MAdds", count(values["madds"]), rounded(published["madds"])),
    ]
    if published["flops"] is not None:
        rows.append(("FLOPs", count(values["flops"]), rounded(published["flops"])))
    rows += [(f"{words} (%)", "", published[key]) for key, words in ACCURACIES.items() if published[key] is not None]
    out.print(table(("", ">counted", ">published"), rows))
    if published["source"]:
        out.print(f"source: {published['source']}", markup=False)


def _print_check(out: Console, check: dict[str, Any]) -> None:
    rows = [
        ("MAdds", count(check["madds"]), "fvcore", count(check["fvcore_madds"])),
        ("params", count(check["params"]), "torch", count(check["torch_params"])),
    ]
    out.print(table(("", ">counted", "checked by", ">checked"), rows))
    out.print("the counts agree" if check["agrees"] else "the counts DISAGREE", style="" if check["agrees"] else "red")
