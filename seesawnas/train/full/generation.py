"""One generation of a full training run: the whole recipe, from first weights to the result.

It resumes from its last checkpoint, and yields what happens. A run without distillation is one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from seesawnas.data import FaceSource
from seesawnas.data.sources.singles import single_images
from seesawnas.errors import RunError, TrialError
from seesawnas.nn import build, load_model
from seesawnas.nn.weights import load_weights, write_document
from seesawnas.space.catalog import ABOUT
from seesawnas.text import several
from seesawnas.train import EpochRecord, StepRecord, Team, Training, seeded
from seesawnas.train.checkpoint import Saved, pack
from seesawnas.train.feeds.row_cache import Progress
from seesawnas.train.feeds.stream import SourceFeed, default_workers
from seesawnas.train.feeds.teacher import Teacher
from seesawnas.train.full.artifacts import describe, read_finished, write_result, write_stage
from seesawnas.train.full.benchmarks import Benchmark, read_benchmarks
from seesawnas.train.full.best import Best
from seesawnas.train.full.checkpoints import CHECKPOINTS, check_saved, read_head, run_checkpoints
from seesawnas.train.full.events import (
    Completed,
    EpochDone,
    Interrupted,
    Resumed,
    RunEvent,
    Stepped,
    TeacherReady,
    Validated,
    embedding_event,
)
from seesawnas.train.full.freezing import frozen_modules
from seesawnas.train.full.logs import Logs, Pace
from seesawnas.train.full.plan import TrainPlan
from seesawnas.train.losses.criterion import make_criterion
from seesawnas.train.losses.distillation import DistillationLoss
from seesawnas.train.losses.registry import make_distillation

_AGREED_EVERY = 1.0  # seconds of embedding after which the processes of a team hear each other


class Generation:
    """A training of ``plan``'s network in its folder.

    Each process of a team has one; only the first writes files.

    Args:
        plan: Its folder is the generation's.
        source: The faces.
        team: The processes that train together.
        device: This process's.
        number: Which generation it is, from 1.
        teachers: What is learnt from, if anything is; their embeddings are made when it runs.
        initial: The network whose weights it begins with, a folder or a file; fresh ones if None.
        more: Other keys of ``model.json``.
    """

    def __init__(
        self,
        plan: TrainPlan,
        source: FaceSource,
        team: Team,
        device: torch.device,
        *,
        number: int = 1,
        teachers: Sequence[Teacher] = (),
        initial: Path | None = None,
        more: Mapping[str, Any] = MappingProxyType({}),  # what no caller changes
    ) -> None:
        self._plan, self._source, self.team, self.device = plan, source, team, device
        self._number, self._teachers = number, teachers
        self._benchmarks = read_benchmarks(plan.benchmarks, plan.size) if team.rank == 0 else []
        self._checkpoints = run_checkpoints(plan.folder / CHECKPOINTS)
        self._rows: list[dict[str, Any]] = []
        self._unreadable: dict[int, str] = {}
        self._stages: list[int] = []
        self._validations: list[dict[str, Any]] = []
        self._best, self._more = Best(plan), more
        self._step, self._seconds, self._saved_at = 0, 0.0, time.monotonic()
        self._logs: Logs | None = None
        with seeded(plan.seed):
            self._network = build(plan.spec).to(device)
        if initial is not None:
            load_weights(self._network, initial)
        workers = default_workers(device, team) if plan.workers is None else plan.workers
        self._feed = SourceFeed(
            source,
            plan.recipe,
            size=plan.size,
            seed=plan.seed,
            workers=workers,
            team=team,
            parts=plan.parts,
        )
        self._loss = self._distillation_loss() if teachers else None
        self._training = Training(
            self._network,
            self._feed,
            plan.recipe,
            mean=plan.spec.input.mean,
            std=plan.spec.input.std,
            seed=plan.seed,
            team=team,
            precision=plan.precision,
            criterion=self._loss,
            frozen=frozen_modules(plan.spec, plan.freeze),
        )
        if initial is not None and number == 1 and plan.keep_head:
            try:
                self._training.begin_with_head(read_head(initial, source.fingerprint))
            except ValueError as error:
                raise RunError(f"{initial}: margin head {error}") from None

    def _distillation_loss(self) -> DistillationLoss:
        recipe, seed = self._plan.recipe, self._plan.seed
        dimensions = self._plan.spec.embedding_size
        has_singles = single_images(self._source) > 0
        base = make_criterion(self._feed.identities, dimensions, recipe, seed, singles=has_singles)
        return make_distillation(base, self._teachers, dimensions, recipe, seed)

    @property
    def weight(self) -> float:
        """Of the distillation loss; 0 without one."""
        return 0.0 if self._loss is None else self._loss.weight

    def close(self) -> None:
        """End the processes that read images; flush the logs."""
        self._feed.close()
        if self._logs is not None:
            self._logs.close()

    def run(self, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[RunEvent]:
        """Train what is left, and write the result.

        If ``is_stopped``, save after the current step and end.

        Raises:
            TrialError: If the training diverges; the last good checkpoint is kept.
        """
        if (about := self.team.share(read_finished(self._plan))) is not None:
            yield self._completed_before(about)
            return
        yield from self._restore()
        if (yield from self._embed(is_stopped)):
            yield Interrupted(self._step)
            return
        self._logs = Logs(self._plan.folder, self._step) if self.team.rank == 0 else None
        if (last := self._unscored()) is not None:
            yield self._scored(last)
        yield from self._validate()
        pace, started = Pace(), time.perf_counter() - self._seconds
        for record in self._training.steps():
            self._seconds = time.perf_counter() - started
            if isinstance(record, StepRecord):
                yield self._stepped(record, pace.take(record.images))
                if self.team.any(is_stopped(), self.device):
                    self._save()
                    yield Interrupted(self._step)
                    return
                for event in self._validate():
                    yield event
                    pace.restart()
            else:
                yield self._epoch(record)
                pace.restart()
        yield self._complete()

    def _embed(self, is_stopped: Callable[[], bool]) -> Generator[RunEvent, None, bool]:
        """Make the teachers' embeddings of the faces; returns whether the user stopped it."""
        if not self._teachers:
            return False
        for teacher in self._teachers:
            with closing(teacher.embed(self._source)) as rows:
                while True:
                    left, wish = yield from self._embed_for_a_while(teacher, rows, is_stopped)
                    # One process may wait for another's rows: all must come here in turn, and not
                    # one of them alone that the user stops.
                    if self.team.any(wish, self.device):
                        return True
                    if not self.team.any(left, self.device):
                        break
            yield TeacherReady(teacher.name, teacher.notes)
        return False

    def _embed_for_a_while(
        self, teacher: Teacher, rows: Iterator[Progress], is_stopped: Callable[[], bool]
    ) -> Generator[RunEvent, None, tuple[bool, bool]]:
        """Make embeddings, as long as the team may go without a word.

        Returns:
            Whether there are more to make, and whether the user stopped it.
        """
        end = time.monotonic() + _AGREED_EVERY
        for done in rows:
            yield embedding_event(teacher.name, done, len(self._source))
            if is_stopped():
                return True, True
            if self.team.size > 1 and time.monotonic() >= end:
                return True, False
        return False, False

    def _restore(self) -> Iterator[RunEvent]:
        found: tuple[Saved | None, tuple[str, ...]] = self.team.share(
            self._checkpoints.newest(check_saved) if self.team.rank == 0 else None
        )
        saved, notes = found
        if saved is not None:
            state, about = saved
            try:
                self._training.restore(state)
            except (ValueError, LookupError, TypeError, RuntimeError) as error:
                why = str(error).partition("\n")[0]
                raise RunError(
                    f"{self._plan.folder}: contains checkpoints of another training run: {why}"
                ) from None
            self._rows, self._seconds, self._step = about["rows"], about["seconds"], about["step"]
            self._unreadable = {int(index): why for index, why in about["unreadable"].items()}
            self._stages = about.get("stages", [])
            self._validations = about.get("validations", [])
            self._best.found = about.get("best")
        if saved is not None or notes:
            yield Resumed(self._step, self._plan.recipe.epochs * self._feed.steps, notes)

    def _stepped(self, record: StepRecord, pace: float) -> Stepped:
        self._step = record.step
        self._unreadable |= dict(record.unreadable)
        if self._logs is not None:
            self._logs.step(record, pace)
        if time.monotonic() - self._saved_at >= self._plan.save_seconds:
            self._save()
        return Stepped(record, pace, (record.steps - record.step) * record.images / pace)

    def _epoch(self, record: EpochRecord) -> EpochDone:
        self._unreadable = self.team.union(self._unreadable)
        self._rows.append({**asdict(record), "scores": None if self._benchmarks else {}})
        if record.epoch in self._plan.stage_epochs():
            self._stages.append(record.epoch)
            if self.team.rank == 0:
                self._check_finite()  # no other training may learn from one that is not
                write_stage(self._plan, self._network, record.epoch)
        # before the scores too: an epoch may be hours, and much can happen to a verification set
        self._save()
        return self._scored(record)

    def _validate(self) -> Iterator[Validated]:
        """Evaluate the network in the middle of an epoch, if that is due after this step."""
        every, step = self._plan.validate_every, self._step
        is_due = bool(every and step % every == 0 and step % self._feed.steps)
        if not (is_due and self._benchmarks) or step in [one["step"] for one in self._validations]:
            return
        with self._training.averaged():
            scores = self._score(self._network, self._benchmarks)
            self._best.take(self._network, scores, step=step, epochs=step / self._feed.steps)
        self._validations.append({"step": step, "scores": scores})
        if self._logs is not None:
            self._logs.validation(scores, step)
        yield Validated(step, scores)

    def _unscored(self) -> EpochRecord | None:
        """The last epoch, if an earlier process ended before it was scored."""
        if not self._rows or self._rows[-1]["scores"] is not None:
            return None
        known = {field.name for field in fields(EpochRecord)}
        return EpochRecord(
            **{name: value for name, value in self._rows[-1].items() if name in known}
        )

    def _scored(self, record: EpochRecord) -> EpochDone:
        try:
            scores = self._score(self._network, self._benchmarks)
        except TrialError:
            self._checkpoints.drop(self._step)
            raise
        self._rows[-1] = {**asdict(record), "scores": scores}
        self._best.take(self._network, scores, step=self._step, epochs=record.epoch)
        if self._logs is not None:
            self._logs.epochs(self._rows, self._step)
            if self._plan.validate_every:
                self._logs.validation(scores, self._step)
        if scores:
            self._save()
        return EpochDone(
            record, scores, tuple(self._source.place(index) for index in sorted(self._unreadable))
        )

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if self.team.rank > 0:
            return
        self._check_finite()
        about = {
            "rows": self._rows,
            "seconds": self._seconds,
            "step": self._step,
            "unreadable": self._unreadable,
            "stages": self._stages,
            "validations": self._validations,
            "best": self._best.found,
        }
        self._checkpoints.save(self._step, pack(self._training.state(), about))

    def _check_finite(self) -> None:
        if not self._training.is_finite():
            raise TrialError(f"weights became NaN or infinite within {several(self._step, 'step')}")

    def _score(self, network: nn.Module, benchmarks: list[Benchmark]) -> dict[str, Any]:
        return {one.name: one.score(network, self._plan.spec.input) for one in benchmarks}

    def _completed_before(self, about: dict[str, Any]) -> Completed:
        """The result as it is, scored on the verification sets that are new."""
        new = [one for one in self._benchmarks if one.name not in about.get("scores", {})]
        if not new:
            return Completed(about, (), before=True)
        scores = self._score(load_model(self._plan.folder).to(self.device), new)
        about = {**about, "scores": {**about.get("scores", {}), **scores}}
        return Completed(about, (write_document(self._plan.folder, ABOUT, about),), before=True)

    def _distillation(self) -> dict[str, Any] | None:
        """What the network was distilled from and how, as JSON values."""
        if self._loss is None:
            return None
        recipe = self._plan.recipe
        return {
            "loss": recipe.distill,
            "weight": self._loss.weight,
            "teachers": [teacher.about() for teacher in self._teachers],
            "projection": self._loss.projection is not None,
            "generation": self._number,
            "generations": recipe.generations,
        }

    def _complete(self) -> Completed:
        self._check_finite()
        about = describe(
            self._plan,
            self._source,
            self._rows,
            self._unreadable,
            self._stages,
            processes=self.team.size,
            parts=self._plan.parts,
            device=self.device.type,
            seconds=round(self._seconds, 1),
            distillation=self._distillation(),
            freeze=list(self._plan.freeze),
            validations=self._validations,
            best=self._best.found,
            **self._more,
        )
        files = write_result(self._plan, self._network, about) if self.team.rank == 0 else []
        return Completed(about, tuple(files))
