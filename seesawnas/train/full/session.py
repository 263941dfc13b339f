"""A full training run in its folder: locked, held to its settings, one generation or several."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout

from seesawnas.data import FaceSource, open_subset
from seesawnas.data.images import UnreadableError, inspect
from seesawnas.data.sources.base import SAMPLED
from seesawnas.data.sources.singles import open_with_singles
from seesawnas.errors import DataError, InvalidInput, RunError
from seesawnas.evaluation import model_digest
from seesawnas.io.files import expanded, inside, make_folder, write_atomically
from seesawnas.nn.weights import WEIGHTS
from seesawnas.space.catalog import ABOUT, SPEC
from seesawnas.train import Team, joined
from seesawnas.train.feeds.stream import real_batch_size
from seesawnas.train.feeds.teacher import STAGES, Teacher, open_teachers
from seesawnas.train.full.artifacts import read_finished
from seesawnas.train.full.best import BEST
from seesawnas.train.full.checkpoints import CHECKPOINTS, SETTINGS
from seesawnas.train.full.events import Completed, GenerationStarted, RunEvent
from seesawnas.train.full.extension import (
    EXTENDED,
    Extension,
    extend,
    is_extension,
    read_extensions,
)
from seesawnas.train.full.generation import Generation
from seesawnas.train.full.plan import (
    CROP,
    INIT,
    SINGLE_IMAGES,
    TEACHER,
    SingleImages,
    TrainPlan,
)
from seesawnas.train.full.settings import check_settings

_WRITTEN = (SETTINGS, SPEC, WEIGHTS, ABOUT, CHECKPOINTS, "log.csv", "tensorboard", STAGES, BEST)


def opened(plan: TrainPlan, source: FaceSource | None = None) -> AbstractContextManager[Session]:
    """``plan``'s training run; this process, or the first of its team, locks the folder.

    The faces are opened at once, the rest when the block begins.

    Args:
        plan: What is asked for.
        source: The faces; None for those that the plan names.

    Raises:
        DataError: If there are no such faces, or fewer identities than the plan asks for.
        RunError: If another process uses the folder, or it contains a training run with other
            settings.
        InvalidInput: If a teacher cannot be opened.
    """
    plan = _with_use_of_singles(plan, is_given=source is not None)
    return _begun(plan, _opened_faces(plan) if source is None else source)


def _opened_faces(plan: TrainPlan) -> FaceSource:
    if plan.single_images == "distill":
        return open_with_singles(plan.data)
    return open_subset(plan.data, plan.identities, seed=plan.seed)


def _with_use_of_singles(plan: TrainPlan, *, is_given: bool) -> TrainPlan:
    """``plan`` with what images of identities with one image are for.

    What is not said is as in the folder's training run, if there is one.
    """
    if plan.single_images is not None:
        return plan
    use: SingleImages = "skip"
    if plan.teacher and plan.identities is None and not plan.keep_head and not is_given:
        kept: Any = {SINGLE_IMAGES: "distill"}
        # What is wrong with the file is said where it is compared.
        with suppress(OSError, ValueError, RecursionError):
            kept = json.loads((plan.folder / SETTINGS).read_text())
        if isinstance(kept, dict) and kept.get(SINGLE_IMAGES, "skip") == "distill":
            use = "distill"
    return replace(plan, single_images=use)


@contextmanager
def _begun(plan: TrainPlan, source: FaceSource) -> Iterator[Session]:
    with joined(plan.device) as (team, device), _held(plan, team):
        # Another machine's processes may not see the folder that says it.
        if (use := team.share(plan.single_images)) != plan.single_images:
            plan = replace(plan, single_images=use)
            source = _opened_faces(plan)
        teachers = _teachers(plan, team, device)
        initial = _initial_digest(plan, team)
        settings = plan.required_settings(
            source.fingerprint,
            team.size,
            [teacher.digest for teacher in teachers],
            [teacher.input for teacher in teachers],
            initial,
        )
        kept = _agree(plan, source, team, settings, is_taught=bool(teachers))
        extensions = team.share(_extensions(plan, source, team, kept))
        session = Session(plan, source, team, device, teachers, initial, extensions)
        try:
            _claim(
                plan, team, settings, kept, extensions
            )  # now that nothing of the plan is at fault
            yield session
        finally:
            session.close()


class Session:
    """A training run of ``plan``: its generations, one after another.

    Each is a training of its own, in a folder ``generation_N`` that stays, the last in the plan's.
    The first begins with fresh weights, or with those that the plan names, the others with the
    weights that the one before ended with; margin head, learning rate and the order of the images
    begin anew. The teacher is the same, as in VarGFaceNet's recursive distillation (arXiv
    1910.04985), or, if the recipe says so, the network of the generation before.
    """

    def __init__(
        self,
        plan: TrainPlan,
        source: FaceSource,
        team: Team,
        device: torch.device,
        teachers: Sequence[Teacher] = (),
        initial: str | None = None,
        extensions: Sequence[Extension] = (),
    ) -> None:
        self._plan, self._teachers = plan, tuple(teachers)
        self._initial = initial
        self.source, self.team, self.device = source, team, device
        self.extensions = tuple(extensions)
        """How the training was given more epochs, in order; the last may be of this start."""
        self._is_done = bool(team.share(read_finished(plan) is not None))
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
        named = None if plan.init is None or self._is_done else expanded(plan.init)
        teachers = self._teachers
        if before is not None and plan.recipe.generation_teacher == "previous":
            teachers = (Teacher(before, device=self.device),)
        return Generation(
            plan,
            self.source,
            self.team,
            self.device,
            number=self._number,
            teachers=teachers,
            initial=before or named,
            more={
                INIT: self._about_initial(),
                EXTENDED: [one.to_mapping() for one in self.extensions],
            },
        )

    def _about_initial(self) -> dict[str, Any] | None:
        """The weights that the first generation begins with, as JSON values; None if fresh."""
        name, is_kept = self._plan.init, self._plan.keep_head
        if name is None:
            return None
        return {"name": name, "digest": self._initial, "keep_head": is_kept}


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
    if team.share(is_gone and read_finished(plan) is not None):
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


def _initial_digest(plan: TrainPlan, team: Team) -> str | None:
    """The digest of the initial weights; None if none are named, or they are needed no more.

    Raises:
        InvalidInput: If they cannot be read.
    """
    if plan.init is None:
        return None
    is_needed = expanded(plan.init).exists() or read_finished(plan) is None
    try:
        return model_digest(plan.init) if team.share(is_needed) else None
    except InvalidInput as error:
        raise RunError(f"{plan.place('init')} {error}") from None


def _agree(
    plan: TrainPlan,
    source: FaceSource,
    team: Team,
    settings: dict[str, Any],
    *,
    is_taught: bool,
) -> dict[str, Any] | None:
    """Check that the folder's training run, if there is one, has the same settings.

    It may have fewer epochs. If it names a teacher or initial weights that are gone, it is
    finished: which they were is then not compared.

    Returns:
        Its settings; None if there is none, or another process of the team checks.

    Raises:
        RunError: If it has others, or its settings cannot be read.
    """
    if team.rank > 0:
        return None
    path, out = plan.folder / SETTINGS, plan.place("out")
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(
            f"{path}: cannot be read: {error}; use another {out}, or delete the folder"
        ) from None
    if not isinstance(kept, dict):
        raise RunError(
            f"{path}: must contain training settings; use another {out}, or delete the folder"
        )
    asked = dict(settings)
    if CROP not in kept and (read_finished(plan) is not None or _are_square(source)):
        # An earlier version began it, and its crop changes nothing that is still to come.
        asked.pop(CROP, None)
    if plan.teacher and not is_taught:
        asked[TEACHER] = kept.get(TEACHER)
    if plan.init is not None and settings[INIT] is None:
        asked[INIT] = kept.get(INIT)
    compared = kept
    if is_extension(kept, plan):
        compared = {**kept, "recipe": {**kept["recipe"], "epochs": plan.recipe.epochs}}
    check_settings(compared, asked, plan.folder, plan.place)
    return kept


def _extensions(
    plan: TrainPlan, source: FaceSource, team: Team, kept: dict[str, Any] | None
) -> list[Extension]:
    """How the folder's training was given more epochs, and now is.

    Raises:
        RunError: If it cannot be.
    """
    if kept is None:
        return []
    found = read_extensions(kept, plan.folder)
    if is_extension(kept, plan):
        size = real_batch_size(plan.recipe.batch_size, len(source), team.size * plan.parts)
        new = extend(kept, plan, len(source) // size)
        found += [] if new is None else [new]
    return found


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


def _claim(
    plan: TrainPlan,
    team: Team,
    settings: dict[str, Any],
    kept: dict[str, Any] | None,
    extensions: Sequence[Extension],
) -> None:
    """Store the settings, if the folder has none yet or is given more epochs."""
    if team.rank > 0 or not (kept is None or is_extension(kept, plan)):
        return
    if kept is not None:
        settings = {**kept, "recipe": {**kept["recipe"], "epochs": plan.recipe.epochs}}
    if extensions:
        settings = {**settings, EXTENDED: [one.to_mapping() for one in extensions]}
    write_atomically(
        plan.folder / SETTINGS, json.dumps(settings, indent=2) + "\n", within=plan.folder
    )
