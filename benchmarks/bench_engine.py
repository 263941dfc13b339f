"""What it costs to have Ray run trials.

Our engine beside Ray Tune with OptunaSearch, on trials that do nothing.

    python benchmarks/bench_engine.py [--trials 200] [--peer-trials 20] [--workers 2] [--json]

Both start Ray on this machine, each in a process of its own, one after the other. Start-up is from
before Ray is imported to the end of the first trial. The overhead of a trial is the time of all the
trials after it, divided by how many they are; what else the machine does is in it, in both. The
peer is OptunaSearch with a fresh actor a trial, as Tune comes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.data import FaceData
from seesawnas.study import EngineEvent, Finished, Measurement, Proxy, RayEngine, Scores, TrialJob
from tests.faces import made_up_faces


@dataclass(frozen=True)
class Cost:
    """In seconds."""

    start_up: float
    overhead: float


def main() -> None:
    arguments = _arguments()
    contestants = {"ours": (ours, arguments.trials), "peer": (peer, arguments.peer_trials)}
    if arguments.only:
        run, trials = contestants[arguments.only]
        print(json.dumps(asdict(run(trials, arguments.workers))))
        return
    costs = {name: _apart(name) for name in contestants}
    ratio = costs["peer"].overhead / costs["ours"].overhead
    if arguments.json:
        print(
            json.dumps(
                {**{name: asdict(cost) for name, cost in costs.items()}, "ratio": ratio}, indent=2
            )
        )
        return
    for name, cost in costs.items():
        print(
            f"{name}: start-up {cost.start_up:5.1f} s, overhead {1000 * cost.overhead:7.1f} ms a "
            "trial"
        )
    print(f"overhead, peer to ours: {ratio:.0f} x")


def ours(trials: int, workers: int) -> Cost:
    """Jobs through ``RayEngine``, as many at a time as it has workers."""
    started = time.perf_counter()
    engine = RayEngine(made_up_faces(), workers, run=nothing)
    try:
        submitted = 0
        for _ in range(workers):
            engine.submit(_job(submitted := submitted + 1), None)
        engine.next_event()
        up = time.perf_counter()
        for _ in range(trials - 1):
            engine.submit(_job(submitted := submitted + 1), None)
            engine.next_event()
        return Cost(up - started, (time.perf_counter() - up) / (trials - 1))
    finally:
        engine.close()


def peer(trials: int, workers: int) -> Cost:
    """The same number of trials of a class trainable under ``OptunaSearch``."""
    # Left alone, Ray would write a token into the home directory.
    os.environ.update(
        RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32), RAY_USAGE_STATS_ENABLED="0"
    )
    started = time.perf_counter()
    import optuna
    import ray
    from ray import tune
    from ray.tune.search.optuna import OptunaSearch

    class Nothing(tune.Trainable):
        def step(self) -> dict[str, object]:
            return {"accuracy": 0.5, "done": True, "ended": time.time()}

    ray.init(
        "local",
        num_cpus=workers,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    search = OptunaSearch(
        {"x": optuna.distributions.FloatDistribution(0, 1)}, metric="accuracy", mode="max"
    )
    config = tune.TuneConfig(
        metric="accuracy",
        mode="max",
        search_alg=search,
        num_samples=trials,
        max_concurrent_trials=workers,
    )
    with tempfile.TemporaryDirectory() as folder:
        never = tune.CheckpointConfig(checkpoint_at_end=False)
        run = tune.RunConfig(verbose=0, storage_path=folder, checkpoint_config=never)
        results = tune.Tuner(Nothing, tune_config=config, run_config=run).fit()
        over = time.perf_counter()
        ended = results.get_dataframe()["ended"]
        ray.shutdown()
    after_first = time.time() - (time.perf_counter() - over) - min(ended)
    return Cost(over - started - after_first, after_first / (trials - 1))


def nothing(job: TrialJob, faces: FaceData, checkpoint: bytes | None) -> Iterator[EngineEvent]:
    yield Finished(job.number, Measurement((Scores(0.5, 0.0, 0.5),), (1.0,), 0.0))


def _job(number: int) -> TrialJob:
    return TrialJob(number, {}, Proxy())


def _apart(name: str) -> Cost:
    words = [sys.executable, __file__, *sys.argv[1:], "--only", name]
    printed = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Cost(**json.loads(printed.strip().splitlines()[-1]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--peer-trials", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=["ours", "peer"], help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
