"""More epochs for a training run that was started with fewer.

Schedules are functions of the part of the training that is done, so more epochs change what is
still to come, and what would have been: it goes on by the schedule of all its epochs. Where that
schedule agrees with the old one at this moment, as with a constant learning rate, nothing jumps.
Otherwise the learning rate rises again, which the user must ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seesawnas.errors import RunError
from seesawnas.space.catalog import ABOUT
from seesawnas.text import several
from seesawnas.train.full.checkpoints import CHECKPOINTS, check_saved, run_checkpoints
from seesawnas.train.full.plan import TrainPlan
from seesawnas.train.recipe import Recipe
from seesawnas.train.schedule import learning_rate_factor, ramp

EXTENDED = "extended"
"""The key, in a run's settings and its ``model.json``, of how it was extended."""


@dataclass(frozen=True, slots=True)
class Extension:
    """That a training was given more epochs.

    Attributes:
        epochs: How many it was to have before.
        step: After which step it was given more.
        jumps: What changes suddenly at that step, in words.
    """

    epochs: int
    step: int
    jumps: tuple[str, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values."""
        return {"epochs": self.epochs, "step": self.step}


def is_extension(kept: Mapping[str, Any], plan: TrainPlan) -> bool:
    """Whether ``plan`` has more epochs than the settings ``kept`` of its folder."""
    recipe = kept.get("recipe")
    epochs = recipe.get("epochs") if isinstance(recipe, dict) else None
    return type(epochs) is int and 0 < epochs < plan.recipe.epochs


def extend(kept: Mapping[str, Any], plan: TrainPlan, steps: int) -> Extension | None:
    """How ``plan`` extends the training of its folder, which is otherwise the same.

    Args:
        kept: The settings of the folder; see :func:`is_extension`.
        plan: With more epochs.
        steps: Per epoch.

    Returns:
        None if the folder has no checkpoint and no result: nothing was done by the old schedule.

    Raises:
        RunError: If there is none to go on from, or the schedule jumps and the plan does not allow
            that.
    """
    before, epochs = kept["recipe"]["epochs"], plan.recipe.epochs
    place = plan.place
    if plan.recipe.generations > 1:
        raise RunError(
            f"{plan.folder}: {place('epochs')} must be {before} for a training of "
            f"{plan.recipe.generations} generations, got {epochs}; use another {place('out')}"
        )
    saved, _ = run_checkpoints(plan.folder / CHECKPOINTS).newest(check_saved)
    if saved is None:
        if not (plan.folder / ABOUT).exists():
            return None
        raise RunError(
            f"{plan.folder}: {place('epochs')} must be {before}, got {epochs}: no checkpoint is "
            f"left to train on from; use another {place('out')}"
        )
    step = int(saved[1]["step"])
    jumps = tuple(_jumps(replace(plan.recipe, epochs=before), plan.recipe, step / steps))
    if jumps and not plan.extend:
        done, all_jumps = f"{step / steps:g} of {several(before, 'epoch')}", " and ".join(jumps)
        raise RunError(
            f"{plan.folder}: {place('epochs')} {epochs} requires {place('extend')} after {done}: "
            f"on the schedule of {epochs}, {all_jumps}; or use another {place('out')}"
        )
    return Extension(before, step, jumps)


def _jumps(before: Recipe, after: Recipe, epochs: float) -> Iterator[str]:
    """What changes suddenly if ``after`` takes the place of ``before`` once ``epochs`` are done."""
    done = [min(1.0, epochs / recipe.epochs) for recipe in (before, after)]
    old, new = (after.learning_rate * _factor(after, part) for part in done)
    if not _are_near(old, new):
        yield f"the learning rate goes from {old:.3g} to {new:.3g}"
    old, new = (ramp(part, after.margin_warm_up) for part in done)
    if not _are_near(old, new):
        yield f"the margin goes from {old:.0%} to {new:.0%}"
    if after.distill == "multistep":
        yield f"the teacher is that of {done[1]:.0%} of the training"


def _factor(recipe: Recipe, progress: float) -> float:
    return learning_rate_factor(
        progress,
        warm_up=recipe.warm_up,
        decay=recipe.decay,
        steps=recipe.decay_steps,
        factor=recipe.decay_factor,
    )


def _are_near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other), 1e-12)


def read_extensions(kept: Mapping[str, Any], folder: Path) -> list[Extension]:
    """Those in the settings ``kept`` of a run in ``folder``.

    Raises:
        RunError: If they are no such list.
    """
    found = kept.get(EXTENDED, [])
    try:
        return [Extension(int(one["epochs"]), int(one["step"])) for one in found]
    except (LookupError, TypeError, ValueError):
        raise RunError(
            f"{folder}: {EXTENDED} must be a list of epochs and steps; use another --out, or "
            "delete the folder"
        ) from None
