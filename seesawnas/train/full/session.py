"""A full training run in its folder: locked, held to its settings, one generation or several."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout

from seesawnas.data import FaceSource
from seesawnas.data.images import UnreadableError, inspect
from seesawnas.data.sources.base import SAMPLED
from seesawnas.errors import DataError, RunError
from seesawnas.io.files import expanded, inside, make_folder, write_atomically
from seesawnas.nn.weights import WEIGHTS
from seesawnas.space.catalog import ABOUT, SPEC
from seesawnas.train import Team, joined
from seesawnas.train.feeds.teacher import STAGES, Teacher, open_teachers
from seesawnas.train.full.artifacts import read_result
from seesawnas.train.full.events import Completed, GenerationStarted, RunEvent
from seesawnas.train.full.generation import Generation
from seesawnas.train.full.plan import CROP, TEACHER, TrainPlan, check_settings

_SETTINGS = "training.json"
_WRITTEN = (_SETTINGS, SPEC, WEIGHTS, ABOUT, "checkpoints", "log.csv", "tensorboard", STAGES)


@contextmanager
def opened(plan: TrainPlan, source: FaceSource) -> Iterator[Session]:
    """``plan``'s training run; this process, or the first of its team, locks the folder.

    Raises:
        RunError: If another process uses the folder, or it contains a training run with other
            settings.
        InvalidInput: If a teacher cannot be opened.
    """
    with joined(plan.device) as (team, device), _held(plan, team):
        teachers = _teachers(plan, team, device)
        settings = plan.required_settings(
            source.fingerprint,
            team.size,
            [teacher.digest for teacher in teachers],
            [teacher.input for teacher in teachers],
        )
        _agree(plan, source, team, settings, is_taught=bool(teachers))
        session = Session(plan, source, team, device, teachers)
        try:
            _claim(plan, team, settings)  # now that nothing of the plan is at fault
            yield session
        finally:
            session.close()


class Session:
    """A training run of ``plan``: its generations, one after another.

    Each is a training of its own, in a folder ``generation_N`` that stays, the last in the plan's.
    From the second on the network begins with the weights that the one before ended with; margin
    head, learning rate and the order of the images begin anew. The teacher is the same, as in
    VarGFaceNet's recursive distillation (arXiv 1910.04985), or, if the recipe says so, the network
    of the generation before.
    """

    def __init__(
        self,
        plan: TrainPlan,
        source: FaceSource,
        team: Team,
        device: torch.device,
        teachers: Sequence[Teacher] = (),
    ) -> None:
        self._plan, self._source, self._teachers = plan, source, tuple(teachers)
        self.team, self.device = team, device
        self._is_done = bool(team.share(read_result(plan.folder) is not None))
        self._number = plan.recipe.generations if self._is_done else 1
        """Of the generation that is open: with the first all faults of the plan are found."""
        self._generation = self._open()

    @property
    def teachers(self) -> tuple[Teacher, ...]:
        """Those of the first generation; none without distillation."""
        return self._teachers

    @property
    def weight(self) -> float:
        """Of the distillation loss; 0 without one."""
        return self._generation.weight

    def close(self) -> None:
        """End the processes that read images; flush the logs."""
        self._generation.close()

    def run(self, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[RunEvent]:
        """Train what is left, and write the result.

        If ``is_stopped``, save after the current step and end.

        Raises:
            TrialError: If the training diverges; the last good checkpoint is kept.
        """
        count = self._plan.recipe.generations
        while True:
            if count > 1:
                yield GenerationStarted(self._number, count)
            event: RunEvent | None = None
            for event in self._generation.run(is_stopped):
                if self._number == count or not isinstance(event, Completed):
                    yield event
            if self._number == count or not isinstance(event, Completed):
                return
            self._generation.close()
            self.team.wait()  # the first process writes what all begin the next one with
            self._number += 1
            self._generation = self._open()

    def _open(self) -> Generation:
        plan = self._plan.generation(self._number)
        is_first = self._number == 1 or self._is_done  # its result needs no other generation
        before = None if is_first else self._plan.generation(self._number - 1).folder
        teachers = self._teachers
        if before is not None and plan.recipe.generation_teacher == "previous":
            teachers = (Teacher(before, device=self.device),)
        return Generation(
            plan,
            self._source,
            self.team,
            self.device,
            number=self._number,
            teachers=teachers,
            initial=before,
        )


@contextmanager
def _held(plan: TrainPlan, team: Team) -> Iterator[None]:
    if team.rank > 0:
        yield
        return
    folder = make_folder(plan.folder)
    later = (
        plan.generation(number + 1).folder.name for number in range(plan.recipe.generations - 1)
    )
    for name in (*_WRITTEN, *later):  # now, and not after a night's work
        inside(folder, folder / name)
    lock = FileLock(inside(folder, folder / "lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunError(f"{plan.folder}: another training process is using this folder") from None
    except OSError as error:
        raise RunError(f"{plan.folder}: cannot be written: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


def _teachers(plan: TrainPlan, team: Team, device: torch.device) -> tuple[Teacher, ...]:
    """The teachers; none if the training is finished and the file of one is gone."""
    if not plan.teacher:
        return ()
    is_gone = not all(expanded(path).exists() for path in plan.teacher)
    if team.share(is_gone and read_result(plan.folder) is not None):
        return ()
    return open_teachers(
        plan.teacher,
        stages=plan.recipe.distill == "multistep",
        normalise=plan.teacher_normalise,
        bgr=plan.teacher_channels == "bgr",
        output=plan.teacher_output,
        device=device,
        place=plan.place,
    )


def _agree(
    plan: TrainPlan,
    source: FaceSource,
    team: Team,
    settings: dict[str, Any],
    *,
    is_taught: bool,
) -> None:
    """Check that the folder's training run, if there is one, has the same settings.

    If it names a teacher and is not taught any more, it is finished: which teacher it was is then
    not compared.

    Raises:
        RunError: If it has others, or its settings cannot be read.
    """
    if team.rank > 0:
        return
    path = plan.folder / _SETTINGS
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(
            f"{path}: cannot be read: {error}; use another --out, or delete the folder"
        ) from None
    if not isinstance(kept, dict):
        raise RunError(
            f"{path}: must contain training settings; use another --out, or delete the folder"
        )
    asked = dict(settings)
    if CROP not in kept and (read_result(plan.folder) is not None or _are_square(source)):
        # An earlier version began it, and its crop changes nothing that is still to come.
        asked.pop(CROP, None)
    if plan.teacher and not is_taught:
        asked[TEACHER] = kept.get(TEACHER)
    check_settings(kept, asked, plan.folder)


def _are_square(source: FaceSource) -> bool:
    """Whether all of a sample of the images, spread evenly, are square.

    Such images are cropped as in earlier versions.
    """
    for index in np.linspace(0, len(source) - 1, min(SAMPLED, len(source))).astype(int).tolist():
        with suppress(DataError, UnreadableError):
            width, height = inspect(source.payload(index), whole=False).upright
            if width != height:
                return False
    return True


def _claim(plan: TrainPlan, team: Team, settings: dict[str, Any]) -> None:
    path = plan.folder / _SETTINGS
    if team.rank == 0 and not path.exists():
        write_atomically(
            path,
            json.dumps(settings, indent=2) + "\n",
            within=plan.folder,
        )
