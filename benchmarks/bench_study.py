"""What a long study costs besides its training.

Ask and tell, a trial, and resident memory, as the study grows.

    python benchmarks/bench_study.py [--trials 10000] [--samplers random,tpe,...] [--storage
    journal] [--sample 40] [--json]

A study is grown by uniform proposals under the real budget and stored as a search stores it; its
trials train nothing. At a tenth, a half and all of ``--trials`` each sampler goes on from a copy of
it, in a process of its own, for ``--sample`` trials.

ask is ``propose``, the sampler and what keeps its proposals feasible and new; tell is ``add``,
``next_waiting`` and ``complete``, which wait for the disk. Both are medians of wall-clock time; cpu
is the mean processor time of the two together, which a busy machine does not change; MiB is the
process's resident memory at the end. The last rows are of the growing itself.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from seesawnas.cost import Budget
from seesawnas.search import NetworkProposer
from seesawnas.search.samplers import SAMPLERS
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import Measurement, Objectives, Scores, StudyRecord, open_storage


@dataclass(frozen=True)
class Figure:
    """One sampler at one length of the study: milliseconds a trial, MiB."""

    sampler: str
    trials: int
    ask: float
    tell: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Place:
    """Where a study lies and what it is of."""

    folder: Path
    storage: str
    space: str
    budget: str
    objectives: str

    def open(self) -> tuple[StudyRecord, FeasibleSet]:
        feasible = FeasibleSet(load_space(self.space), Budget.parse(self.budget))
        self.folder.mkdir(exist_ok=True)
        url = f"sqlite:///{self.folder}/study.db" if self.storage == "sqlite" else None
        storage = open_storage(url, self.folder, writing=True)
        return StudyRecord(
            storage, "bench", feasible.decisions, Objectives.parse(self.objectives)
        ), feasible

    def copy(self, folder: Path) -> Place:
        shutil.copytree(self.folder, folder)
        (folder / "storage.url").unlink(missing_ok=True)  # it names the place of the original
        return Place(folder, self.storage, self.space, self.budget, self.objectives)


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        place = Place(
            Path(folder) / "whole",
            arguments.storage,
            arguments.space,
            arguments.budget,
            arguments.objectives,
        )
        figures = []
        if not arguments.json:
            print(
                f"{'sampler':<12} {'trials':>8} {'ask ms':>9} {'tell ms':>9} {'cpu ms':>9} "
                f"{'MiB':>7}",
                flush=True,
            )
        for figure in measure(
            place, arguments.trials, arguments.samplers.split(","), arguments.sample
        ):
            figures.append(figure)
            if not arguments.json:
                print(_line(figure), flush=True)
    if arguments.json:
        print(
            json.dumps(
                {**vars(arguments), "figures": [asdict(figure) for figure in figures]}, indent=2
            )
        )


def _line(figure: Figure) -> str:
    numbers = f"{figure.ask:>9.1f} {figure.tell:>9.1f} {figure.cpu:>9.1f} {figure.memory:>7.0f}"
    return f"{figure.sampler:<12} {figure.trials:>8,} {numbers}"


def measure(place: Place, trials: int, samplers: list[str], sample: int) -> Iterator[Figure]:
    """The figures, in the order in which they are found."""
    record, feasible = place.open()
    grown = []
    for length in sorted({max(10, trials // 10), max(10, trials // 2), max(10, trials)}):
        proposer = NetworkProposer(feasible, (), 0, sampler="random")
        grown.append(_run(record, proposer, length - len(record), "(growing)"))
        for sampler in samplers:
            with tempfile.TemporaryDirectory(dir=place.folder.parent) as folder:
                copy = place.copy(Path(folder) / "copy")
                with get_context("spawn").Pool(1) as pool:
                    yield pool.apply(_go_on, (copy, sampler, sample))
    yield from grown


def _go_on(place: Place, sampler: str, sample: int) -> Figure:
    record, feasible = place.open()
    proposer = NetworkProposer(feasible, (), 0, sampler=sampler)
    _run(record, proposer, 2, sampler)  # the first question imports what a sampler needs
    return _run(record, proposer, sample, sampler)


def _run(record: StudyRecord, proposer: NetworkProposer, trials: int, name: str) -> Figure:
    """Run ``trials`` more; the times are of the last thousand at most."""
    asks, tells, cpu = [], [], []
    for _ in range(trials):
        busy, start = time.process_time(), time.perf_counter()
        proposal = proposer(record)
        asked = time.perf_counter()
        assert proposal is not None
        record.add(proposal)
        trial = record.next_waiting()
        assert trial is not None
        record.complete(trial.number, _train(trial.number))
        asks.append(asked - start)
        tells.append(time.perf_counter() - asked)
        cpu.append(time.process_time() - busy)
    gc.collect()
    ask, tell = (1e3 * statistics.median(times[-1000:]) for times in (asks, tells))
    return Figure(name, len(record), ask, tell, 1e3 * statistics.mean(cpu[-1000:]), _resident())


def _train(number: int) -> Measurement:
    """A tiny trainable: a score that differs from trial to trial."""
    accuracy = random.Random(number).random()
    return Measurement((Scores(accuracy, 0.01, accuracy),), (1.0,), 0.0)


def _resident() -> float:
    """MiB of this process in memory now (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--samplers", default=",".join(SAMPLERS), help="names, between commas")
    parser.add_argument("--storage", choices=("journal", "sqlite"), default="journal")
    parser.add_argument("--sample", type=int, default=40, help="trials that each figure is of")
    parser.add_argument("--objectives", default="accuracy")
    parser.add_argument(
        "--space", default="seesaw", help="a search space: a file, or a shipped name"
    )
    parser.add_argument("--budget", default="140M..150M")
    parser.add_argument(
        "--folder", help="where the studies are written; default: the system's temporary folder"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
