"""``TrainPlan``: all that a full training run is asked to do.

Its fields declare the options of ``train``. Nothing here imports torch: help waits for this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, get_args

from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput, RunError
from seesawnas.io.files import expanded
from seesawnas.plan.documents import flag_of
from seesawnas.plan.options import (
    OneOf,
    Whole,
    as_it_is,
    duration,
    inherited,
    option,
    optional_text,
    options_of,
    store_duration,
    text,
)
from seesawnas.text import several
from seesawnas.train.feeds.teacher_plan import (
    FROM,
    Channels,
    FilePaths,
    TeacherPlan,
    teacher_conflicts,
)
from seesawnas.train.recipe import (
    MAX_EPOCHS,
    MOST_BATCH,
    MOST_GENERATIONS,
    Distill,
    GenerationTeacher,
    Precision,
    Recipe,
    read_recipe,
)

RUNS = Path("runs")
HOW, WHERE = "Training", "Execution"
"""Panels of the help."""
_PIECES = "processes x accumulate"
CROP, _SQUARE, _ASPECT = "crop", "square", "aspect"
"""A setting that folders of an earlier version do not say."""
TEACHER, TEACHER_INPUT = "teacher", "teacher_input"
"""Settings of the teachers' digests, and of how they are fed, which follows from cards too."""


def _recipe(raw: Any) -> Any:
    """The recipe that a REF names.

    Raises:
        InvalidInput: If its file has faults: every fault, each at its place there.
    """
    return raw if isinstance(raw, Recipe) else read_recipe(text(raw))


def _folder(raw: Any) -> Path | None:
    return None if raw is None else expanded(Path(raw))


@dataclass(frozen=True, kw_only=True)
class TrainPlan(TeacherPlan):
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
        distill: That of the recipe if None, or "angular" if it has none and there is a teacher.
        distill_weight: That of the recipe if None.
        generations: That of the recipe if None.
        generation_teacher: That of the recipe if None.
        stages: How often the network is kept during its training.
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
        FilePaths("a verification set"),
        "FILES",
        HOW,
        "Verification sets to evaluate after every epoch: lfw.bin,cfp_fp.bin.",
        default=(),
        key="val",
        store=list,
    )
    teacher: tuple[str, ...] = inherited(TeacherPlan, "teacher")
    teacher_normalise: str | None = inherited(TeacherPlan, "teacher_normalise", must_stay=True)
    teacher_channels: Channels = inherited(TeacherPlan, "teacher_channels", must_stay=True)
    teacher_output: str | None = inherited(TeacherPlan, "teacher_output", must_stay=True)
    distill: Distill | None = inherited(
        TeacherPlan,
        "distill",
        help="Distillation loss, added to the margin loss: angular (VarGFaceNet), embedding or "
        "multistep (PocketNet). Default: the recipe's, or angular with --teacher.",
    )
    distill_weight: float | None = inherited(
        TeacherPlan,
        "distill_weight",
        help="Weight of the distillation loss. Default: the recipe's, or 7 for angular (summed "
        "over the dimensions), 100 for embedding and multistep (averaged).",
    )
    generations: int | None = option(
        Whole(1, MOST_GENERATIONS, optional=True),
        "N",
        FROM,
        "Train N times, each time from the weights of the time before. Default: the recipe's, "
        "or 1.",
        default=None,
    )
    generation_teacher: GenerationTeacher | None = option(
        OneOf(get_args(GenerationTeacher), optional=True),
        "NAME",
        FROM,
        "Teacher from the second generation on: same (VarGFaceNet), or previous, the network of "
        "the generation before. Default: the recipe's, or same.",
        default=None,
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
    stages: int = option(
        Whole(0, MAX_EPOCHS),
        "N",
        WHERE,
        "Keep the network at N points of its training, evenly spaced, in DIR/stages. Default: 0.",
        default=0,
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
        object.__setattr__(self, "recipe", self.recipe.changed(**self._changes()))
        if self.resolution is not None:
            object.__setattr__(self, "spec", self.spec.at_side(self.resolution))
        if faults := list(self._conflicts()):
            raise self.fault("\n".join(faults))

    def _changes(self) -> dict[str, Any]:
        """What the options change in the recipe."""
        asked = {name: getattr(self, name) for name in _OF_RECIPE}
        if self.teacher and self.recipe.distill == "none" and self.distill is None:
            asked["distill"] = "angular"
        changes = {name: value for name, value in asked.items() if value is not None}
        # Another method's weight is another thing: its distance may be a hundredth.
        if changes.get("distill", self.recipe.distill) != self.recipe.distill:
            changes.setdefault("distill_weight", None)
        return changes

    def _conflicts(self) -> Iterator[str]:
        """What is wrong with the options together."""
        recipe = self.recipe
        epochs = several(recipe.epochs, "epoch")
        yield from teacher_conflicts(self, recipe.distill, recipe.distill_weight, flag_of)
        if recipe.distill == "none" and recipe.generations > 1:
            yield f"--generations {recipe.generations} requires --teacher, got none"
        if recipe.distill == "multistep" and recipe.generation_teacher == "previous":
            yield "--generation-teacher must be same for --distill multistep, got previous"
        if self.stages > recipe.epochs:
            yield f"--stages must be at most the {epochs}, got {self.stages}"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.spec.input.height, self.spec.input.width

    def stage_epochs(self) -> tuple[int, ...]:
        """After which epochs the network is kept: the ends of equal parts, the last one's too."""
        parts, epochs = self.stages, self.recipe.epochs
        return tuple(-(-part * epochs // parts) for part in range(1, parts + 1))

    def generation(self, number: int) -> TrainPlan:
        """This plan in the folder of generation ``number``, from 1; the last one's is its own."""
        is_last = number == self.recipe.generations
        return self if is_last else replace(self, folder=self.folder / f"generation_{number}")

    def required_settings(
        self,
        fingerprint: str,
        processes: int = 1,
        teachers: Sequence[str] = (),
        inputs: Sequence[str] = (),
    ) -> dict[str, Any]:
        """What must stay the same if a training run is resumed, as JSON values.

        That is whatever changes the numbers by more than the order of sums: a batch in other pieces
        has other statistics in batch norm, and other flips and shifts. Which of the pieces are
        processes' and which are parts may change, so that fewer GPUs resume with more parts; so may
        the device, the workers and the verification sets.

        Args:
            fingerprint: The data's.
            processes: How many train together.
            teachers: The teachers' digests.
            inputs: How images become the teachers' inputs, in words.
        """
        height, width = self.size
        fed = _listed(tuple(dict.fromkeys(inputs)))
        found = {TEACHER: _listed(teachers), **({} if fed is None else {TEACHER_INPUT: fed})}
        pieces = {_PIECES: processes * self.parts, **({} if height == width else {CROP: _ASPECT})}
        return self.settings(data=fingerprint, size=f"{height}x{width}", **found, **pieces)


_OF_RECIPE = (
    "epochs",
    "batch_size",
    "distill",
    "distill_weight",
    "generations",
    "generation_teacher",
)
"""Options that override the recipe's field of their name."""


def _listed(words: Sequence[str]) -> str | None:
    """``words`` as one; None if there are none."""
    return ", ".join(words) or None


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
    later = {one.kept_as for one in options_of(TrainPlan) if one.is_later} | {TEACHER_INPUT}
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


_WITHOUT_TEACHER = {
    "teacher": None,
    "teacher_normalise": None,
    "teacher_channels": "rgb",
    "teacher_output": None,
}


def _in_full(settings: dict[str, Any]) -> dict[str, Any]:
    """``settings`` with what the recipe's mapping leaves out, and with a crop.

    An earlier version stored no crop, which means: a square first; and knew no teacher.
    """
    settings = {**_WITHOUT_TEACHER, **settings, CROP: settings.get(CROP, _SQUARE)}
    recipe = settings.get("recipe")
    return (
        {**settings, "recipe": {**Recipe.default_values(), **recipe}}
        if isinstance(recipe, dict)
        else settings
    )


def _differences(name: str, old: Any, new: Any) -> list[tuple[str, str]]:
    """Each value that differs: the option with what the training was started with, and as asked."""
    options = {one.kept_as: one.kept_name or one.flag for one in options_of(TrainPlan)}
    options[TEACHER_INPUT] = "the teacher's input"
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**new, **old} if old.get(key) != new.get(key)]
        shown = [key for key in keys if key != "label"] or keys  # a label follows from the values
        return [
            (f"{options.get(key, f'{name}.{key}')} {old.get(key)}", f"{new.get(key)}")
            for key in shown
        ]
    return [] if old == new else [(f"{options.get(name, name)} {old}", f"{new}")]
