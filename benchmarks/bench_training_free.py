"""Do training-free scores rank networks within a budget?

    python benchmarks/bench_training_free.py --measurements FILE.jsonl --data DIR --out FOLDER
        [--workers 2] [--minutes 5]

FILE is what ``benchmarks/train_panel.py`` writes, DIR the faces that it trained on. FOLDER gets
``scores.jsonl``, a line for each network, resolution, seed and score: it may be cut off anywhere,
and the same command goes on. Once it is complete ``results.json`` judges the scores by the rule of
studies/lfw_training_free, which was written down before any of them was computed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.data import Faces, load_faces
from seesawnas.evaluation.training_free import TRAINING_FREE, draw_batch, training_free_scores
from seesawnas.space import load_space
from seesawnas.train import keep_freed_memory

SPACE = "seesaw"
BATCH = 64
SEEDS = (0, 1, 2)
DECIDES, LARGE = 56, 112


@dataclass(frozen=True)
class Job:
    """A network to score at a resolution from a seed, by the scores of these names."""

    network: int
    digest: str
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


def jobs_left(
    networks: Sequence[dict[str, Any]], few: set[int], data: str, path: Path
) -> list[Job]:
    """What ``path`` lacks: all networks at 56x56, and those in ``few`` at 112x112."""
    done = {(one["network"], one["resolution"], one["seed"], one["score"]) for one in _lines(path)}
    found = []
    for resolution in (DECIDES, LARGE):
        for seed in SEEDS:
            for line in networks:
                number = line["network"]
                if resolution == LARGE and number not in few:
                    continue
                scores = tuple(
                    name for name in TRAINING_FREE if (number, resolution, seed, name) not in done
                )
                if scores:
                    known = (number, line["digest"], line["assignment"])
                    found.append(Job(*known, resolution, seed, scores, data))
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def _prepare() -> None:
    torch.set_num_threads(1)
    keep_freed_memory()


def _run(job: Job) -> str:
    spec = load_space(SPACE).choose(job.assignment)
    if spec.digest() != job.digest:
        raise ValueError(f"network {job.network}: must have the digest {job.digest}")
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


def main() -> None:
    arguments = _arguments()
    measured = _lines(arguments.measurements)
    networks = sorted(
        (line for line in measured if (line["level"], line["seed"]) == ("4x56", 0)),
        key=lambda line: int(line["network"]),
    )
    few = {line["network"] for line in measured if line["level"] == "12x112"}
    path = arguments.out / "scores.jsonl"
    jobs = jobs_left(networks, few, arguments.data, path)
    if jobs and (left := compute(jobs, path, arguments.workers, arguments.minutes)):
        print(f"{left} of {len(jobs)} jobs left: the same command goes on")
        return


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", required=True, type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=5.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
