"""Where a study saturates: thousands of simulated workers under the real driver and database.

    python benchmarks/bench_scale.py [--workers 10,100,1000,10000] [--length 60] [--epochs 4]
        [--trials 2000] [--samplers random,linear] [--storage journal,postgresql]
        [--checkpoint 0] [--out DIR] [--json]

Only the training is simulated. The driver, the sampler, the lease, what is stored and the waiting
for the disk are real, on a clock that is virtual: it runs on by the time that the driver takes from
one event to the next, and jumps to the next event when the driver has nothing to do. So an hour of
ten thousand workers takes as long as their driver is busy.

The driver's time is its processor time and what it waits for the disk and the database. Linux says
how long it, and the database's process, waited for a processor that other programs had; that is
left out, so that a busy machine does not count (elsewhere it does).

A trial's length is lognormal (``--length`` seconds in the mean, deviation of the logarithm 0.5),
cut into equal epochs. All figures are of the time from when every worker has its first trial, or
half of the trials are given out, to when the last is given out. With fewer than twice as many
trials as workers they are so of the first filling, and the utilisation means little.

busy          the share of that time in which the driver works
utilisation   the share of the workers' time in which they train; the rest they wait for the driver
trials/h      finished trials an hour
driver        milliseconds of the driver a trial given out; of them
ask, write    for proposing, and for storing (the proposal, epochs and results)
database      milliseconds of processor time of the database a trial, part of write
late          seconds that an epoch waits for the driver, the median
bytes         what the storage holds for a trial (of PostgreSQL without its log)
MiB           resident memory of the driver at the end

``--out`` keeps the figures in DIR/results.json, beside those of earlier runs with other values, and
draws DIR/scale.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.scale_engine import Processes, SimulatedEngine
from benchmarks.scale_plot import LENGTH, Series, draw
from seesawnas.cost import Budget
from seesawnas.io.files import write_atomically
from seesawnas.search import NetworkProposer
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import (
    Measurement,
    Objectives,
    Proxy,
    Scores,
    StudyRecord,
    open_storage,
)
from seesawnas.study.driver import TrialSetup, drive
from seesawnas.study.record.proposal import Proposal
from seesawnas.study.stopping import StopRules
from seesawnas.study.storage.database import PatientStorage
from seesawnas.train.checkpoint import Checkpoints
from tests.postgres import private_server, server_binaries


@dataclass(frozen=True)
class Figure:
    """One size of one kind of study."""

    workers: int
    sampler: str
    storage: str
    length: float
    epochs: int
    checkpoint: int
    trials: int
    window: int
    """Trials given out in the time that the figures are of."""
    busy: float
    utilisation: float
    trials_per_hour: float
    driver_ms: float
    ask_ms: float
    write_ms: float
    database_ms: float
    late_s: float
    bytes_per_trial: int
    memory_mib: int

    @property
    def kind(self) -> tuple[object, ...]:
        """What a later run of the same replaces."""
        return (
            *(self.storage, self.sampler, self.workers),
            *(self.length, self.epochs, self.checkpoint, self.trials),
        )


class TimedRecord(StudyRecord):
    """A record that adds up the time of what it stores, once it has an ``engine``."""

    engine: SimulatedEngine | None = None

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
        assert self.engine is not None
        start = self.engine.clock.now()
        yield
        self.engine.tally.writing += self.engine.clock.now() - start


def main() -> None:
    arguments = _arguments()
    figures = []
    if not arguments.json:
        print(_HEAD, flush=True)
    for figure in measure(arguments):
        figures.append(figure)
        if arguments.out is not None:
            keep(figure, arguments.out)
        if not arguments.json:
            print(_line(figure), flush=True)
    if arguments.json:
        shown = {**vars(arguments), "out": arguments.out and str(arguments.out)}
        print(json.dumps({**shown, "figures": [*map(asdict, figures)]}, indent=2))


def keep(figure: Figure, folder: Path) -> None:
    """Put a figure among those in ``folder``, in the place of an older one of its kind."""
    path = folder / "results.json"
    kept = json.loads(path.read_text())["figures"] if path.exists() else []
    figures = [one for one in (Figure(**line) for line in kept) if one.kind != figure.kind]
    figures = sorted([*figures, figure], key=lambda one: one.kind)
    lines = ",\n".join(f"  {json.dumps(asdict(one))}" for one in figures)
    write_atomically(path, f'{{"figures": [\n{lines}\n]}}\n')
    write_atomically(folder / "scale.svg", draw(_series(figures)))


def _series(figures: list[Figure]) -> dict[str, Series]:
    """By storage and sampler: the work of the largest load that is no overload, and all points.

    Workers of other trials stand for as many as give a driver as many trials a second. Under an
    overload more trials end than begin for long after the filling, so that it tells less.
    """
    kinds: dict[str, list[Figure]] = {}
    for one in sorted(figures, key=lambda one: one.workers / one.length):
        if one.trials >= 2 * one.workers and not one.checkpoint:
            kinds.setdefault(f"{one.storage}, {one.sampler}", []).append(one)
    return {
        name: Series(
            ([one for one in of if one.busy < 0.99] or of)[-1].driver_ms / 1e3,
            [(one.workers * LENGTH / one.length, one.utilisation) for one in of],
        )
        for name, of in kinds.items()
    }


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """The figures, in the order in which they are found."""
    for storage in arguments.storage.split(","):
        for sampler in arguments.samplers.split(","):
            for workers in map(int, arguments.workers.split(",")):
                with tempfile.TemporaryDirectory() as folder, _url(storage) as url:
                    yield simulate(
                        workers,
                        sampler,
                        url,
                        Path(folder),
                        trials=arguments.trials or max(2000, 2 * workers),
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
    url: str | None,
    folder: Path,
    *,
    trials: int,
    length: float = 60.0,
    epochs: int = 4,
    checkpoint: int = 0,
) -> Figure:
    """Run one study to its end on the virtual clock.

    Args:
        workers: How many trials run at a time.
        sampler: Its name.
        url: The database; None for a journal in ``folder``.
        folder: Where the study lies; empty.
        trials: How many it has; at least two.
        length: Seconds of a trial, the mean.
        epochs: Of a trial.
        checkpoint: Bytes of an epoch's checkpoint; 0 for none.
    """
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M"))
    storage = open_storage(url, folder, writing=True)
    record = TimedRecord(storage, "scale", feasible.decisions, Objectives.parse("accuracy"))
    proposer = NetworkProposer(feasible, (), 0, sampler=sampler)
    marks = (min(workers, trials // 2), trials)
    engine = record.engine = SimulatedEngine(workers, length, epochs, bytes(checkpoint), marks)

    def propose(of: StudyRecord) -> Proposal | None:
        start = engine.clock.now()
        found = proposer(of)
        engine.tally.asking += engine.clock.now() - start
        return found

    checkpoints = Checkpoints(folder / "checkpoints") if checkpoint else None
    setup = TrialSetup(Proxy(), StopRules(trials=trials), checkpoints=checkpoints)
    with record.lock_storage():
        before = _size(storage, folder)
        if isinstance(storage, PatientStorage):
            mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            engine.clock.watch(Processes(row[0] for row in _rows(storage, mine)))
        for _ in drive(record, propose, engine, setup):
            pass
        size = _size(storage, folder) - before
    first, last = engine.snapshots
    given, span = last.given - first.given, last.now - first.now
    work = span - (last.idle - first.idle)
    return Figure(
        workers,
        sampler,
        "journal" if url is None else url.split(":")[0],
        length,
        epochs,
        checkpoint,
        trials,
        given,
        round(work / span, 6),
        round((last.trained - first.trained) / span / workers, 4),
        round(3600 * (last.epochs - first.epochs) / epochs / span, 1),
        round(1e3 * work / given, 2),
        round(1e3 * (last.asking - first.asking) / given, 2),
        round(1e3 * (last.writing - first.writing) / given, 2),
        round(1e3 * (last.served - first.served) / given, 2),
        round(statistics.median(engine.late or [0.0]), 4),
        size // trials,
        _resident(),
    )


def _size(storage: object, folder: Path) -> int:
    """Bytes of the database or the journal."""
    if isinstance(storage, PatientStorage):
        return int(_rows(storage, "SELECT pg_database_size(current_database())")[0][0])
    return sum(path.stat().st_size for path in folder.rglob("*.log"))


def _rows(storage: PatientStorage, statement: str) -> list[Any]:
    with storage.database.engine.connect() as connection:
        return [*connection.exec_driver_sql(statement)]


def _resident() -> int:
    """MiB of this process in memory now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


_HEAD = (
    f"{'storage':<11} {'sampler':<8} {'workers':>7} {'trials':>7} {'busy':>6} {'utilis.':>8} "
    f"{'trials/h':>9} {'driver ms':>9} {'ask ms':>7} {'write ms':>8} {'database':>8} {'late s':>7} "
    f"{'bytes':>7} {'MiB':>5}"
)


def _line(figure: Figure) -> str:
    return (
        f"{figure.storage:<11} {figure.sampler:<8} {figure.workers:>7,} {figure.trials:>7,} "
        f"{figure.busy:>6.1%} {figure.utilisation:>8.1%} {figure.trials_per_hour:>9,.0f} "
        f"{figure.driver_ms:>9.1f} {figure.ask_ms:>7.1f} {figure.write_ms:>8.1f} "
        f"{figure.database_ms:>8.1f} {figure.late_s:>7.3f} {figure.bytes_per_trial:>7,} "
        f"{figure.memory_mib:>5}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", default="10,100,1000,10000")
    parser.add_argument("--length", type=float, default=60.0, help="seconds of a trial, the mean")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument(
        "--trials", type=int, help="default: 2000, or twice the workers if that is more"
    )
    parser.add_argument("--samplers", default="random,linear")
    parser.add_argument("--storage", default="journal,postgresql")
    parser.add_argument("--checkpoint", type=float, default=0.0, help="MB of an epoch's checkpoint")
    parser.add_argument("--out", type=Path, help="a folder for results.json and scale.svg")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
