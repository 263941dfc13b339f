"""``TeacherPlan``: the options that say from which trained network others learn, and how.

Full training runs and studies share them. Nothing here imports torch before a value needs it: help
waits for this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from seesawnas.plan.documents import Place, flag_of
from seesawnas.plan.options import (
    Number,
    OneOf,
    Plan,
    as_it_is,
    option,
    optional_text,
    stored_list,
    text_or_blank,
)
from seesawnas.text import short
from seesawnas.train.recipe import MOST_WEIGHT, Distill

FROM = "Distillation"
"""A panel of the help."""
Channels = Literal["rgb", "bgr"]


@dataclass(frozen=True, slots=True)
class FilePaths:
    """The rule of paths, as a list or as text with commas.

    Attributes:
        what: What lies at one, in words with an article.
    """

    what: str

    def __call__(self, raw: Any) -> tuple[str, ...]:
        """The paths; none of an empty list.

        Raises:
            ValueError: If ``raw`` is no text, or text without a path.
        """
        given = list(raw) if isinstance(raw, list | tuple) else [raw]
        if not all(isinstance(part, str) for part in given):
            raise ValueError(f"must be text, got {short(repr(raw))}")
        parts = given if isinstance(raw, list | tuple) else text_or_blank(raw).split(",")
        found = tuple(path for path in (text_or_blank(part).strip() for part in parts) if path)
        if parts and not found:
            raise ValueError(f"must be {self.what}, got nothing")
        return found


def _stored_channels(channels: Channels) -> Channels | None:
    return None if channels == "rgb" else channels


@dataclass(frozen=True, kw_only=True)
class TeacherPlan(Plan):
    """The options of a teacher.

    Attributes:
        teacher: Trained networks whose embeddings are learnt from; their digests must stay.
        teacher_normalise: How pixels become a teacher's input, if its file does not say it.
        teacher_channels: The order in which a teacher's file takes colours.
        teacher_output: Which output of a teacher's file is the embedding, if it has several.
        distill: How it is learnt from; "angular" if None and there is a teacher.
        distill_weight: The weight of the distance; that of the method if None.
        place: How its keys are called in messages; no option.
    """

    teacher: tuple[str, ...] = option(
        FilePaths("a model"),
        "MODELS",
        FROM,
        "Teacher: a trained network, as seesawnas eval takes it. For multistep several, in the "
        "order of its training (a.onnx,b.onnx), or a folder trained with --stages.",
        default=(),
        must_stay=True,
        kept_name="--teacher of digest",
        store=stored_list,
    )
    teacher_normalise: str | None = option(
        optional_text,
        "HOW",
        FROM,
        "Input normalisation of a teacher's file, as --normalise of seesawnas eval. Default: "
        "stored in the model folder, or in the card of an exported file.",
        default=None,
    )
    teacher_channels: Channels = option(
        OneOf(get_args(Channels)),
        "NAME",
        FROM,
        "rgb or bgr: the channel order that a teacher's file takes. Default: rgb.",
        default="rgb",
        store=_stored_channels,
        keep=as_it_is,
    )
    teacher_output: str | None = option(
        optional_text,
        "NAME",
        FROM,
        "Embedding output of a teacher's ONNX or TorchScript file. Default: the only vector.",
        default=None,
    )
    distill: Distill | None = option(
        OneOf(get_args(Distill), optional=True),
        "NAME",
        FROM,
        "Distillation loss, added to the margin loss: angular (VarGFaceNet), embedding or "
        "multistep (PocketNet). Default: angular with --teacher.",
        default=None,
    )
    distill_weight: float | None = option(
        Number(0, MOST_WEIGHT, optional=True),
        "W",
        FROM,
        "Weight of the distillation loss. Default: 7 for angular (summed over the dimensions), 100 "
        "for embedding and multistep (averaged).",
        default=None,
    )

    place: Place = field(default=flag_of, compare=False, repr=False)

    def _distilled(self) -> dict[str, Any]:
        """Fill in how the teacher is learnt from, and return what that changes in a recipe."""
        if self.teacher:
            from seesawnas.train.losses.registry import DISTILLATIONS

            self._fill("distill", "angular")
            if self.distill in DISTILLATIONS:
                self._fill("distill_weight", DISTILLATIONS[self.distill].default_weight)
                return {"distill": self.distill, "distill_weight": self.distill_weight}
        return {"distill": "none", "distill_weight": None}


def feeding(plan: TeacherPlan) -> dict[str, str]:
    """The options of ``plan`` that say how a teacher's file is read, by their names."""
    asked = {
        "teacher_normalise": plan.teacher_normalise,
        "teacher_channels": _stored_channels(plan.teacher_channels),
        "teacher_output": plan.teacher_output,
    }
    return {name: value for name, value in asked.items() if value is not None}


def teacher_conflicts(
    plan: TeacherPlan, distill: Distill, weight: float | None, place: Place
) -> Iterator[str]:
    """What is wrong with the options of a teacher together.

    Args:
        plan: Names the teachers.
        distill: How they are learnt from.
        weight: Of the distance; None if it is that of the method.
        place: How a key is called.
    """
    teachers = plan.teacher
    count, listed = len(teachers), ", ".join(teachers)
    if teachers and distill == "none":
        yield f"{place('teacher')} requires {place('distill')} other than none, got {listed}"
    if not teachers and distill != "none":
        yield f"{place('distill')} {distill} requires {place('teacher')}, got none"
    if distill == "none" and weight is not None:
        yield f"{place('distill_weight')} {weight:g} requires {place('teacher')}, got none"
    for name, value in {} if teachers else feeding(plan).items():
        yield f"{place(name)} {value} requires {place('teacher')}, got none"
    if distill not in ("none", "multistep") and count > 1:
        yield f"{place('teacher')} must be one model for {place('distill')} {distill}, got {count}"
