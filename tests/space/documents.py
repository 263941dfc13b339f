"""Search-space documents for tests, and brute force over all their assignments."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import SpecError
from seesawnas.space import SearchSpace, to_space

SOURCE = "FILE"


def stage(**keys: Any) -> dict[str, Any]:
    """Keys of one stage: one share block of width 8 and stride 2 unless they say otherwise."""
    return {"kind": "share", "expansion": 2, "width": 8, "stride": 2, **keys}


def document(*stages: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Plain values of a small document."""
    small = {
        "input": {"height": 16, "width": 16},
        "stem": {"width": 8},
        "head": {"width": 8, "embedding": 4},
    }
    return {**small, "stages": list(stages) or [stage()], **keys}


def space_of(*stages: dict[str, Any], **keys: Any) -> SearchSpace:
    return to_space(document(*stages, **keys), SOURCE)


def choice(*options: Any, **keys: Any) -> dict[str, Any]:
    return {"choice": list(options), **keys}


def spellings(space: SearchSpace) -> int:
    """Assignments of a space, the ones that make no network too."""
    return prod(len(decision.options) for decision in space.decisions)


def networks(space: SearchSpace) -> dict[ArchSpec, int]:
    """Every distinct network of a small space and its MAdds, by trying every assignment."""
    names = [decision.name for decision in space.decisions]
    found: dict[ArchSpec, int] = {}
    for options in product(*(decision.options for decision in space.decisions)):
        try:
            spec = space.choose(dict(zip(names, options, strict=True)))
        except SpecError:
            continue
        found[spec] = cost(spec).madds
    return found
