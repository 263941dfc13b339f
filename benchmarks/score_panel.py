"""The training-free scores of a panel's networks, computed on a few processes.

What ``benchmarks/bench_training_free.py`` judges. It may be cut off anywhere, and goes on.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.cost import cost
from seesawnas.data import Faces, load_faces
from seesawnas.evaluation.training_free import TRAINING_FREE, draw_batch, training_free_scores
from seesawnas.space import load_space
from seesawnas.train import keep_freed_memory

Lines: TypeAlias = Sequence[dict[str, Any]]
SPACE = "seesaw"
BATCH = 64
RESOLUTIONS = {56: (0, 1, 2), 112: (0,)}
"""And the seeds of each; the first decides."""
DECIDES, LARGE = RESOLUTIONS


@dataclass(frozen=True)
class Job:
    """A network to score at a resolution from a seed, by the scores of these names."""

    network: int
    costs: tuple[int, int]
    assignment: dict[str, Any]
    resolution: int
    seed: int
    scores: tuple[str, ...]
    data: str


def compute(jobs: Sequence[Job], path: Path, workers: int, minutes: float) -> int:
    """Add the lines of ``jobs`` to ``path``; returns how many jobs are left."""
    until = time.monotonic() + 60 * minutes
    context = multiprocessing.get_context("spawn")
    path.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with context.Pool(workers, _prepare) as pool, path.open("a") as file:
        for lines in pool.imap_unordered(_run, jobs):
            file.write(lines)
            file.flush()
            done += 1
            if time.monotonic() > until:
                pool.terminate()
                break
    return len(jobs) - done


def jobs_left(networks: Lines, few: set[int], data: str, path: Path) -> list[Job]:
    """What ``path`` lacks: all networks at 56x56, and those in ``few`` at 112x112.

    Those in ``few`` come first: a score that fails on them has failed.
    """
    done = {
        (one["network"], one["resolution"], one["seed"], one["score"]) for one in read_lines(path)
    }
    first = [line for line in networks if line["network"] in few]
    others = [line for line in networks if line["network"] not in few]
    found = []
    for resolution, lines in ((DECIDES, first), (DECIDES, others), (LARGE, first)):
        for seed in RESOLUTIONS[resolution]:
            for line in lines:
                number = line["network"]
                scores = tuple(
                    name for name in TRAINING_FREE if (number, resolution, seed, name) not in done
                )
                if scores:
                    costs = (line["madds"], line["params"])
                    options = line["assignment"]
                    found.append(Job(number, costs, options, resolution, seed, scores, data))
    return found


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def _prepare() -> None:
    torch.set_num_threads(1)
    keep_freed_memory()


def _run(job: Job) -> str:
    spec = load_space(SPACE).choose(job.assignment)
    total = cost(spec)
    if (total.madds, total.params) != job.costs:
        raise ValueError(f"network {job.network}: must have the MAdds and params {job.costs}")
    spec = spec.at_side(job.resolution)
    faces = _faces(job.data, job.resolution)
    image = spec.input
    batch = draw_batch(faces, BATCH, mean=image.mean, std=image.std, seed=job.seed)
    lines = []
    for name in job.scores:
        started = time.process_time()
        value = training_free_scores(spec, batch, seed=job.seed, names=[name])[name]
        line = {
            "network": job.network,
            "resolution": job.resolution,
            "seed": job.seed,
            "score": name,
            "value": value,
            "seconds": round(time.process_time() - started, 2),
        }
        lines.append(json.dumps(line) + "\n")
    return "".join(lines)


@cache
def _faces(data: str, resolution: int) -> Faces:
    return load_faces(data, resolution=resolution, seed=0).training
