"""Made-up arms of a design: qualities are given, no network is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seesawnas.ablation.analysis import analyse
from seesawnas.ablation.design import Design, make_design
from seesawnas.ablation.result import ArmResult, DesignKind, Effect, Interaction

NAMES = (
    "se",
    "kind",
    "split",
    "skip",
    "activation",
    "kernel",
    "embedding",
    "expansion",
    "width",
    "network",
)
Levels = dict[str, str]


def two_levels(count: int, kind: DesignKind) -> Design:
    """A design of that many factors with the levels 0 and 1."""
    return make_design(dict.fromkeys(NAMES[:count], ("0", "1")), kind)


def make_arms(
    design: Design, values: NDArray[Any], digests: Sequence[str] | None = None
) -> list[ArmResult]:
    """The design's arms with ``values``, a row per arm and a column per seed.

    NaN is a seed that is not done.
    """
    names = [name for name, _ in design.factors]
    return [
        ArmResult(
            name=design.name(row),
            levels=tuple(zip(names, row, strict=True)),
            digest=digests[index] if digests else str(index),
            madds=1000 + 10 * index,
            params=500 - index,
            values=tuple(
                (seed, float(value))
                for seed, value in enumerate(values[index])
                if not np.isnan(value)
            ),
        )
        for index, row in enumerate(design.rows)
    ]


def planted(
    design: Design, truth: Callable[[Levels], float], seeds: int, noise: float, seed: int = 0
) -> NDArray[Any]:
    """Qualities: what ``truth`` says of an arm's levels, what each seed does to all arms alike, and
    noise.
    """
    rng = np.random.default_rng(seed)
    names = [name for name, _ in design.factors]
    means = np.array([truth(dict(zip(names, row, strict=True))) for row in design.rows])
    shared = 0.05 * rng.normal(size=seeds)
    return 0.8 + means[:, None] + shared + noise * rng.normal(size=(len(means), seeds))


def truth(levels: Levels) -> float:
    """Effects of two factors, se and kind."""
    return 0.02 * (levels["se"] == "1") - 0.03 * (levels["kind"] == "1")


def found_in(
    design: Design, values: NDArray[Any], **more: Any
) -> tuple[tuple[Effect, ...], tuple[Interaction, ...]]:
    """What the analysis says of these qualities."""
    return analyse(make_arms(design, values), design.factors, design.kind, **more)


def named(found: Sequence[Effect], factor: str, level: str = "1") -> Effect:
    """That effect."""
    return next(effect for effect in found if (effect.factor, effect.level) == (factor, level))


def paired(found: Sequence[Interaction], *factors: str) -> Interaction:
    """That interaction."""
    return next(interaction for interaction in found if interaction.factors == factors)


def every(found: tuple[Sequence[Effect], Sequence[Interaction]]) -> list[Effect | Interaction]:
    """Effects and interactions, in one row."""
    return [*found[0], *found[1]]
