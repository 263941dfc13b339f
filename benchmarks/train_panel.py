"""Trains a panel of networks on many processes, at several levels and seeds.

What fidelity and sampler studies are made from.

    python benchmarks/train_panel.py --data DIR --plan 40:12x112:0-2,160:8x56:0 --out FILE.jsonl
        [--budget 120M..150M] [--workers 2] [--minutes 10]

A plan's part is NETWORKS:LEVEL:SEEDS, the level as ``seesawnas fidelity`` takes it, the seeds one
or FIRST-LAST; parts are trained in order. It may be cut off anywhere: lines that FILE holds are not
made again, and the same command goes on. ``seesawnas fidelity --measurements FILE`` reads the
lines; each has the networks, proxies and faces of a panel's. ``extras`` tells what else was
measured after each epoch: on all pairs of the held-out identities instead of a balanced draw (all),
and at the end also without averaged weights (live).

Where there is a GPU every process uses it, with forward and backward passes as CUDA graphs:
training such small networks from Python, a GPU mostly waits.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.analysis.fidelity.level import Level
from seesawnas.cost import Budget, cost
from seesawnas.data import FaceData, load_faces
from seesawnas.evaluation import embed, make_pairs
from seesawnas.nn import build
from seesawnas.space import FeasibleSet, load_space, to_mapping
from seesawnas.study import Proxy, Scores, TrialJob
from seesawnas.study.trial import measure
from seesawnas.train import MemoryFeed, Training, as_graphs, seeded


@dataclass(frozen=True)
class Job:
    """A network to train at a level from a seed."""

    network: int
    assignment: dict[str, Any]
    level: str
    seed: int
    data: str
    space: str
    graphs: bool


def main() -> None:
    arguments = _arguments()
    jobs = _left(list(_jobs(arguments)), arguments.out)
    if not jobs:
        return
    until = time.monotonic() + 60 * arguments.minutes
    context = multiprocessing.get_context("spawn")
    with context.Pool(arguments.workers, _quietly) as pool, arguments.out.open("a") as file:
        for done, line in enumerate(pool.imap_unordered(_run_or_tell, jobs), start=1):
            file.write(line)
            file.flush()
            if done % 20 == 0 or done == len(jobs):
                print(
                    f"{done}/{len(jobs)}  {until - time.monotonic():.0f} s left",
                    file=sys.stderr,
                    flush=True,
                )
            if time.monotonic() > until:
                pool.terminate()
                break


def _jobs(arguments: argparse.Namespace) -> Iterator[Job]:
    parts = [_part(text) for text in arguments.plan.split(",")]
    feasible = FeasibleSet(load_space(arguments.space), Budget.parse(arguments.budget))
    networks = drawn(feasible, max(count for count, _, _ in parts))
    for count, level, seeds in parts:
        for seed in seeds:
            for number, assignment in enumerate(networks[:count]):
                yield Job(
                    number,
                    assignment,
                    level,
                    seed,
                    arguments.data,
                    arguments.space,
                    arguments.graphs,
                )


def _part(text: str) -> tuple[int, str, range]:
    count, rest = text.split(":", 1)
    level, seeds = rest.rsplit(":", 1)
    first, _, last = seeds.partition("-")
    return int(count), str(Level.parse(level)), range(int(first), int(last or first) + 1)


def drawn(feasible: FeasibleSet, count: int, seed: int = 0) -> list[dict[str, Any]]:
    """The networks of a panel of this size, as ``seesawnas fidelity`` draws them."""
    found: dict[str, dict[str, Any]] = {}
    for assignment in feasible.sample(2 * count + 20, seed).assignments():
        found.setdefault(feasible.space.choose(assignment).digest(), assignment)
    return list(found.values())[:count]


def _left(jobs: list[Job], path: Path) -> list[Job]:
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    done = {(line["network"], line["level"], line["seed"]) for line in lines}
    wanted = {(job.network, job.level, job.seed): job for job in jobs}
    return [job for key, job in wanted.items() if key not in done]


def _quietly() -> None:
    torch.set_num_threads(1)


def _run_or_tell(job: Job) -> str:
    """A line; nothing where the training failed, which the next run does again."""
    try:
        return _run(job) + "\n"
    except RuntimeError as error:
        print(
            f"network {job.network} {job.level} seed {job.seed}: {error}".splitlines()[0],
            file=sys.stderr,
            flush=True,
        )
        return ""


def _run(job: Job) -> str:
    level = Level.parse(job.level)
    faces = _faces(job.data, level.resolution)
    proxy = level.of(replace(Proxy.for_data(job.data), pairs_seed=0), job.seed)
    spec = load_space(job.space).choose(job.assignment)
    trial = TrialJob(0, to_mapping(spec), proxy)
    started = time.perf_counter()
    curve, losses, extras = _trained(trial, spec.at_resolution(proxy.resolution), faces, job.graphs)
    costs = cost(spec)
    about = {
        "network": job.network,
        "digest": spec.digest(),
        "assignment": job.assignment,
        "madds": costs.madds,
        "params": costs.params,
        "level": job.level,
        "seed": job.seed,
        "mark": trial.mark(),
        "data": faces.fingerprint,
        "device": _device(),
    }
    seconds = time.perf_counter() - started
    return json.dumps(
        {**about, "curve": curve, "losses": losses, "seconds": seconds, "extras": extras}
    )


def _trained(
    trial: TrialJob, spec: Any, faces: FaceData, graphs: bool
) -> tuple[list[Any], list[float], list[Any]]:
    """Scores of each epoch, losses, extras; the proxy's training, as a trial runs it."""
    proxy, inputs = trial.proxy, spec.input
    with seeded(proxy.seed):
        network = build(spec).to("cuda" if torch.cuda.is_available() else "cpu")
    people = faces.training.of_share(proxy.share, seed=proxy.pairs_seed)
    feed = MemoryFeed(people, proxy.recipe, seed=proxy.seed)
    training = Training(
        network, feed, proxy.recipe, mean=inputs.mean, std=inputs.std, seed=proxy.seed
    )
    if graphs:
        as_graphs(network, training.sample())
    pairs = make_pairs(faces.verification.labels, limit=proxy.pairs, seed=proxy.pairs_seed)
    labels = faces.verification.labels
    curve, losses, extras = [], [], []
    for record in training.epochs():
        vectors = embed(network, faces.verification.images, mean=inputs.mean, std=inputs.std)
        curve.append(asdict(measure(vectors, pairs)))
        losses.append(record.loss)
        extra: dict[str, Any] = {"all": of_all_pairs(vectors, labels)}
        if record.epoch == record.epochs:
            training._swap()
            live = embed(network, faces.verification.images, mean=inputs.mean, std=inputs.std)
            extra |= {"live": _few(measure(live, pairs)), "live_all": of_all_pairs(live, labels)}
        extras.append(extra)
    return curve, losses, extras


def _few(scores: Scores) -> dict[str, float | None]:
    return {
        name: getattr(scores, name) for name in ("accuracy", "auc", "tar_at_far_1e_2", "separation")
    }


def of_all_pairs(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Scores of every pair of the images there are, by one product of matrices."""
    left, right = np.triu_indices(len(labels), 1)
    cosines, same = (vectors @ vectors.T)[left, right], (labels[:, None] == labels)[left, right]
    alike, others = cosines[same], np.sort(cosines[~same])
    below = np.searchsorted(others, alike, side="left") + np.searchsorted(
        others, alike, side="right"
    )
    spread = np.sqrt((alike.var() + others.var()) / 2)
    return {
        "auc": float(below.mean() / (2 * len(others))),
        "tar_at_far_1e_2": float(np.mean(alike > others[-1 - int(0.01 * len(others))])),
        "tar_at_far_1e_3": float(np.mean(alike > others[-1 - int(0.001 * len(others))])),
        "separation": float((alike.mean() - others.mean()) / spread),
    }


@cache
def _faces(data: str, resolution: int) -> FaceData:
    return load_faces(data, resolution=resolution, seed=0)


@cache
def _device() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--plan", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--budget", default="120M..150M")
    parser.add_argument("--space", default="seesaw")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--graphs", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
