"""Distilled proxies: the teacher that all trials of a study learn from.

Scores of trials that learn from a teacher compare with no others, so that which teacher it is, how
it is fed and how it is learnt from belong to the study. It is opened before anything is written,
and embeds before the first trial; workers get its embeddings with the faces.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

from seesawnas.data import FaceData, open_subset
from seesawnas.errors import StudyError
from seesawnas.io.stored_json import stored_mapping
from seesawnas.nn.device import pick_device
from seesawnas.train.feeds.teacher import Teacher, open_teachers
from seesawnas.train.feeds.teacher_plan import TeacherPlan
from seesawnas.train.full.events import TeacherEvent, TeacherReady, embedding_event

DISTILLATION = "distillation"
"""The attribute of a study that says what its trials learn from, as JSON text."""


class ProxyTeacher:
    """The teacher of a study, or the stages of its training.

    Args:
        plan: Names it, and says how it is learnt from; made whole by the study's own plan.
        data: Where the faces lie.
        identities: How many of their identities are used; None for all.
        seed: Of the draw of these.
    """

    def __init__(
        self, plan: TeacherPlan, data: str, identities: int | None = None, seed: int = 0
    ) -> None:
        self._plan, self._data = plan, data
        self._identities, self._seed = identities, seed
        self._teachers: tuple[Teacher, ...] = ()
        self._is_ready = False

    def open(self) -> None:
        """Open it, on a GPU if there is one.

        Raises:
            InvalidInput: If it cannot be opened, or gives no embeddings.
        """
        if self._teachers:
            return
        plan = self._plan
        self._teachers = open_teachers(
            plan.teacher,
            stages=plan.distill == "multistep",
            normalise=plan.teacher_normalise,
            bgr=plan.teacher_channels == "bgr",
            output=plan.teacher_output,
            device=pick_device(None),
        )

    @property
    def setting(self) -> str:
        """What must stay when the study is resumed: digests, and how images become inputs."""
        digests = ", ".join(teacher.digest for teacher in self._opened())
        inputs = dict.fromkeys(teacher.input for teacher in self._opened())
        return f"{digests}; {', '.join(inputs)}"

    @property
    def label(self) -> str:
        """In a few words, for messages and for each trial."""
        return label_of(self.about())

    def about(self) -> dict[str, Any]:
        """What is known of it, as JSON values."""
        return {
            "loss": self._plan.distill,
            "weight": self._plan.distill_weight,
            "teachers": [teacher.about() for teacher in self._opened()],
        }

    def embed(self, faces: FaceData) -> Generator[TeacherEvent, None, FaceData]:
        """Embed the images that ``faces`` were read from, or take the embeddings from the cache.

        The caller may stop in between; the next process continues from there.

        Returns:
            The faces with the embeddings.

        Raises:
            InvalidInput: If an embedding is not finite or zero, if they cannot be kept, or if the
                images are others than before.
        """
        source = open_subset(self._data, self._identities, seed=self._seed)
        indices = faces.training.indices
        if indices is None or indices.max(initial=-1) >= len(source):
            raise StudyError(
                f"{self._data}: faces must stay as they are while a study is run, got others"
            )
        for teacher in () if self._is_ready else self._opened():
            with closing(teacher.embed(source)) as rows:
                for done in rows:
                    yield embedding_event(teacher.name, done, len(source))
            yield TeacherReady(teacher.name, teacher.notes)
        self._is_ready = True
        return faces.with_teacher_rows([teacher.rows for teacher in self._opened()])

    def _opened(self) -> tuple[Teacher, ...]:
        if not self._teachers:
            raise RuntimeError("open() must have been called before")
        return self._teachers


def proxy_teacher(
    plan: TeacherPlan, data: str | None, identities: int | None = None, seed: int = 0
) -> ProxyTeacher | None:
    """The teacher that ``plan`` names, not open yet; None if there is none.

    Args:
        plan: The study's.
        data: Its faces.
        identities: How many of their identities are used; None for all.
        seed: Of the draw of these.

    Raises:
        StudyError: If there are no faces of one's own that it could be shown.
    """
    if not plan.teacher:
        return None
    if data is None:
        raise StudyError("--teacher requires --data, got none")
    return ProxyTeacher(plan, data, identities, seed)


def about_teacher(teacher: ProxyTeacher | None) -> dict[str, Any] | None:
    """What is known of a study's teacher, as JSON values; None without one."""
    return None if teacher is None else teacher.about()


def stored_distillation(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the trials of a study learn from, as its attributes say it; None if it is nothing."""
    try:
        found = stored_mapping(attributes[DISTILLATION])
        label_of(found)
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None
    return found


def label_of(about: dict[str, Any]) -> str:
    """What :meth:`ProxyTeacher.about` says, in a few words."""
    teachers: Sequence[Any] = about["teachers"]
    names = ", ".join(f"{one['name']} ({one['digest']})" for one in teachers)
    return f"{names}: {about['loss']}, weight {about['weight']:g}"
