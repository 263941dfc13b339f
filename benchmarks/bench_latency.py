"""Whether a ranking by latency stays the same while another job loads the machine.

Ten networks drawn from a space within a band of MAdds, timed idle and beside a busy process a core:
by the protocol of ``seesawnas latency`` with each of its clocks, and one network after another as
it is commonly done, by the mean and by the minimum of the wall-clock times.

    python benchmarks/bench_latency.py [--networks 10] [--rounds 60] [--budget 120M..150M]
                                       [--space seesaw] [--runtime onnxruntime] [--json]

Kendall's tau of the idle and the loaded ranking, and the largest change of a network's time
relative to all networks' median change.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import tau
from seesawnas.cost import Budget
from seesawnas.device.latency.prepare import random_network, write_network
from seesawnas.device.latency.protocol import WARM_UP, Run, finished, measure
from seesawnas.device.latency.runtimes import open_session, timed
from seesawnas.space import FeasibleSet, load_space


@dataclass(frozen=True)
class Agreement:
    """Of the idle and the loaded times of one way to time."""

    way: str
    tau: float
    largest_change: float
    idle_ms: list[float]
    loaded_ms: list[float]


def main() -> None:
    arguments = _arguments()
    runs = networks(arguments)
    results = []
    for times in (by_protocol, one_by_one):
        idle = times(runs, arguments.rounds)
        with busy():
            loaded = times(runs, arguments.rounds)
        results += [agreement(way, idle[way], loaded[way]) for way in idle]
    if arguments.json:
        print(json.dumps([asdict(one) for one in results], indent=2))
        return
    for one in results:
        low, high = min(one.idle_ms), max(one.idle_ms)
        print(
            f"{one.way:27}  tau {one.tau:.3f}, largest change {100 * one.largest_change:.1f} %, "
            f"idle {low:.2f} to {high:.2f} ms"
        )


def agreement(way: str, idle: NDArray[np.float64], loaded: NDArray[np.float64]) -> Agreement:
    """How well the loaded times agree with the idle ones."""
    change = loaded / idle
    return Agreement(
        way,
        tau(idle, loaded),
        float(np.abs(change / np.median(change) - 1).max()),
        idle.round(3).tolist(),
        loaded.round(3).tolist(),
    )


def networks(arguments: argparse.Namespace) -> dict[str, Run]:
    """Networks drawn from the space, open in the runtime."""
    feasible = FeasibleSet(load_space(arguments.space), Budget.parse(arguments.budget))
    specs = feasible.specs(feasible.sample(arguments.networks, 0))
    found: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, spec in enumerate(specs):
            file = write_network(
                random_network(spec), arguments.runtime, Path(folder), f"network_{number}"
            )
            session = open_session(arguments.runtime, file.path, 1)
            images = np.random.default_rng(0).standard_normal((1, 3, *file.size), np.float32)
            found[file.name] = timed(session, images, 1)
    return found


def by_protocol(runs: dict[str, Run], rounds: int) -> dict[str, NDArray[np.float64]]:
    """Milliseconds of each by way, as ``seesawnas latency`` takes them."""
    measured = finished(measure(runs, rounds=rounds))
    assert measured.cpu is not None
    return {
        "protocol, processor time": measured.cpu.min(axis=1),
        "protocol, wall clock": measured.wall.min(axis=1),
    }


def one_by_one(runs: dict[str, Run], rounds: int) -> dict[str, NDArray[np.float64]]:
    """Milliseconds of each by way, all its runs in a row."""
    times = np.array(
        [[run().wall for _ in range(WARM_UP + rounds)][WARM_UP:] for run in runs.values()]
    )
    return {
        "one after another, mean": times.mean(axis=1),
        "one after another, minimum": times.min(axis=1),
    }


@contextmanager
def busy() -> Iterator[None]:
    """A process that counts, on every core."""
    jobs = [
        multiprocessing.get_context("spawn").Process(target=_count, daemon=True)
        for _ in range(os.cpu_count() or 1)
    ]
    for job in jobs:
        job.start()
    time.sleep(2)
    try:
        yield
    finally:
        for job in jobs:
            job.kill()
            job.join()


def _count() -> None:
    while True:
        sum(range(10_000))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--networks", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--budget", default="120M..150M")
    parser.add_argument("--space", default="seesaw")
    parser.add_argument("--runtime", default="onnxruntime")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
