"""A full training run: it resumes from its last checkpoint, and yields what happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import nn

from seesawnas.data import FaceSource
from seesawnas.data.images import UnreadableError, inspect
from seesawnas.data.sources.base import SAMPLED
from seesawnas.errors import DataError, RunError, TrialError
from seesawnas.io.files import inside, make_folder, write_atomically
from seesawnas.nn import build, load_model
from seesawnas.nn.weights import WEIGHTS, write_document
from seesawnas.space.catalog import ABOUT, SPEC
from seesawnas.text import several
from seesawnas.train import EpochRecord, StepRecord, Team, Training, joined, seeded
from seesawnas.train.checkpoint import Saved, pack
from seesawnas.train.feeds.stream import SourceFeed, default_workers
from seesawnas.train.full.artifacts import describe, read_result, write_result
from seesawnas.train.full.benchmarks import Benchmark, read_benchmarks
from seesawnas.train.full.checkpoints import check_saved, run_checkpoints
from seesawnas.train.full.events import (
    Completed,
    EpochDone,
    Interrupted,
    Resumed,
    RunEvent,
    Stepped,
)
from seesawnas.train.full.logs import Logs, Pace
from seesawnas.train.full.plan import CROP, TrainPlan, check_settings

_SETTINGS = "training.json"
_WRITTEN = (_SETTINGS, SPEC, WEIGHTS, ABOUT, "checkpoints", "log.csv", "tensorboard")


@contextmanager
def opened(plan: TrainPlan, source: FaceSource) -> Iterator[Session]:
    """``plan``'s training run; this process, or the first of its team, locks the folder.

    Raises:
        RunError: If another process uses the folder, or it contains a training run with other
            settings.
    """
    with joined(plan.device) as (team, device), _held(plan, team):
        _agree(plan, source, team)
        session = Session(plan, source, team, device)
        try:
            _claim(plan, source, team)  # now that nothing of the plan is at fault
            yield session
        finally:
            session.close()


class Session:
    """A training run of ``plan``. Each process of a team has one; only the first writes files."""

    def __init__(
        self, plan: TrainPlan, source: FaceSource, team: Team, device: torch.device
    ) -> None:
        self._plan, self._source, self.team, self.device = plan, source, team, device
        self._benchmarks = read_benchmarks(plan.benchmarks, plan.size) if team.rank == 0 else []
        self._checkpoints = run_checkpoints(plan.folder / "checkpoints")
        self._rows: list[dict[str, Any]] = []
        self._unreadable: dict[int, str] = {}
        self._step, self._seconds, self._saved_at = 0, 0.0, time.monotonic()
        self._logs: Logs | None = None
        with seeded(plan.seed):
            self._network = build(plan.spec).to(device)
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
        self._training = Training(
            self._network,
            self._feed,
            plan.recipe,
            mean=plan.spec.input.mean,
            std=plan.spec.input.std,
            seed=plan.seed,
            team=team,
            precision=plan.precision,
        )

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
        if (about := self.team.share(read_result(self._plan.folder))) is not None:
            yield self._completed_before(about)
            return
        yield from self._restore()
        self._logs = Logs(self._plan.folder, self._step) if self.team.rank == 0 else None
        if (last := self._unscored()) is not None:
            yield self._scored(last)
        pace, started = Pace(), time.perf_counter() - self._seconds
        for record in self._training.steps():
            self._seconds = time.perf_counter() - started
            if isinstance(record, StepRecord):
                yield self._stepped(record, pace.take(record.images))
                if self.team.any(is_stopped(), self.device):
                    self._save()
                    yield Interrupted(self._step)
                    return
            else:
                yield self._epoch(record)
                pace.restart()
        yield self._complete()

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
        # before the scores too: an epoch may be hours, and much can happen to a verification set
        self._save()
        return self._scored(record)

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
        if self._logs is not None:
            self._logs.epochs(self._rows, self._step)
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

    def _complete(self) -> Completed:
        self._check_finite()
        about = describe(
            self._plan,
            self._source,
            self._rows,
            self._unreadable,
            processes=self.team.size,
            parts=self._plan.parts,
            device=self.device.type,
            seconds=round(self._seconds, 1),
        )
        files = write_result(self._plan, self._network, about) if self.team.rank == 0 else []
        return Completed(about, tuple(files))


@contextmanager
def _held(plan: TrainPlan, team: Team) -> Iterator[None]:
    if team.rank > 0:
        yield
        return
    folder = make_folder(plan.folder)
    for name in _WRITTEN:  # now, and not after a night's work
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


def _agree(plan: TrainPlan, source: FaceSource, team: Team) -> None:
    """Check that the folder's training run, if there is one, has the same settings.

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
    asked = plan.required_settings(source.fingerprint, team.size)
    if CROP not in kept and (read_result(plan.folder) is not None or _are_square(source)):
        # An earlier version began it, and its crop changes nothing that is still to come.
        asked.pop(CROP, None)
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


def _claim(plan: TrainPlan, source: FaceSource, team: Team) -> None:
    path = plan.folder / _SETTINGS
    if team.rank == 0 and not path.exists():
        write_atomically(
            path,
            json.dumps(plan.required_settings(source.fingerprint, team.size), indent=2) + "\n",
            within=plan.folder,
        )
