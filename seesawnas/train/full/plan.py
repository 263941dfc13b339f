"""``TrainPlan``: all that a full training run is asked to do.

Its fields declare the options of ``train``. Nothing here imports torch: help waits for this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, get_args

from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput, RunError
from seesawnas.io.files import expanded
from seesawnas.plan.options import (
    OneOf,
    Plan,
    Whole,
    as_it_is,
    duration,
    option,
    optional_text,
    options_of,
    store_duration,
    text,
)
from seesawnas.train.recipe import MAX_EPOCHS, MOST_BATCH, Precision, Recipe, read_recipe

RUNS = Path("runs")
HOW, WHERE = "Training", "Execution"
"""Panels of the help."""
_PIECES = "processes x accumulate"
CROP, _SQUARE, _ASPECT = "crop", "square", "aspect"
"""A setting that folders of an earlier version do not say."""


def _recipe(raw: Any) -> Any:
    """The recipe that a REF names.

    Raises:
        InvalidInput: If its file has faults: every fault, each at its place there.
    """
    return raw if isinstance(raw, Recipe) else read_recipe(text(raw))


def _files(raw: Any) -> tuple[str, ...]:
    parts = raw if isinstance(raw, list | tuple) else text(raw).split(",")
    return tuple(path for path in (str(part).strip() for part in parts) if path)


def _folder(raw: Any) -> Path | None:
    return None if raw is None else expanded(Path(raw))


@dataclass(frozen=True, kw_only=True)
class TrainPlan(Plan):
    """What a full training run is asked to do: train a network by a recipe, in a folder.

    Attributes:
        spec: The network, at the resolution that it is trained at; the command's argument.
        data: Where the faces lie; their fingerprint must stay.
        recipe: With the epochs and the batch size of this plan.
        epochs: Those of the recipe if None.
        batch_size: That of the recipe if None.
        resolution: That of the network as given if None; all of its sides must stay.
        parts: How many pieces a process cuts its share of a batch into, to save memory.
        benchmarks: Verification sets that the network is scored on after every epoch.
        workers: Processes that load images, None for as many as fit.
        save_seconds: How often a checkpoint is kept beside those after each epoch.
    """

    fault: ClassVar[type[InvalidInput]] = RunError

    spec: ArchSpec = option(
        as_it_is, must_stay=True, kept_as="network", kept_name="network", store=ArchSpec.digest
    )
    data: str = option(
        text,
        "PATH",
        HOW,
        "Training images: a folder with one sub-folder per identity, a folder with train.rec, or "
        "a .rec file.",
        must_stay=True,
        kept_name="--data of fingerprint",
    )
    recipe: Recipe = option(
        _recipe,
        "REF",
        HOW,
        "A shipped recipe, paper or small, or a YAML file. Default: paper.",
        default=partial(_recipe, "paper"),
        must_stay=True,
        store=Recipe.to_mapping,
    )
    epochs: int | None = option(
        Whole(1, MAX_EPOCHS, optional=True),
        "N",
        HOW,
        "Epochs. Default: the recipe's.",
        default=None,
    )
    batch_size: int | None = option(
        Whole(2, MOST_BATCH, optional=True),
        "N",
        HOW,
        "Images per step, over all processes. Default: the recipe's.",
        default=None,
    )
    resolution: int | None = option(
        Whole(8, 4096, optional=True),
        "R",
        HOW,
        "Input size: the longer side, in pixels. Default: the network's.",
        default=None,
        must_stay=True,
        kept_as="size",
        kept_name="size",
    )
    seed: int = option(
        Whole(0, 2**63 - 1),
        "S",
        HOW,
        "Seed of the initial weights and the image order. Default: 0.",
        default=0,
        must_stay=True,
    )
    precision: Precision = option(
        OneOf(get_args(Precision)),
        "NAME",
        HOW,
        "fp32, bf16 or fp16. Default: fp32.",
        default="fp32",
        must_stay=True,
        is_later=True,
    )
    parts: int = option(
        Whole(1, 10_000),
        "N",
        HOW,
        "Gradient accumulation: compute each batch in N parts, to save memory. Default: 1.",
        default=1,
        key="accumulate",
        must_stay=True,
        kept_as=_PIECES,
        kept_name="processes x --accumulate",
        is_later=True,
    )
    benchmarks: tuple[str, ...] = option(
        _files,
        "FILES",
        HOW,
        "Verification sets to evaluate after every epoch: lfw.bin,cfp_fp.bin.",
        default=(),
        key="val",
        store=list,
    )
    folder: Path = option(
        _folder,
        "DIR",
        WHERE,
        "Output folder. Default: runs/train_NAME.",
        default=None,
        key="out",
        store=str,
    )
    workers: int | None = option(
        Whole(0, 1024, optional=True),
        "N",
        WHERE,
        "Processes that load images. Default: as many as fit.",
        default=None,
    )
    device: str | None = option(
        optional_text,
        "NAME",
        WHERE,
        "cpu, cuda or cuda:1. Default: a GPU if there is one.",
        default=None,
    )
    save_seconds: float = option(
        duration,
        "T",
        WHERE,
        "Time between checkpoints; one is also saved after each epoch. Default: 10m.",
        default=600.0,
        key="save_every",
        store=store_duration,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._fill("folder", default_folder(self.spec.name or self.spec.digest()))
        asked: dict[str, Any] = {"epochs": self.epochs, "batch_size": self.batch_size}
        changes = {name: value for name, value in asked.items() if value is not None}
        object.__setattr__(self, "recipe", replace(self.recipe, **changes))
        if self.resolution is not None:
            object.__setattr__(self, "spec", self.spec.at_side(self.resolution))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.spec.input.height, self.spec.input.width

    def required_settings(self, fingerprint: str, processes: int = 1) -> dict[str, Any]:
        """What must stay the same if a training run is resumed, as JSON values.

        That is whatever changes the numbers by more than the order of sums: a batch in other pieces
        has other statistics in batch norm, and other flips and shifts. Which of the pieces are
        processes' and which are parts may change, so that fewer GPUs resume with more parts; so may
        the device, the workers and the verification sets.

        Args:
            fingerprint: The data's.
            processes: How many train together.
        """
        height, width = self.size
        pieces = {_PIECES: processes * self.parts, **({} if height == width else {CROP: _ASPECT})}
        return self.settings(data=fingerprint, size=f"{height}x{width}", **pieces)


def default_folder(name: str) -> Path:
    """The default folder to train a network called ``name`` in: runs/train_NAME."""
    return RUNS / "_".join(["train", *re.findall(r"[A-Za-z0-9]+", name.removeprefix("paper/"))])


def check_settings(kept: dict[str, Any], asked: dict[str, Any], folder: Path) -> None:
    """Check that the training run in ``folder`` has the settings ``asked``.

    Raises:
        RunError: If ``folder`` contains a training run with other settings; names every option that
            differs.
    """
    before, now = _in_full(kept), _in_full(asked)
    later = {one.kept_as for one in options_of(TrainPlan) if one.is_later}
    found = [
        one
        for name in now
        if not (name in later and name not in before)
        for one in _differences(name, before.get(name), now[name])
    ]
    if found:
        old, new = (" and ".join(words) for words in zip(*found, strict=True))
        raise RunError(
            f"{folder}: started with {old}, got {new}; use another --out, or delete the folder"
        )


def _in_full(settings: dict[str, Any]) -> dict[str, Any]:
    """``settings`` with what the recipe's mapping leaves out, and with a crop.

    An earlier version stored no crop, which means: a square first.
    """
    settings = {**settings, CROP: settings.get(CROP, _SQUARE)}
    recipe = settings.get("recipe")
    return (
        {**settings, "recipe": {**Recipe.default_values(), **recipe}}
        if isinstance(recipe, dict)
        else settings
    )


def _differences(name: str, old: Any, new: Any) -> list[tuple[str, str]]:
    """Each value that differs: the option with what the training was started with, and as asked."""
    options = {one.kept_as: one.kept_name or one.flag for one in options_of(TrainPlan)}
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**new, **old} if old.get(key) != new.get(key)]
        shown = [key for key in keys if key != "label"] or keys  # a label follows from the values
        return [
            (f"{options.get(key, f'{name}.{key}')} {old.get(key)}", f"{new.get(key)}")
            for key in shown
        ]
    return [] if old == new else [(f"{options.get(name, name)} {old}", f"{new}")]
