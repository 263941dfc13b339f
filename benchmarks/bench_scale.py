"""Where a study saturates: thousands of simulated workers under the real driver and database.

    python benchmarks/bench_scale.py [--workers 10,100,1000,10000] [--length 60] [--epochs 4]
        [--trials 2000] [--samplers random,linear] [--storage journal,postgresql]
        [--checkpoint 0] [--json]

Only the training is simulated. The driver, the sampler, what is stored and the waiting for the disk
are real, on a clock that is virtual: it runs on by the real time that the driver takes from one
event to the next, and jumps to the next event when the driver has nothing to do. So an hour of ten
thousand workers takes as long as their driver is busy.

A trial's length is lognormal (``--length`` seconds in the mean, deviation of the logarithm 0.5),
cut into equal epochs. All figures are of the time from when every worker has its first trial, or
half of the trials are given out, to when the last is given out.

busy          the share of that time in which the driver works
utilisation   the share of the workers' time in which they train; the rest they wait for the driver
trials/h      finished trials an hour
ask, write    milliseconds of the driver a trial: proposing, and storing (epochs and results)
late          seconds that an epoch waits for the driver, the median
bytes         what the storage holds for a trial
"""

from __future__ import annotations

import argparse
import heapq
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.cost import Budget
from seesawnas.search import NetworkProposer
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import (
    Measurement,
    Objectives,
    Proxy,
    Scores,
    StudyRecord,
    TrialJob,
    open_storage,
)
from seesawnas.study.driver import TrialSetup, drive
from seesawnas.study.engines.base import EngineEvent, EpochFinished, Finished
from seesawnas.study.record.proposal import Proposal
from seesawnas.study.stopping import StopRules
from seesawnas.study.trial import TrialEpoch
from seesawnas.train.checkpoint import Checkpoints
from seesawnas.train.loop import EpochRecord
from tests.postgres import private_server, server_binaries

SPREAD = 0.5
"""Deviation of the logarithm of a trial's length."""


@dataclass(frozen=True)
class Figure:
    """One size of one kind of study."""

    workers: int
    sampler: str
    storage: str
    trials: int
    busy: float
    utilisation: float
    trials_per_hour: float
    ask_ms: float
    write_ms: float
    other_ms: float
    late_s: float
    bytes_per_trial: int


class VirtualClock:
    """Seconds: real ones while the driver works, none while it waits."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._start = time.perf_counter()

    def now(self) -> float:
        return time.perf_counter() - self._start + self._ahead

    def skip_to(self, moment: float) -> float:
        """Run on to ``moment`` if it is yet to come; by how much."""
        waited = max(0.0, moment - self.now())
        self._ahead += waited
        return waited


@dataclass
class SimulatedEngine:
    """An engine whose workers are moments on the clock."""

    capacity: int
    length: float
    epochs: int
    checkpoint: bytes
    clock: VirtualClock = field(default_factory=VirtualClock)
    submitted: list[float] = field(default_factory=list)
    idle: list[tuple[float, float]] = field(default_factory=list)
    """When the driver waited, and for how long."""
    trained: list[tuple[float, float]] = field(default_factory=list)
    """When an epoch ended, and how long it took."""
    late: list[float] = field(default_factory=list)
    _events: list[tuple[float, int, int]] = field(default_factory=list)
    _seconds: dict[int, float] = field(default_factory=dict)

    def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
        draw = np.random.default_rng(job.number).lognormal(-(SPREAD**2) / 2, SPREAD)
        self._seconds[job.number] = self.length * float(draw) / self.epochs
        self.submitted.append(self.clock.now())
        self._begin(job.number, 1)

    def _begin(self, number: int, epoch: int) -> None:
        heapq.heappush(self._events, (self.clock.now() + self._seconds[number], number, epoch))

    def next_event(self, timeout: float | None = None) -> EngineEvent:
        moment, number, epoch = heapq.heappop(self._events)
        if waited := self.clock.skip_to(moment):
            self.idle.append((moment, waited))
        self.late.append(self.clock.now() - moment)
        seconds = self._seconds[number]
        self.trained.append((moment, seconds))
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


class TimedRecord(StudyRecord):
    """A record that adds up the time of what it stores."""

    written = 0.0

    def add(self, proposal: Proposal) -> None:
        with self._timed():
            super().add(proposal)

    def next_waiting(self) -> Any:
        with self._timed():
            return super().next_waiting()

    def progress(self, number: int, epoch: int, scores: Scores) -> None:
        with self._timed():
            super().progress(number, epoch, scores)

    def complete(self, number: int, measurement: Measurement) -> None:
        with self._timed():
            super().complete(number, measurement)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.written += time.perf_counter() - start


def main() -> None:
    arguments = _arguments()
    figures = []
    if not arguments.json:
        print(_HEAD, flush=True)
    for figure in measure(arguments):
        figures.append(figure)
        if not arguments.json:
            print(_line(figure), flush=True)
    if arguments.json:
        print(json.dumps({**vars(arguments), "figures": [*map(asdict, figures)]}, indent=2))


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """The figures, in the order in which they are found."""
    for storage in arguments.storage.split(","):
        for sampler in arguments.samplers.split(","):
            for workers in map(int, arguments.workers.split(",")):
                with tempfile.TemporaryDirectory() as folder, _url(storage) as url:
                    yield simulate(
                        workers,
                        sampler,
                        storage,
                        url,
                        Path(folder),
                        trials=max(arguments.trials, 2 * workers),
                        length=arguments.length,
                        epochs=arguments.epochs,
                        checkpoint=int(arguments.checkpoint * 1e6),
                    )


@contextmanager
def _url(storage: str) -> Iterator[str | None]:
    if storage == "journal":
        yield None
        return
    binaries = server_binaries()
    if binaries is None:
        raise SystemExit("--storage postgresql needs a PostgreSQL server, found no initdb")
    with private_server(binaries, on_disk=True) as server:
        yield server.new_database("scale")


def simulate(
    workers: int,
    sampler: str,
    storage: str,
    url: str | None,
    folder: Path,
    *,
    trials: int,
    length: float = 60.0,
    epochs: int = 4,
    checkpoint: int = 0,
) -> Figure:
    """Run one study to its end on the virtual clock."""
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M"))
    opened = open_storage(url, folder, writing=True)
    record = TimedRecord(opened, "scale", feasible.decisions, Objectives.parse("accuracy"))
    proposer = NetworkProposer(feasible, (), 0, sampler=sampler)
    asked: list[float] = []

    def propose(of: StudyRecord) -> Proposal | None:
        start = time.perf_counter()
        found = proposer(of)
        asked.append(time.perf_counter() - start)
        return found

    engine = SimulatedEngine(workers, length, epochs, bytes(checkpoint))
    checkpoints = Checkpoints(folder / "checkpoints") if checkpoint else None
    setup = TrialSetup(Proxy(), StopRules(trials=trials), checkpoints=checkpoints)
    begun = engine.clock.now()
    for _ in drive(record, propose, engine, setup):
        pass
    return _figure(engine, record, asked, begun, sampler, storage, folder)


def _figure(
    engine: SimulatedEngine,
    record: TimedRecord,
    asked: list[float],
    begun: float,
    sampler: str,
    storage: str,
    folder: Path,
) -> Figure:
    trials = len(engine.submitted)
    first = engine.submitted[min(engine.capacity, trials // 2) - 1]
    last = engine.submitted[-1]
    span = last - first
    idle = sum(waited for moment, waited in engine.idle if first < moment <= last)
    trained = sum(seconds for moment, seconds in engine.trained if first < moment <= last)
    ended = sum(1 for moment, _ in engine.trained if first < moment <= last) / engine.epochs
    working = engine.clock.now() - begun - sum(waited for _, waited in engine.idle)
    ask, write = sum(asked) / trials, record.written / trials
    return Figure(
        engine.capacity,
        sampler,
        storage,
        trials,
        round(1 - idle / span, 4),
        round(trained / span / engine.capacity, 4),
        round(3600 * ended / span, 1),
        round(1e3 * ask, 2),
        round(1e3 * write, 2),
        round(1e3 * (working / trials - ask - write), 2),
        round(statistics.median(engine.late), 4),
        sum(path.stat().st_size for path in folder.rglob("*.log")) // trials,
    )


_HEAD = (
    f"{'storage':<11} {'sampler':<8} {'workers':>8} {'trials':>8} {'busy':>6} {'utilis.':>8} "
    f"{'trials/h':>10} {'ask ms':>8} {'write ms':>9} {'other ms':>9} {'late s':>8} {'bytes':>7}"
)


def _line(figure: Figure) -> str:
    return (
        f"{figure.storage:<11} {figure.sampler:<8} {figure.workers:>8,} {figure.trials:>8,} "
        f"{figure.busy:>6.1%} {figure.utilisation:>8.1%} {figure.trials_per_hour:>10,.0f} "
        f"{figure.ask_ms:>8.1f} {figure.write_ms:>9.1f} {figure.other_ms:>9.1f} "
        f"{figure.late_s:>8.3f} {figure.bytes_per_trial:>7,}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", default="10,100,1000,10000")
    parser.add_argument("--length", type=float, default=60.0, help="seconds of a trial, the mean")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--trials", type=int, default=2000, help="at least twice the workers")
    parser.add_argument("--samplers", default="random,linear")
    parser.add_argument("--storage", default="journal,postgresql")
    parser.add_argument("--checkpoint", type=float, default=0.0, help="MB of an epoch's checkpoint")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
