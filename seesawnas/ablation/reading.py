"""From what a study stores to what its ablation found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from seesawnas.ablation.analysis import analysed
from seesawnas.ablation.result import AblationResult, ArmResult
from seesawnas.study import Trial, TrialState

ATTRIBUTE = "ablation"
"""The study's attribute that says what its trials' levels and networks mean."""


def read_ablation(study: str, attributes: Mapping[str, Any], trials: Iterable[Trial]) -> AblationResult | None:
    """What the ablation stored under the name ``study`` found so far; None where the study is of another kind.

    attributes: the study's own; trials: in whatever state; those that are complete count.
    """
    text = attributes.get(ATTRIBUTE)
    if text is None:
        return None
    kept = json.loads(text)
    values = _values(trials)
    arms = tuple(
        ArmResult(
            name=arm["name"],
            levels=tuple((factor, level) for factor, level in arm["levels"]),
            digest=arm["digest"],
            madds=arm["madds"],
            params=arm["params"],
            values=tuple(sorted(values.get(arm["digest"], {}).items())),
        )
        for arm in kept["arms"]
    )
    factors = tuple((factor, tuple(levels)) for factor, levels in kept["factors"])
    effects, interactions = analysed(arms, factors, kept["design"])
    return AblationResult(
        study=study,
        base=kept["base"],
        quality=kept["quality"],
        design=kept["design"],
        factors=factors,
        seeds=tuple(kept["seeds"]),
        arms=arms,
        effects=effects,
        interactions=interactions,
        matched=kept["matched"],
        resolution=kept["resolution"],
        aliases=tuple(kept["aliases"]),
        looks=tuple(kept.get("looks", ())),
    )


def _values(trials: Iterable[Trial]) -> dict[str, dict[int, float]]:
    """The quality of each complete training, by the network's digest and the training's seed."""
    found: dict[str, dict[int, float]] = {}
    for trial in trials:
        variant = str(trial.user_attrs.get("variant", ""))
        if trial.state is TrialState.COMPLETE and variant.startswith("seed "):
            seed = int(variant.removeprefix("seed "))
            found.setdefault(str(trial.user_attrs["digest"]), {})[seed] = trial.values[0]
    return found
