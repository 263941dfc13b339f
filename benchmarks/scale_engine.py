"""Simulated workers on a virtual clock, for bench_scale.py."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from operator import sub
from pathlib import Path

import numpy as np

from seesawnas.study import Measurement, Scores, TrialJob
from seesawnas.study.engines.base import EngineEvent, EpochFinished, Finished
from seesawnas.study.trial import TrialEpoch
from seesawnas.train.loop import EpochRecord

SPREAD = 0.5
"""Deviation of the logarithm of a trial's length."""


class Processes:
    """What Linux counts of other processes: seconds on a processor, and waiting for one."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._places = [Path(f"/proc/{number}/schedstat") for number in numbers]

    def seconds(self) -> tuple[float, float]:
        """On a processor and waiting for one, all together; zeros where it is not counted."""
        ran = waited = 0
        for place in self._places:
            if place.exists():
                words = place.read_text().split()
                ran, waited = ran + int(words[0]), waited + int(words[1])
        return ran / 1e9, waited / 1e9


class VirtualClock:
    """Seconds: those of the driver's work, and jumps while it has none.

    Its work is processor time and what it waits for the disk and for ``servers``, without the time
    in which it, or they, wait for a processor. A wait is at least as long as the servers work.
    """

    def __init__(self) -> None:
        self.ahead = 0.0
        """How far it jumped."""
        self._thread = Processes([threading.get_native_id()])
        self.watch(Processes(()))
        self._worked = 0.0

    def watch(self, servers: Processes) -> None:
        """Have the driver's waits be for ``servers``."""
        self.servers = servers
        self._last = self._read()

    def now(self) -> float:
        last, self._last = self._last, self._read()
        wall, own, queued, served, delayed = map(sub, self._last, last)
        blocked = wall - own - queued
        self._worked += own + max(blocked - delayed, min(blocked, served), 0.0)
        return self._worked + self.ahead

    def skip_to(self, moment: float) -> None:
        """Run on to ``moment`` if it is yet to come."""
        self.ahead += max(0.0, moment - self.now())

    def _read(self) -> tuple[float, ...]:
        queued = self._thread.seconds()[1]
        return time.perf_counter(), time.thread_time(), queued, *self.servers.seconds()


@dataclass
class Tally:
    """What was counted up to a moment."""

    now: float = 0.0
    idle: float = 0.0
    asking: float = 0.0
    writing: float = 0.0
    trained: float = 0.0
    """Seconds of the epochs that ended."""
    epochs: int = 0
    given: int = 0
    served: float = 0.0
    """Processor time of the database."""


@dataclass
class SimulatedEngine:
    """An engine whose workers are moments on the clock; tells how things stand in ``tally``.

    ``snapshots`` are of when the trials of ``marks`` were given out, counted from 1.
    """

    capacity: int
    length: float
    epochs: int
    checkpoint: bytes
    marks: tuple[int, int]
    clock: VirtualClock = field(default_factory=VirtualClock)
    tally: Tally = field(default_factory=Tally)
    snapshots: list[Tally] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    _events: list[tuple[float, int, int]] = field(default_factory=list)
    _seconds: dict[int, float] = field(default_factory=dict)
    _epoch: int = 0

    def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
        draw = np.random.default_rng(job.number).lognormal(-(SPREAD**2) / 2, SPREAD)
        self._seconds[job.number] = self.length * float(draw) / self.epochs
        self.tally.given += 1
        self._begin(job.number, 1)
        if self.tally.given in self.marks:
            self.tally.now, self.tally.idle = self.clock.now(), self.clock.ahead
            self.tally.served = self.clock.servers.seconds()[0]
            self.snapshots.append(replace(self.tally))
            if len(self.snapshots) == 1:
                self.late.clear()

    def _begin(self, number: int, epoch: int) -> None:
        heapq.heappush(self._events, (self.clock.now() + self._seconds[number], number, epoch))

    def next_event(self, timeout: float | None = None) -> EngineEvent:
        moment, number, epoch = heapq.heappop(self._events)
        self.clock.skip_to(moment)
        if len(self.snapshots) < len(self.marks):
            self.late.append(self.clock.now() - moment)
        seconds = self._seconds[number]
        self.tally.trained += seconds
        self.tally.epochs += 1
        self._epoch = epoch
        scores = [Scores(a, 0.01, a) for a in _accuracies(number, self.epochs)]
        if epoch < self.epochs:
            record = EpochRecord(epoch, self.epochs, 1.0, 0.1, seconds, 2000)
            return EpochFinished(number, TrialEpoch(record, scores[epoch - 1], self.checkpoint))
        total = seconds * self.epochs
        return Finished(number, Measurement(tuple(scores), (1.0,) * self.epochs, total))

    def proceed(self, number: int) -> None:
        self._begin(number, self._epoch + 1)

    def stop(self, number: int) -> None:
        self._events = [event for event in self._events if event[1] != number]
        heapq.heapify(self._events)

    def close(self) -> None:
        self._events.clear()


def _accuracies(number: int, epochs: int) -> list[float]:
    last = np.random.default_rng(number).random()
    return [float(last * (epoch + 1) / epochs) for epoch in range(epochs)]
