"""``TrainPlan``: all that a full training run is asked to do.

Its fields declare the options of ``train``. Nothing here imports torch: help waits for this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput, RunError
from seesawnas.io.catalog import RUNS
from seesawnas.io.files import expanded
from seesawnas.plan.documents import flag_of
from seesawnas.plan.options import (
    Flag,
    Number,
    OneOf,
    Whole,
    as_it_is,
    duration,
    inherited,
    option,
    optional_text,
    options_of,
    store_duration,
    stored_list,
    text,
)
from seesawnas.text import several, short
from seesawnas.train.feeds.subset_plan import SubsetPlan
from seesawnas.train.feeds.teacher_plan import (
    FROM,
    Channels,
    FilePaths,
    TeacherPlan,
    teacher_conflicts,
)
from seesawnas.train.full.freezing import freeze_rule, frozen_parts
from seesawnas.train.recipe import (
    MAX_EPOCHS,
    MOST_BATCH,
    MOST_GENERATIONS,
    MOST_RATE,
    Distill,
    GenerationTeacher,
    Precision,
    Recipe,
    read_changes,
    read_recipe,
)

if TYPE_CHECKING:
    from pydantic import ValidationInfo

MAX_STEPS = 10**9
HOW, WHERE = "Training", "Execution"
"""Panels of the help."""
_PIECES = "processes x accumulate"
CROP, SQUARE, _ASPECT = "crop", "square", "aspect"
"""A setting that folders of an earlier version do not say."""
SingleImages = Literal["distill", "skip"]
SINGLE_IMAGES = "single_images"
"""A setting that folders of an earlier version do not say: they skipped them."""
INIT = "init"
TEACHER, TEACHER_INPUT = "teacher", "teacher_input"
"""Settings of the teachers' digests, and of how they are fed, which follows from cards too."""


def _recipe(raw: Any) -> Any:
    """The recipe that a REF names.

    Raises:
        InvalidInput: If its file has faults: every fault, each at its place there.
    """
    return raw if isinstance(raw, Recipe) else read_recipe(text(raw))


def _changes(raw: Any, info: ValidationInfo) -> Any:
    """What ``--set`` changes in the recipe, by its fields.

    Raises:
        DocumentError: If there are faults: every fault.
    """
    return raw if isinstance(raw, Mapping) else read_changes(raw, (info.context or flag_of)("set"))


def _folder(raw: Any) -> Path | None:
    return None if raw is None else expanded(Path(raw))


@dataclass(frozen=True, kw_only=True)
class TrainPlan(TeacherPlan):
    """What a full training run is asked to do: train a network by a recipe, in a folder.

    Attributes:
        spec: The network, at the resolution that it is trained at; the command's argument.
        data: Where the faces lie; their fingerprint must stay.
        identities: How many identities of ``data`` are trained on; None for all.
        recipe: With the epochs and the batch size of this plan.
        epochs: Those of the recipe if None.
        extend: Whether a folder's training may go on to more epochs if its schedule then jumps.
        batch_size: That of the recipe if None.
        learning_rate: That of the recipe if None.
        changes: What else is changed in the recipe, by its fields.
        init: The network whose weights it begins with, a folder or a file; their digest must stay.
        keep_head: Whether it begins with that training's margin head too.
        freeze: The parts of the network that are not trained, by the names of ``PARTS``.
        resolution: That of the network as given if None; all of its sides must stay.
        parts: How many pieces a process cuts its share of a batch into, to save memory.
        benchmarks: Verification sets that the network is scored on after every epoch.
        validate_every: After how many steps it is scored too; after epochs alone if None.
        distill: That of the recipe if None, or "angular" if it has none and there is a teacher.
        distill_weight: That of the recipe if None.
        single_images: What images of identities with one image are for; "distill" if None and
            there is a teacher, but neither ``identities`` nor ``keep_head``.
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
    identities: int | None = inherited(SubsetPlan, "identities", panel=HOW, is_later=True)
    recipe: Recipe = option(
        _recipe,
        "REF",
        HOW,
        "A shipped recipe, paper or small, or a YAML file. Default: paper.",
        default=partial(_recipe, "paper"),
        completion="recipe",
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
    extend: bool = option(
        Flag(),
        "",
        HOW,
        "Allow more --epochs for a folder that was trained before, although its learning rate "
        "then rises again.",
        default=False,
    )
    batch_size: int | None = option(
        Whole(2, MOST_BATCH, optional=True),
        "N",
        HOW,
        "Images per step, over all processes. Default: the recipe's.",
        default=None,
    )
    learning_rate: float | None = option(
        Number(0, MOST_RATE, optional=True),
        "RATE",
        HOW,
        "Peak learning rate. Default: the recipe's.",
        default=None,
        key="lr",
        kept_as="learning_rate",
    )
    changes: Mapping[str, Any] = option(
        _changes,
        "KEY=VALUE",
        HOW,
        "Change a key of the recipe, as in its file: weight_decay=0.0001. May be repeated.",
        default=dict,
        key="set",
        is_list=True,
        store=lambda changes: [f"{name}={value}" for name, value in changes.items()] or None,
    )
    init: str | None = option(
        optional_text,
        "DIR",
        HOW,
        "Fine-tune from a trained network: a folder, or its model.safetensors. The margin head "
        "starts anew.",
        default=None,
        must_stay=True,
        kept_name="--init of digest",
    )
    keep_head: bool = option(
        Flag(),
        "",
        HOW,
        "Begin with the margin head of --init too: a folder that was trained on the same --data.",
        default=False,
        must_stay=True,
    )
    freeze: tuple[str, ...] = option(
        freeze_rule,
        "PARTS",
        HOW,
        "Parts of the network not to train: stem, stage1, ..., head (stem,stage1), or N: the stem "
        "and the first N stages. Requires --init.",
        default=(),
        must_stay=True,
        store=stored_list,
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
        "Verification sets to evaluate after every epoch: lfw.bin,cfp_fp.bin. DIR/best has the "
        "best network.",
        default=(),
        key="val",
        store=list,
    )
    validate_every: int | None = option(
        Whole(1, MAX_STEPS, optional=True),
        "N",
        HOW,
        "Evaluate on --val every N steps too.",
        default=None,
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
    single_images: SingleImages | None = option(
        OneOf(get_args(SingleImages), optional=True),
        "NAME",
        FROM,
        "Images of identities with one image, which are no classes: distill (learn the teacher's "
        "embeddings of them) or skip. Default: distill with --teacher, but skip with --identities "
        "or --keep-head.",
        default=None,
        must_stay=True,
        keep=as_it_is,
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
        overrides = self._overrides()
        faults = list(self._override_conflicts(overrides))
        object.__setattr__(self, "recipe", self.recipe.changed(**overrides))
        if self.resolution is not None:
            object.__setattr__(self, "spec", self.spec.at_side(self.resolution))
        if self.freeze:
            try:
                object.__setattr__(self, "freeze", frozen_parts(self.spec, self.freeze))
            except ValueError as error:
                faults.append(f"{self.place('freeze')} {error}")
        if faults := [*faults, *self._conflicts()]:
            raise self.fault("\n".join(faults))

    def _overrides(self) -> dict[str, Any]:
        """What the options change in the recipe."""
        asked = {name: getattr(self, name) for name in _OF_RECIPE}
        changes = {name: value for name, value in asked.items() if value is not None}
        changes = {**self.changes, **changes}
        if self.teacher and self.recipe.distill == "none" and "distill" not in changes:
            changes["distill"] = "angular"
        # Another method's weight is another thing: its distance may be a hundredth.
        if changes.get("distill", self.recipe.distill) != self.recipe.distill:
            changes.setdefault("distill_weight", None)
        return changes

    def _override_conflicts(self, overrides: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with what the options change in the recipe, which it is not changed by."""
        place = self.place
        for one in options_of(type(self)):
            if (
                one.name in _OF_RECIPE
                and one.name in self.changes
                and getattr(self, one.name) is not None
            ):
                value = short(self.changes[one.name])
                yield (
                    f"{place('set')} {one.name} must not be given beside {place(one.key)}, got "
                    f"{value}"
                )
        recipe = self.recipe
        other = overrides.get("optimizer", recipe.optimizer)
        if other != recipe.optimizer and "learning_rate" not in overrides:
            yield (
                f"{place('set')} optimizer={other} requires {place('lr')}, got none: the recipe's "
                f"{recipe.learning_rate:g} is for {recipe.optimizer}"
            )

    def _conflicts(self) -> Iterator[str]:
        """What is wrong with the options together."""
        recipe, place = self.recipe, self.place
        epochs = several(recipe.epochs, "epoch")
        yield from teacher_conflicts(self, recipe.distill, recipe.distill_weight, place)
        if recipe.distill == "none" and recipe.generations > 1:
            times = recipe.generations
            yield f"{place('generations')} {times} requires {place('teacher')}, got none"
        if recipe.distill == "multistep" and recipe.generation_teacher == "previous":
            yield (
                f"{place('generation_teacher')} must be same for {place('distill')} multistep, got "
                "previous"
            )
        if self.single_images == "distill":
            if not self.teacher:
                yield f"{place('single_images')} distill requires {place('teacher')}, got none"
            if self.identities is not None:
                yield (
                    f"{place('single_images')} distill must not be given beside "
                    f"{place('identities')}, got {self.identities}"
                )
        if self.keep_head and self.init is None:
            yield f"{place('keep_head')} requires {place('init')}, got none"
        if self.freeze and self.init is None:
            parts = ",".join(self.freeze)
            yield f"{place('freeze')} {parts} requires {place('init')}, got none"
        if self.validate_every is not None and not self.benchmarks:
            steps = self.validate_every
            yield f"{place('validate_every')} {steps} requires {place('val')}, got none"
        if self.stages > recipe.epochs:
            yield f"{place('stages')} must be at most the {epochs}, got {self.stages}"

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
        initial: str | None = None,
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
            initial: The digest of the initial weights, if they were given.
        """
        height, width = self.size
        fed = _listed(tuple(dict.fromkeys(inputs)))
        found = {
            INIT: initial,
            TEACHER: _listed(teachers),
            **({} if fed is None else {TEACHER_INPUT: fed}),
        }
        pieces = {_PIECES: processes * self.parts, **({} if height == width else {CROP: _ASPECT})}
        return self.settings(data=fingerprint, size=f"{height}x{width}", **found, **pieces)


_OF_RECIPE = (
    "epochs",
    "batch_size",
    "learning_rate",
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
