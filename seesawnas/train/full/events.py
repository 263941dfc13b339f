"""What happens in a full training run, for the caller to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from seesawnas.train import EpochRecord, StepRecord
from seesawnas.train.feeds.row_cache import InMemory, Progress


@dataclass(frozen=True, slots=True)
class Resumed:
    """A checkpoint was found, after ``step`` of ``steps``; ``notes`` say which were skipped."""

    step: int
    steps: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step, the recent images per second, and the seconds that the rest will take."""

    record: StepRecord
    pace: float
    left: float


@dataclass(frozen=True, slots=True)
class EpochDone:
    """One epoch, the scores after it, and which images could not be read so far."""

    record: EpochRecord
    scores: dict[str, Any]
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Validated:
    """The network was evaluated after ``step``, in the middle of an epoch."""

    step: int
    scores: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user stopped it after ``step``; its state is saved."""

    step: int


@dataclass(frozen=True, slots=True)
class Completed:
    """The end of a training run.

    It has what is known of the trained network, the files written now, and whether it was trained
    ``before``.
    """

    about: dict[str, Any]
    files: tuple[Path, ...]
    before: bool = False


@dataclass(frozen=True, slots=True)
class TeacherEmbedded:
    """The teacher called ``name`` has embedded ``done`` of the training images so far."""

    name: str
    done: int
    images: int


@dataclass(frozen=True, slots=True)
class TeacherNoted:
    """Something to know of a teacher's embeddings before they are made, in one ``line``."""

    name: str
    line: str


@dataclass(frozen=True, slots=True)
class TeacherReady:
    """All embeddings of a teacher are there; ``notes`` are cautions about it, one line each."""

    name: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GenerationStarted:
    """Generation ``number`` of ``generations`` begins, or is resumed."""

    number: int
    generations: int


TeacherEvent: TypeAlias = TeacherEmbedded | TeacherNoted | TeacherReady


def embedding_event(name: str, done: Progress, images: int) -> TeacherEmbedded | TeacherNoted:
    """What to show of the ``images`` that the teacher called ``name`` embeds."""
    return (
        TeacherNoted(name, done.note)
        if isinstance(done, InMemory)
        else TeacherEmbedded(name, done, images)
    )


RunEvent: TypeAlias = (
    Resumed
    | Stepped
    | Validated
    | EpochDone
    | Interrupted
    | Completed
    | TeacherEvent
    | GenerationStarted
)
