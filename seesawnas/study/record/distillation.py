"""Distilled proxies: the teacher that all trials of a study learn from.

Scores of trials that learn from a teacher compare with no others, so that which teacher it is, how
it is fed and how it is learnt from belong to the study. It is opened before anything is written,
and embeds before the first trial; workers get its embeddings with the faces.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from seesawnas.data import FaceData, open_subset
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.files import expanded
from seesawnas.io.stored_json import stored_mapping
from seesawnas.io.yaml import read_yaml
from seesawnas.nn.device import pick_device
from seesawnas.study.options import EnginePlan
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
        copies: How many times this machine will hold what is not mapped from a file.
    """

    def __init__(
        self,
        plan: TeacherPlan,
        data: str,
        identities: int | None = None,
        seed: int = 0,
        copies: int = 1,
    ) -> None:
        self._plan, self._data, self._copies = plan, data, copies
        self._identities, self._seed = identities, seed
        self._teachers: tuple[Teacher, ...] = ()
        self._gone: _Gone | None = None
        self._is_ready = False

    def open(self, attributes: Callable[[], Mapping[str, Any]] = dict) -> None:
        """Open it, on a GPU if there is one.

        If the file that the study was started with is gone, the study's word is taken
        for it: a study with nothing left to train does not need it. :meth:`embed` refuses.

        Args:
            attributes: Gives those of the study, if it is stored already.

        Raises:
            InvalidInput: If it cannot be opened, or gives no embeddings.
        """
        if self._teachers or self._gone is not None:
            return
        plan = self._plan
        try:
            self._teachers = open_teachers(
                plan.teacher,
                stages=plan.distill == "multistep",
                normalise=plan.teacher_normalise,
                bgr=plan.teacher_channels == "bgr",
                output=plan.teacher_output,
                device=pick_device(None),
                place=plan.place,
            )
        except InvalidInput as error:
            if all(expanded(path).exists() for path in plan.teacher):
                raise
            self._gone = _stored_teacher(attributes(), plan.teacher, error)
            if self._gone is None:
                raise

    @property
    def setting(self) -> str:
        """What must stay when the study is resumed: digests, and how images become inputs."""
        if self._gone is not None:
            return self._gone.setting
        digests = ", ".join(teacher.digest for teacher in self._opened())
        inputs = dict.fromkeys(teacher.input for teacher in self._opened())
        return f"{digests}; {', '.join(inputs)}"

    @property
    def label(self) -> str:
        """In a few words, for messages and for each trial."""
        return label_of(self.about())

    def about(self) -> dict[str, Any]:
        """What is known of it, as JSON values."""
        if self._gone is not None:
            return self._gone.about
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
            InvalidInput: If an embedding is not finite or zero, if they can neither be kept in the
                cache nor in the memory of all workers, if the images are others than before, or if
                the teacher is gone.
        """
        if self._gone is not None:
            raise self._gone.fault
        source = open_subset(self._data, self._identities, seed=self._seed)
        indices = faces.training.indices
        if indices is None or indices.max(initial=-1) >= len(source):
            raise StudyError(
                f"{self._data}: faces must stay as they are while a study is run, got others"
            )
        teachers = () if self._is_ready else self._opened()
        for place, teacher in enumerate(teachers):
            # Workers hold all stages; this process those that come, besides the ones it has.
            copies = len(teachers) * self._copies - place
            with closing(teacher.embed(source, copies)) as rows:
                for done in rows:
                    yield embedding_event(teacher.name, done, len(source))
            yield TeacherReady(teacher.name, teacher.notes)
        self._is_ready = True
        return faces.with_teacher_rows([teacher.rows for teacher in self._opened()])

    def _opened(self) -> tuple[Teacher, ...]:
        if not self._teachers:
            raise RuntimeError("open() must have been called before")
        return self._teachers


@dataclass(frozen=True, slots=True)
class _Gone:
    """A teacher that is gone, as its study knows it.

    Attributes:
        setting: As :attr:`ProxyTeacher.setting`.
        about: As :meth:`ProxyTeacher.about`.
        fault: Why it cannot be opened.
    """

    setting: str
    about: dict[str, Any]
    fault: InvalidInput


def _stored_teacher(
    attributes: Mapping[str, Any], paths: Sequence[str], fault: InvalidInput
) -> _Gone | None:
    """What a study says of its teacher; None if it has none, or had it from other ``paths``."""
    about = stored_distillation(attributes)
    try:
        setting = stored_mapping(attributes["settings"])["teacher"]
        named = read_yaml(attributes["study_file"], "study_file")["teacher"]
    except (KeyError, ValueError, TypeError, InvalidInput):
        return None
    if about is None or not isinstance(setting, str) or named != list(paths):
        return None
    return _Gone(setting, about, fault)


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
        raise StudyError(f"{plan.place('teacher')} requires {plan.place('data')}, got none")
    copies = plan.engine.copies if isinstance(plan, EnginePlan) else 1
    return ProxyTeacher(plan, data, identities, seed, copies)


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
