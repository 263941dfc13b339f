"""Parts of a network that a training leaves as they are.

Nothing here imports torch: help waits for this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.text import short


def freeze_rule(raw: Any) -> tuple[str, ...]:
    """The words of ``--freeze``: text with commas, a list or a whole number.

    Raises:
        ValueError: If it is none of them, or empty.
    """
    words = raw if isinstance(raw, list | tuple) else str(raw).split(",")
    found = tuple(str(word).strip() for word in words)
    if isinstance(raw, list | tuple) and not raw:
        return ()
    if not all(found):
        raise ValueError(f"must be parts such as stem,stage1, or a number, got {short(raw)!r}")
    return found


def frozen_parts(spec: ArchSpec, words: Sequence[str]) -> tuple[str, ...]:
    """The names of the parts that ``words`` mean, in the order of the network.

    Args:
        spec: The network.
        words: Names of parts: stem, stage1 and so on, by resolution as ``spec.stages``, and head;
            or one whole number N, which means the stem and the first N stages.

    Raises:
        ValueError: If ``spec`` has no such parts, or nothing would be trained.
    """
    known = list(_modules(spec))
    stages = len(known) - 2
    if len(words) == 1 and words[0].isdecimal() and 1 <= int(words[0]) <= stages:
        return tuple(known[: int(words[0]) + 1])
    for word in words:
        if word not in known:
            raise ValueError(
                f"must be stem, stage1 to stage{stages}, head, or a number of stages from 1 to "
                f"{stages}, got {short(word)}"
            )
    found = tuple(name for name in known if name in words)
    if len(found) == len(known):
        raise ValueError("must leave a part of the network to train, got all of them")
    return found


def frozen_modules(spec: ArchSpec, parts: Sequence[str]) -> tuple[str, ...]:
    """The names of the network's modules in ``parts``, as :func:`frozen_parts` names these."""
    modules = _modules(spec)
    return tuple(name for part in parts for name in modules[part])


def _modules(spec: ArchSpec) -> Mapping[str, tuple[str, ...]]:
    """The names of the modules of each part, by its name, in the order of the network."""
    stages = {
        f"stage{number}": tuple(
            f"blocks.{stage.first + place}" for place in range(len(stage.blocks))
        )
        for number, stage in enumerate(spec.stages, 1)
    }
    return {"stem": ("stem",), **stages, "head": ("head",)}
