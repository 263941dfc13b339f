"""Who works on what in a run of Ray Tune. Everything here happens in Tune's thread.

A trial that has ended keeps its worker until the next job comes: Tune itself keeps one worker
without a trial and stops the others, and a new one takes seconds to start.
"""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

import ray
from ray.tune.experiment import Trial

from seesawnas.study.engines.base import EngineEvent, EpochFinished, Lost
from seesawnas.study.engines.ray.worker import Ticket
from seesawnas.study.engines.traceback_summary import summarize_traceback

# Tune waits 0.1 s at a time for its workers, deaf to the driver: it pays to wait for the driver's
# answer to an event first.
_ANSWER = 0.1
_NOBODY_WORKS = 1.0
# Longer than a worker takes to start: a trial that waits longer for one waits for room that is not
# there.
_OVERDUE = 30.0


@dataclass(frozen=True, slots=True)
class Submit:
    """Start a job."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Proceed:
    """Train a job's next epoch."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Stop:
    """End a job."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Close:
    """End everything."""


Word: TypeAlias = Submit | Proceed | Stop | Close


class RayJobQueue:
    """The jobs, trials and workers of a run. It hears ``words`` and gives events to ``tell``."""

    def __init__(
        self, words: SimpleQueue[Word], tell: Callable[[Ticket, EngineEvent], None]
    ) -> None:
        self._words, self._tell = words, tell
        self._controller: Any = None
        self._queue: deque[Ticket] = deque()
        self._tickets: dict[str, Ticket] = {}  # by Tune's trial
        self._trials: dict[Ticket, Trial] = {}  # of jobs that have begun and not ended
        self._added: dict[Ticket, float] = {}  # when each of them was
        self._waiting: set[Ticket] = set()  # for the driver's word
        self._idle: deque[Trial] = deque()  # their jobs have ended, their workers live
        self._new: Trial | None = None
        self._told = self._closing = False

    def hear(self) -> bool:
        """Hear what the driver says, waiting if that is wise.

        Return True once the driver says that all is over.
        """
        patience, self._told = self._patience(), False
        with suppress(Empty):
            self._obey(self._words.get(timeout=patience) if patience else self._words.get_nowait())
            while not self._closing:
                self._obey(self._words.get_nowait())
        # Without any trial Tune would sleep for a second between two questions.
        while not (self._trials or self._idle or self._queue or self._closing):
            self._obey(self._words.get())
        return self._closing

    def next_job(self, trial_id: str) -> Ticket | None:
        """A job for a trial that Tune would make.

        One at a time if there are idle workers to match with.
        """
        if not self._queue or (self._new is not None and self._idle):
            return None
        self._tickets[trial_id] = self._queue.popleft()
        return self._tickets[trial_id]

    def add(self, controller: Any, trial: Trial) -> None:
        """Tune has made a trial for a job."""
        self._controller, self._new = controller, trial
        ticket = self._tickets[trial.trial_id]
        self._trials[ticket], self._added[ticket] = trial, time.monotonic()

    def trial_for_idle_worker(self) -> Trial | None:
        """The new trial, if a worker is idle; otherwise Tune starts one.

        A trial that has waited long for a worker comes first: a node may have died, and the room
        there was with it.
        """
        trial, self._new = self._new, None
        trial = (self._overdue() if self._idle else None) or trial
        if trial is None or not self._idle:
            return None
        done = self._idle.popleft()
        # Tune keeps its worker, and finds it for the trial returned.
        self._controller.stop_trial(done)
        shutil.rmtree(str(done.local_path), ignore_errors=True)  # empty, and one a trial
        return trial

    def _overdue(self) -> Trial | None:
        now = time.monotonic()
        for ticket, trial in self._trials.items():
            if trial.temporary_state.ray_actor is None and now - self._added[ticket] > _OVERDUE:
                return trial
        return None

    def tell(self, trial: Trial, event: EngineEvent) -> bool:
        """A worker has finished an epoch, or its job; False if it has been killed meanwhile."""
        ticket = self._tickets.get(trial.trial_id)
        if ticket is None:
            return False
        if isinstance(event, EpochFinished):
            self._waiting.add(ticket)
        else:
            self._forget(trial)
            self._idle.append(trial)
        self._told = True
        self._tell(ticket, event)
        return True

    def lose(self, trial: Trial) -> None:
        """A worker has died."""
        if trial in self._idle:
            self._idle.remove(trial)
        ticket = self._forget(trial)
        if ticket is not None:
            self._told = True
            self._tell(ticket, Lost(ticket.number, _reason(trial)))

    def abandon(self, reason: str) -> None:
        """Tune itself has ended: so have its jobs."""
        for ticket in {*self._tickets.values(), *self._queue}:
            self._tell(ticket, Lost(ticket.number, reason))
        self._trials.clear()
        self._queue.clear()

    def _patience(self) -> float:
        if self._queue:
            return 0.0
        if len(self._trials) == len(self._waiting):
            return _NOBODY_WORKS
        return _ANSWER if self._told else 0.0

    def _obey(self, word: Word) -> None:
        match word:
            case Submit(ticket):
                self._queue.append(ticket)
            case Proceed(ticket):
                self._proceed(ticket)
            case Stop(ticket):
                self._stop(ticket)
            case Close():
                self._close()

    def _proceed(self, ticket: Ticket) -> None:
        if ticket in self._waiting:
            self._waiting.discard(ticket)
            # Not among what Tune offers to schedulers: there it is go on or stop at once, all
            # others waiting meanwhile.
            self._controller._schedule_trial_train(self._trials[ticket])

    def _stop(self, ticket: Ticket) -> None:
        if ticket in self._queue:
            self._queue.remove(ticket)
            return
        trial, waits = self._trials.get(ticket), ticket in self._waiting
        if trial is None:
            return
        self._forget(trial)
        if waits:
            self._idle.append(trial)
        elif not _kill(trial):
            self._controller.stop_trial(trial)  # it has no worker yet

    def _close(self) -> None:
        self._closing = True
        for trial in [*self._trials.values(), *self._idle]:
            _kill(trial)

    def _forget(self, trial: Trial) -> Ticket | None:
        """A trial's job has ended."""
        ticket = self._tickets.pop(trial.trial_id, None)
        if ticket is not None:
            ticket.release()
            self._trials.pop(ticket, None)
            self._added.pop(ticket, None)
            self._waiting.discard(ticket)
        return ticket


def _kill(trial: Trial) -> bool:
    worker = trial.temporary_state.ray_actor
    if worker is not None:
        ray.kill(worker)
    return worker is not None


def _reason(trial: Trial) -> str:
    """The error of a trial, which Tune writes into the trial's folder and gives nowhere else."""
    with suppress(OSError):
        return (
            "its worker was lost: "
            f"{summarize_traceback(Path(trial.error_file).read_text(errors='replace'))}"
        )
    return "its worker was lost"
