"""Networks known by their results alone: no table of their layers is published, so they are shown and never built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from seesawnas.report.sheet import ACCURACIES
from seesawnas.space import Printed


@dataclass(frozen=True, slots=True)
class KnownResult:
    """What is printed of a network; the keys of a :class:`~seesawnas.report.ledger.LedgerRow`, with nothing counted.

    ``published_madds`` and ``published_flops`` (2 x MAdds) are the print's figure in its own unit, one of them None. Accuracies
    are in percent, by test set.
    """

    name: str
    published_params: int | None
    published_madds: int | None
    published_flops: int | None
    accuracies: Mapping[str, float]
    source: str
    params: None = None
    madds: None = None
    agrees: None = None
    explained: None = None
    explained_by: None = None
    faults: tuple[str, ...] = ()
    buildable: Literal[False] = False


@cache
def known_results() -> tuple[KnownResult, ...]:
    """By name."""
    rows = yaml.safe_load((files("seesawnas.report") / "known_results.yaml").read_text(encoding="utf-8"))
    return tuple(sorted(map(_result, rows), key=lambda result: result.name.lower()))


def _result(row: Mapping[str, str | float]) -> KnownResult:
    params, madds, flops = (
        Printed.parse(str(row[name])).value if name in row else None for name in ("params", "madds", "flops")
    )
    accuracies = {name: float(row[name]) for name in ACCURACIES if name in row}
    return KnownResult(str(row["name"]), params, madds, flops, accuracies, str(row["source"]))
