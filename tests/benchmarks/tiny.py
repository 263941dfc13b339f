"""A small space like ``seesaw``, whose networks train in moments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seesawnas.space import SearchSpace, load_space, write_yaml

SIDE = 32
_STAGE: dict[str, Any] = {
    "stride": 2,
    "expansion": {"choice": [2, 3]},
    "kind": {"choice": ["share", "shuffle", "plain"]},
    "split": {"choice": [[1, 3], [1, 1], [1, 2, 1], [1]]},
    "se": {"choice": ["off", 4, 8]},
    "kernel": {"choice": [3, 5]},
    "skip": {"choice": ["none", "maxpool_conv"], "when": {"stride": 2}},
}
TINY: dict[str, Any] = {
    "name": "tiny",
    "stem": {"width": 24},
    "defaults": {"activation": {"choice": ["swish", "prelu"]}},
    "stages": [
        {"depth": {"range": [1, 2]}, "width": {"choice": [24, 48]}, **_STAGE},
        {"depth": {"range": [1, 3]}, "width": {"choice": [36, 48]}, **_STAGE},
    ],
    "head": {"width": 32, "embedding": 16},
}


def write_space(folder: Path) -> Path:
    """The space as a file."""
    path = folder / "tiny.yaml"
    path.write_text(write_yaml(TINY))
    return path


def tiny_space(folder: Path) -> SearchSpace:
    """The space, by way of a file."""
    return load_space(str(write_space(folder)))
