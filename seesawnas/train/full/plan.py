"""What a full training is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.errors import RunError
from seesawnas.train import Precision, Recipe

RUNS = Path("runs")
_PIECES = "processes x accumulate"
_LATER = ("precision", _PIECES)
CROP, _SQUARE, _ASPECT = "crop", "square", "aspect"
"""Settings that folders of an earlier version do not say."""


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """``spec``, at the resolution it is trained at, by ``recipe`` from ``seed``, in ``folder``.

    benchmarks: verification sets that it is scored on after every epoch. workers: processes that read pictures, None for as
    many as fit. parts: how many pieces a process cuts its share of a batch into, to fit memory. save_seconds: how often a
    checkpoint is kept beside those after each epoch.
    """

    spec: ArchSpec
    recipe: Recipe
    folder: Path
    seed: int = 0
    benchmarks: tuple[str, ...] = ()
    workers: int | None = None
    device: str | None = None
    precision: Precision = "fp32"
    parts: int = 1
    save_seconds: float = 600.0

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        return self.spec.input.height, self.spec.input.width

    def settings(self, fingerprint: str, processes: int = 1) -> dict[str, Any]:
        """What must stay the same where a training goes on, as JSON values; ``fingerprint`` is the data's.

        That is whatever changes the numbers by more than the order of sums: a batch in other pieces has other statistics in
        batch norm, and other flips and shifts. Which of the pieces are processes' and which are parts may change, so that
        fewer GPUs go on with more parts; so may the device, the workers and the verification sets.
        """
        size = "x".join(map(str, self.size))
        is_square = self.size[0] == self.size[1]
        return {
            "network": self.spec.digest(),
            "size": size,
            "recipe": self.recipe.to_mapping(),
            "data": fingerprint,
            "seed": self.seed,
            "precision": self.precision,
            _PIECES: processes * self.parts,
            **({} if is_square else {CROP: _ASPECT}),
        }


def default_folder(name: str) -> Path:
    """Where a network called ``name`` is trained if nothing else is said: runs/train_NAME."""
    return RUNS / "_".join(["train", *re.findall(r"[A-Za-z0-9]+", name.removeprefix("paper/"))])


def check_settings(kept: dict[str, Any], asked: dict[str, Any], folder: Path) -> None:
    """Raises RunError, naming every option that differs, where ``folder`` holds a training with other settings."""
    before, now = _in_full(kept), _in_full(asked)
    found = [
        one
        for name in now
        if not (name in _LATER and name not in before)
        for one in _differences(name, before.get(name), now[name])
    ]
    if found:
        old, new = (" and ".join(words) for words in zip(*found, strict=True))
        raise RunError(f"{folder}: started with {old}, got {new}; use another --out, or delete the folder")


def _in_full(settings: dict[str, Any]) -> dict[str, Any]:
    """With what the recipe's mapping leaves out, and the crop of an earlier version, which says none: a square first."""
    settings = {**settings, CROP: settings.get(CROP, _SQUARE)}
    recipe = settings.get("recipe")
    return {**settings, "recipe": {**Recipe.unsaid(), **recipe}} if isinstance(recipe, dict) else settings


def _differences(name: str, old: Any, new: Any) -> list[tuple[str, str]]:
    """(the option with what the training was started with, what is asked for), of each value that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**new, **old} if old.get(key) != new.get(key)]
        shown = [key for key in keys if key != "label"] or keys  # a label follows from the values
        return [(f"{_OPTIONS.get(key, f'{name}.{key}')} {old.get(key)}", f"{new.get(key)}") for key in shown]
    return [] if old == new else [(f"{_OPTIONS.get(name, name)} {old}", f"{new}")]


_OPTIONS = {
    "network": "network",
    "data": "--data of fingerprint",
    "seed": "--seed",
    "precision": "--precision",
    "epochs": "--epochs",
    "batch_size": "--batch-size",
    _PIECES: "processes x --accumulate",
}
