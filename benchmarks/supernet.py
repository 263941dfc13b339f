"""Shared weights over the networks of a budget: trained once, then every network is scored by them.

    python benchmarks/supernet.py train --data DIR --out FOLDER --steps 3100 [--hours 8]
        [--teacher MODEL --teacher-normalise HOW]
    python benchmarks/supernet.py rank --data DIR --weights FOLDER --measurements FILE.jsonl
        --out SCORES.jsonl
    python benchmarks/supernet.py gate --measurements FILE.jsonl --scores SCORES.jsonl [--out DIR]
    python benchmarks/supernet.py cost

``train`` makes ``--steps`` steps, rounded up to whole epochs: of each batch four networks learn
(benchmarks/shared_weights.py). The learning rate follows the part of these steps that is done. It
may be killed anywhere, and stops after ``--hours``; the same command goes on from the last
checkpoint, and the weights become those of a training that was not stopped. ``log.jsonl`` in FOLDER
has a line for each step, and now and then the AUC of three networks. Faces, recipe, pairs and seeds
are those of the proxies in FILE.jsonl (``benchmarks/train_panel.py`` writes it), but for batches of
64 and weights that are not averaged.

``rank`` scores the networks of FILE.jsonl that have a proxy score; lines that SCORES.jsonl holds
are not made again. ``gate`` applies the rule of studies/lfw_supernet. ``cost`` measures a step.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.shared_weights import SharedWeights
from benchmarks.supernet_training import (
    RECALIBRATION,
    Folder,
    Plan,
    Scorer,
    Supernet,
    read_lines,
    run_training,
    tell,
)
from benchmarks.train_panel import drawn
from seesawnas.cost import cost
from seesawnas.data import Faces, load_faces, open_source
from seesawnas.errors import CheckpointError, InvalidInput, RunError
from seesawnas.io.files import write_atomically
from seesawnas.nn import build
from seesawnas.space import load_space
from seesawnas.train import PROXY, MemoryFeed, TeacherEmbeddings, Training
from seesawnas.train.checkpoint import Saved
from seesawnas.train.feeds.teacher import RowTeacher, open_teachers

LEVEL, SEED = "4x56", 0
"""Of the proxies that the shared weights are compared with."""
LOOKS = 3
"""Networks that are scored during the training."""


def train(arguments: argparse.Namespace) -> None:
    """The command."""
    faces = load_faces(arguments.data, resolution=arguments.resolution, seed=SEED)
    folder, teacher, digest = Folder(arguments.out), None, None
    if arguments.teacher is not None:
        teacher, digest = _teacher(arguments, faces.training)
    plan = Plan(
        data=faces.fingerprint,
        teacher=digest,
        **{name: getattr(arguments, name) for name in ("steps", "space", "budget", "resolution")},
        batch_size=arguments.batch,
        seed=arguments.seed,
    )
    with folder.lock():
        folder.keep(plan)
        feasible = plan.feasible()
        looks = [feasible.space.choose(one) for one in drawn(feasible, LOOKS)]
        is_done = run_training(
            Supernet(plan, faces.training, teacher),
            folder,
            Scorer(plan, faces),
            looks,
            look_every=arguments.look_every,
            seconds=3600 * arguments.hours,
            save_every=60 * arguments.minutes,
        )
    tell("all steps are done" if is_done else "stopped; the same command goes on")


def _teacher(arguments: argparse.Namespace, training: Faces) -> tuple[TeacherEmbeddings, str]:
    """The teacher's embeddings of the training images, and its digest."""
    (teacher,) = open_teachers([arguments.teacher], normalise=arguments.teacher_normalise)
    source = open_source(arguments.data)
    for done in teacher.embed(source):
        tell(f"teacher: {done}/{len(source)}" if isinstance(done, int) else done.note)
    assert training.indices is not None
    return RowTeacher(teacher.rows, training.indices), teacher.digest


def rank(arguments: argparse.Namespace) -> None:
    """The command."""
    folder = Folder(arguments.weights)
    plan = folder.plan()
    faces = load_faces(arguments.data, resolution=plan.resolution, seed=SEED)
    panel = _panel(arguments.measurements)
    for fingerprint in {plan.data, *(line["data"] for line in panel)}:
        if fingerprint != faces.fingerprint:
            raise RunError(
                f"{arguments.data}: must be the faces {fingerprint}, got {faces.fingerprint}"
            )
    weights, scorer = plan.weights(), Scorer(plan, faces)
    about = {"weights": plan.mark(), **_restored(folder, weights)}
    kept = read_lines(arguments.out)
    write_atomically(arguments.out, "".join(json.dumps(line) + "\n" for line in kept))
    done = {line["network"] for line in kept if about.items() <= line.items()}
    space = load_space(plan.space)
    with arguments.out.open("a") as file:
        for line in panel:
            if line["network"] in done:
                continue
            started, spec = time.process_time(), space.choose(line["assignment"])
            # Digests of panels that were trained by earlier versions are other ones.
            if (cost(spec).madds, cost(spec).params) != (line["madds"], line["params"]):
                raise RunError(f"{plan.space}: must be the space of network {line['network']}")
            found = {name: line[name] for name in ("network", "digest")} | about
            found |= {"recalibration": RECALIBRATION, **scorer.score(weights, spec)}
            found["cpu_seconds"] = round(time.process_time() - started, 2)
            file.write(json.dumps(found) + "\n")
            file.flush()
            tell(f"network {line['network']}  AUC {found['scores']['auc']:.4f}")


def _restored(folder: Folder, weights: SharedWeights) -> dict[str, Any]:
    """Load the newest shared weights; of which step they are, of how many."""

    def restore(saved: Saved) -> None:
        own = {
            name.removeprefix("network."): tensor
            for name, tensor in saved[0].items()
            if name.startswith("network.")
        }
        try:
            weights.load_state_dict(own)
        except RuntimeError as error:
            raise CheckpointError(str(error).splitlines()[0]) from None

    saved, notes = folder.checkpoints.newest(restore)
    if saved is None:
        raise RunError(f"{folder.path}: must have a checkpoint, got none{''.join(notes)}")
    steps = {name: saved[1][name] for name in ("step", "steps")}
    return {**steps, "train_cpu_seconds": round(saved[1]["cpu_seconds"])}


def _panel(path: Path) -> list[dict[str, Any]]:
    """The networks with a proxy score, by their numbers."""
    found = [line for line in read_lines(path) if (line["level"], line["seed"]) == (LEVEL, SEED)]
    if not found:
        raise RunError(f"{path}: must have networks at level {LEVEL}, seed {SEED}, got none")
    return sorted(found, key=lambda line: int(line["network"]))


def gate(arguments: argparse.Namespace) -> None:
    """The command."""
    from benchmarks.supernet_gate import report

    _panel(arguments.measurements)
    if not (scores := read_lines(arguments.scores)):
        raise RunError(f"{arguments.scores}: must have scores that rank wrote, got none")
    report(read_lines(arguments.measurements), scores, arguments.out)


def measure_cost(arguments: argparse.Namespace) -> None:
    """The command: CPU seconds of a step of four networks, and of a step of a proxy, on noise."""
    plan = Plan(data="noise", steps=1000)
    feasible = plan.feasible()
    rng = np.random.default_rng(0)
    images = rng.integers(256, size=(512, plan.resolution, plan.resolution, 3), dtype=np.uint8)
    names = tuple(map(str, range(418)))
    faces = Faces(images, rng.integers(len(names), size=len(images)), names)
    supernet = Supernet(plan, faces)
    sandwich = _step_seconds(supernet.training, arguments.count)
    proxies = []
    for assignment in drawn(feasible, arguments.count):
        spec = feasible.space.choose(assignment).at_resolution(plan.resolution)
        training = Training(
            build(spec),
            MemoryFeed(faces, PROXY, seed=SEED),
            PROXY,
            mean=spec.input.mean,
            std=spec.input.std,
            seed=SEED,
        )
        proxies.append(_step_seconds(training, 2))
    found = {
        "step_of_four_networks_cpu_seconds": round(sandwich, 2),
        "proxy_step_cpu_seconds": round(float(np.median(proxies)), 2),
        "steps_an_hour": round(3600 / sandwich),
        "shared_params": sum(weight.numel() for weight in supernet.weights.parameters()),
    }
    print(json.dumps(found, indent=1))


def _step_seconds(training: Training, count: int) -> float:
    """The median, after a first step that is not counted."""
    times = []
    for _ in islice(training.steps(), count + 1):
        times.append(time.process_time())
    return float(np.median(np.diff(times)))


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    try:
        arguments.command(arguments)
    except InvalidInput as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    commands = parser.add_subparsers(required=True)
    one = _command(commands, "train", train, data=str, out=Path, steps=int)
    for name, default in (("hours", math.inf), ("minutes", 10.0)):
        one.add_argument(f"--{name}", type=float, default=default)
    for name, default in (("look-every", 155), ("batch", 64), ("resolution", 56), ("seed", SEED)):
        one.add_argument(f"--{name}", type=int, default=default)
    for name, text in (("space", "seesaw"), ("budget", "120M..150M"), ("teacher", None)):
        one.add_argument(f"--{name}", default=text)
    one.add_argument("--teacher-normalise")
    _command(commands, "rank", rank, data=str, weights=Path, measurements=Path, out=Path)
    one = _command(commands, "gate", gate, measurements=Path, scores=Path)
    one.add_argument("--out", type=Path)
    one = _command(commands, "cost", measure_cost)
    one.add_argument("--count", type=int, default=3)
    return parser.parse_args()


def _command(commands: Any, name: str, run: Any, **required: type) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name)
    parser.set_defaults(command=run)
    for option, kind in required.items():
        parser.add_argument(f"--{option}", type=kind, required=True)
    return parser


if __name__ == "__main__":
    main()
