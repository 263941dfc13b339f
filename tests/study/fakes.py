"""A small space, an engine that runs nothing, and a study in a folder."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from seesawnas.cost import Budget
from seesawnas.space import FeasibleSet, to_space
from seesawnas.study import (
    EngineEvent,
    EpochFinished,
    Finished,
    Measurement,
    Proposal,
    Proxy,
    Scores,
    StopRules,
    StudyRecord,
    TrialEpoch,
    TrialJob,
    TrialSetup,
    open_storage,
)
from seesawnas.testing.engines import SMALL_SPACE
from seesawnas.train import EpochRecord


def small_set(budget: str = "1M") -> FeasibleSet:
    return FeasibleSet(to_space(SMALL_SPACE, "small.yaml"), Budget.parse(budget))


def measured(accuracy: float, auc: float = 0.5) -> Measurement:
    return Measurement((Scores(0.5, 0.01, 0.5), Scores(accuracy, 0.01, auc)), (1.5, 1.0), 0.1)


def enough(trials: int) -> TrialSetup:
    return TrialSetup(Proxy(), StopRules(trials=trials))


def by_madds(job: TrialJob) -> EngineEvent:
    """The dearer the network, the more accurate: every trial has its own value."""
    widths = sum(stage["width"] * stage["depth"] for stage in job.point["stages"])
    return Finished(job.number, measured(0.5 + widths / 1000))


@dataclass
class FakeEngine:
    """Answers jobs in the order given, an epoch first, by ``answer``."""

    capacity: int = 2
    answer: Callable[[TrialJob], EngineEvent] = by_madds
    curve: Callable[[TrialJob], float] = lambda job: 0.5
    jobs: list[TrialJob] = field(default_factory=list)
    checkpoints: list[bytes | None] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    closed: bool = False
    _waiting: deque[EngineEvent] = field(default_factory=deque)

    def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
        self.jobs.append(job)
        self.checkpoints.append(checkpoint)
        record = EpochRecord(1, 2, 1.0, 0.1, 0.1, 10)
        self._waiting.append(
            EpochFinished(
                job.number,
                TrialEpoch(record, Scores(self.curve(job), 0.01, self.curve(job)), b"after 1"),
            )
        )

    def next_event(self, timeout: float | None = None) -> EngineEvent | None:
        return self._waiting.popleft()

    def proceed(self, number: int) -> None:
        job = next(job for job in reversed(self.jobs) if job.number == number)
        self._waiting.append(self.answer(job))

    def stop(self, number: int) -> None:
        self.stopped.append(number)
        self._waiting = deque(event for event in self._waiting if event.number != number)

    def close(self) -> None:
        self.closed = True


def record_in(folder: Path, feasible: FeasibleSet | None = None) -> StudyRecord:
    feasible = feasible or small_set()
    return StudyRecord(open_storage(None, folder, writing=True), folder.name, feasible.decisions)


def uniform(feasible: FeasibleSet) -> Callable[[StudyRecord], Proposal | None]:
    """Every network of the set in its own order, one a call."""

    def propose(record: StudyRecord) -> Proposal | None:
        number = len(record.trials())
        if number >= feasible.count:
            return None
        assignment = next(feasible.at([number]).assignments())
        return Proposal(feasible.space.choose(assignment), assignment)

    return propose
