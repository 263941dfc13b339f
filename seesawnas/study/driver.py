"""The study's loop: fill the engine with proposals, store the results, until a stop rule ends it.

The same loop runs under any engine. It yields what happened, for others to show.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from optuna.trial import FrozenTrial, TrialState

from seesawnas.errors import StudyError
from seesawnas.space import read_yaml
from seesawnas.study.engines.base import Engine, EpochFinished, Failed, Finished, Lost
from seesawnas.study.record.proposal import Proposal, trial_proxy, trial_spec
from seesawnas.study.record.record import StudyRecord
from seesawnas.study.stopping import Asha, AshaPruner, StopRules
from seesawnas.study.trial import Proxy, Scores, TrialJob
from seesawnas.train.checkpoint import Checkpoints

TIME_LIMIT_REACHED = "time limit reached"
"""The reason if a run has used its time."""
NOTHING_LEFT = "all networks of the feasible set have been tried"
"""The reason if there is nothing more to propose."""


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """A trial was given to the engine; ``resumed`` if it continues from a checkpoint."""

    trial: FrozenTrial
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """A trial was stopped early, after ``epoch``."""

    number: int
    epoch: int
    scores: Scores


@dataclass(frozen=True, slots=True)
class Ended:
    """No further trial begins, for this reason."""

    reason: str


_CHECKED_EVERY = 5.0
"""Seconds after which a driver notices that it lost the study, also if no trial reports."""

DriverEvent: TypeAlias = TrialStarted | EpochFinished | Stopped | Finished | Failed | Lost | Ended
Propose: TypeAlias = Callable[[StudyRecord], Proposal | None]


@dataclass(frozen=True, slots=True)
class TrialSetup:
    """How a study runs: the proxy of its trials, when it ends, which trials are stopped early.

    Attributes:
        checkpoints: Where running trials are kept; None for nowhere.
        stall_timeout: Seconds without an epoch after which a trial counts as hanging.
    """

    proxy: Proxy
    rules: StopRules
    halving: Asha | None = None
    checkpoints: Checkpoints | None = None
    stall_timeout: float = 3600.0


def drive(
    record: StudyRecord, propose: Propose, engine: Engine, setup: TrialSetup
) -> Generator[DriverEvent]:
    """Run until a rule of ``setup`` ends the study or ``propose`` has no more networks.

    If the caller stops early, or anything raises, running trials are put back in line: the study
    can be resumed.
    """
    try:
        yield from _Loop(record, propose, engine, setup).run()
    finally:
        engine.close()
        # an interrupt falls anywhere, also between a trial's taking and its place among the running
        record.recover()


@dataclass
class _Loop:
    record: StudyRecord
    propose: Propose
    engine: Engine
    setup: TrialSetup
    running: dict[int, float] = field(default_factory=dict)
    """Running trials, and the time of each one's last report; those heard of last are last."""
    fixed: set[int] = field(default_factory=set)
    judge: AshaPruner | None = None
    reason: str = ""
    """Why no further trial begins."""
    reached: dict[int, int] = field(default_factory=dict)
    """The last epoch of each running trial that this driver knows of."""
    lost: list[int] = field(default_factory=list)
    """Trials that lost their worker since any trial last finished an epoch."""
    started: float = field(default_factory=time.monotonic)

    def run(self) -> Generator[DriverEvent]:
        if self.setup.halving is not None:
            self.judge = AshaPruner(self.setup.halving)
            self.judge.replay(self.record.trials())
        if self.setup.checkpoints is not None:
            self.setup.checkpoints.keep(
                {trial.number for trial in self.record.trials(TrialState.WAITING)}
            )
        while True:
            while not self._out_of_time() and len(self.running) < self.engine.capacity:
                trial = self._take()
                if trial is None:
                    break
                yield self._begin(trial)
            if not self.running or self._out_of_time():
                yield Ended(TIME_LIMIT_REACHED if self._out_of_time() else self.reason)
                return
            yield from self._next()

    def _out_of_time(self) -> bool:
        limit = self.setup.rules.seconds
        return limit is not None and time.monotonic() - self.started >= limit

    def _take(self) -> FrozenTrial | None:
        """The next trial, interrupted trials before new ones.

        Whatever rule ends the study, started trials are finished.
        """
        while True:
            reason = self.setup.rules.reason(self.record, len(self.running))
            wanted = self.setup.rules.trials
            full = wanted is not None and self.record.finished + len(self.running) >= wanted
            trial = None if full else self.record.next_waiting()
            if trial is None:
                proposal = None if reason else self.propose(self.record)
                if proposal is None:
                    self.reason = reason or NOTHING_LEFT
                    return None
                self.record.add(proposal)
            elif "spec" in trial.user_attrs:
                return trial
            else:
                self.record.fail(trial.number, "was written by another program, without a network")

    def _begin(self, trial: FrozenTrial) -> TrialStarted:
        number, attrs = trial.number, trial.user_attrs
        checkpoint = self.setup.checkpoints.load(number) if self.setup.checkpoints else None
        study = self.record.study.study_name
        proxy = trial_proxy(trial, study) if "proxy" in attrs else self.setup.proxy
        # Said here, in a line that names the trial, and not by a worker.
        trial_spec(trial, f"study {study}")
        self.running[number] = time.monotonic()
        self.reached[number] = (trial.last_step or 0) if checkpoint is not None else 0
        self.fixed |= {number} if attrs.get("fixed") else set()
        self.engine.submit(TrialJob(number, read_yaml(attrs["spec"], "trial"), proxy), checkpoint)
        return TrialStarted(trial, checkpoint is not None)

    def _next(self) -> Generator[DriverEvent]:
        event = self.engine.next_event(min(self._patience(), _CHECKED_EVERY))
        self.record.check()
        if event is None:
            yield from self._stop_stalled()
            return
        if isinstance(event, EpochFinished):
            yield event
            yield from self._judge(event)
        else:
            self._write(event)  # before it is reported: a caller may stop for good there
            yield event

    def _patience(self) -> float:
        """Seconds until the next time limit, if no event comes before."""
        now = time.monotonic()
        # The first alone: thousands may run, and this is asked at every event.
        end = next(iter(self.running.values())) + self.setup.stall_timeout
        if self.setup.rules.seconds is not None:
            end = min(end, self.started + self.setup.rules.seconds)
        return max(0.0, end - now)

    def _stop_stalled(self) -> Generator[DriverEvent]:
        now = time.monotonic()
        for number in [
            n for n, heard in self.running.items() if now - heard >= self.setup.stall_timeout
        ]:
            self.engine.stop(number)
            lost = Lost(
                number, f"no response: no epoch finished within {self.setup.stall_timeout:.0f} s"
            )
            self._write(lost)
            yield lost

    def _judge(self, event: EpochFinished) -> Generator[DriverEvent]:
        number, epoch, scores = event.number, event.epoch.record.epoch, event.epoch.scores
        self.reached[number] = epoch
        self.lost.clear()
        value = self.record.objectives.value(scores)
        stops = self.judge is not None and self.judge.stops(number, epoch, value)
        if stops and number not in self.fixed:
            self.engine.stop(number)
            self.record.prune(number, epoch, scores)
            self._forget(number)
            yield Stopped(number, epoch, scores)
            return
        self.record.progress(number, epoch, scores)
        if self.setup.checkpoints is not None:
            self.setup.checkpoints.save(number, event.epoch.checkpoint)
        # Now: a database that was waited for is not a stall of the trial. To the end of the order.
        del self.running[number]
        self.running[number] = time.monotonic()
        self.engine.proceed(number)

    def _write(self, event: Finished | Failed | Lost) -> None:
        match event:
            case Finished(number, measurement):
                self.record.complete(number, measurement)
            case Failed(number, reason):
                self.record.fail(number, reason)
            case Lost(number, reason):
                self._check_engine(number, reason)
                if self.record.lose(number, reason, self.reached[number]):
                    del self.running[number]  # it comes again, from its checkpoint
                    return
        if not isinstance(event, Lost):
            self.lost.clear()
        self._forget(event.number)

    def _check_engine(self, number: int, reason: str) -> None:
        """End the study if every worker dies before its first epoch.

        Then the trials are not the cause, and do not fail.
        """
        self.lost.append(number)
        if len(self.lost) >= max(4, 2 * self.engine.capacity) and len(set(self.lost)) > 1:
            raise StudyError(
                f"workers die before their first epoch: {reason}; fix this, then run the same "
                "command to resume"
            )

    def _forget(self, number: int) -> None:
        del self.running[number]
        if self.setup.checkpoints is not None:
            self.setup.checkpoints.drop(number)
