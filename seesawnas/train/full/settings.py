"""What must stay when a training run is resumed: as it was stored against as it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seesawnas.errors import RunError
from seesawnas.plan.documents import Place, flag_of
from seesawnas.plan.options import Option, options_of
from seesawnas.train.full.plan import CROP, SQUARE, TEACHER_INPUT, TrainPlan
from seesawnas.train.recipe import Recipe


def check_settings(
    kept: dict[str, Any], asked: dict[str, Any], folder: Path, place: Place = flag_of
) -> None:
    """Check that the training run in ``folder`` has the settings ``asked``.

    Args:
        kept: As they were stored.
        asked: As they are now.
        folder: The training run's.
        place: How a key is called in messages.

    Raises:
        RunError: If ``folder`` contains a training run with other settings; names every option that
            differs.
    """
    before, now = _in_full(kept), _in_full(asked)
    later = {one.kept_as for one in options_of(TrainPlan) if one.is_later} | {TEACHER_INPUT}
    found = [
        one
        for name in now
        if not (name in later and name not in before)
        for one in _differences(name, before.get(name), now[name], place)
    ]
    if found:
        old, new = (" and ".join(words) for words in zip(*found, strict=True))
        raise RunError(
            f"{folder}: started with {old}, got {new}; use another {place('out')}, or delete the "
            "folder"
        )


_EARLIER = {
    "init": None,
    "keep_head": False,
    "freeze": None,
    "teacher": None,
    "teacher_normalise": None,
    "teacher_channels": "rgb",
    "teacher_output": None,
    "single_images": "skip",
}


def _in_full(settings: dict[str, Any]) -> dict[str, Any]:
    """``settings`` with what the recipe's mapping leaves out, and with a crop.

    An earlier version stored no crop, which means: a square first; and knew neither initial weights
    nor a teacher, nor any use of identities with one image.
    """
    settings = {**_EARLIER, **settings, CROP: settings.get(CROP, SQUARE)}
    recipe = settings.get("recipe")
    return (
        {**settings, "recipe": {**Recipe.default_values(), **recipe}}
        if isinstance(recipe, dict)
        else settings
    )


def _differences(name: str, old: Any, new: Any, place: Place) -> list[tuple[str, str]]:
    """Each value that differs: the option with what the training was started with, and as asked."""
    options = {one.kept_as: _called(one, place) for one in options_of(TrainPlan)}
    options[TEACHER_INPUT] = "the teacher's input"
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**new, **old} if old.get(key) != new.get(key)]
        shown = [key for key in keys if key != "label"] or keys  # a label follows from the values
        return [
            (f"{options.get(key, f'{name}.{key}')} {old.get(key)}", f"{new.get(key)}")
            for key in shown
        ]
    return [] if old == new else [(f"{options.get(name, name)} {old}", f"{new}")]


def _called(one: Option, place: Place) -> str:
    """How messages call the setting of ``one``, with its key as ``place`` calls it."""
    name = one.kept_name or one.flag
    return name.replace(one.flag, place(one.key)) if one.flag else name
