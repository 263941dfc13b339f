"""Search points trained the same way on all identities of a folder, verified on a .bin of others.

    python benchmarks/retrain.py --data DIR --bin FILE [--epochs 16] [--resolution 112]
    [--first-seed 0] [--seeds 2]
        [--threads 1]
        --out FILE.jsonl REF [REF...]

REF is a search point as ``seesawnas build`` takes it (``STUDY:best`` too). Each line of FILE.jsonl
is one training; lines that are there already, made in the same way, are not made again, so the same
command goes on where it was stopped. Prints a table of means over the lines made in this way.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.data import Faces, load_faces, read_bin
from seesawnas.evaluation import Pairs, embed
from seesawnas.io.files import make_folder
from seesawnas.nn import build
from seesawnas.space import load_point
from seesawnas.study import trial_point
from seesawnas.study.trial import measure
from seesawnas.train import PROXY, MemoryFeed, Recipe, Training, as_graphs, seeded


def main() -> None:
    arguments = _arguments()
    make_folder(arguments.out.parent)
    torch.set_num_threads(arguments.threads)
    faces = _everyone(arguments.data, arguments.resolution)
    images, same = read_bin(arguments.bin, resolution=arguments.resolution)
    left = np.arange(0, len(images), 2)
    pairs = Pairs(left, left + 1, same)
    recipe = replace(PROXY, epochs=arguments.epochs)
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for ref in arguments.refs:
            spec = (trial_point(ref) or load_point(ref)).spec
            if not any(
                line["digest"] == spec.digest() and line["seed"] == seed
                for line in _alike(arguments)
            ):
                found = _run(
                    spec.at_resolution(arguments.resolution), faces, recipe, (images, pairs), seed
                )
                line = {
                    "ref": ref,
                    "digest": spec.digest(),
                    "seed": seed,
                    **_about(arguments),
                    **found,
                }
                with arguments.out.open("a") as file:
                    file.write(
                        json.dumps({**line, "madds": cost(spec).madds, "params": cost(spec).params})
                        + "\n"
                    )
    _print(_alike(arguments))


def _everyone(data: str, resolution: int) -> Faces:
    """Those that a search would hold out too: the .bin holds others."""
    found = load_faces(data, resolution=resolution)
    first, second = found.training, found.verification
    labels = np.concatenate([first.labels, second.labels + first.identities])
    return Faces(np.concatenate([first.images, second.images]), labels, first.names + second.names)


def _run(
    spec: ArchSpec, faces: Faces, recipe: Recipe, held_out: tuple[Any, Pairs], seed: int
) -> dict[str, Any]:
    started = time.perf_counter()
    with seeded(seed):
        network = build(spec).to("cuda" if torch.cuda.is_available() else "cpu")
    inputs = spec.input
    training = Training(
        network,
        MemoryFeed(faces, recipe, seed=seed),
        recipe,
        mean=inputs.mean,
        std=inputs.std,
        seed=seed,
    )
    as_graphs(network, training.sample())
    for record in training.epochs():
        print(
            f"{spec.name} seed {seed} epoch {record.epoch} loss {record.loss:.3f}",
            file=sys.stderr,
            flush=True,
        )
    scores = measure(embed(network, held_out[0], mean=inputs.mean, std=inputs.std), held_out[1])
    return {**asdict(scores), "seconds": time.perf_counter() - started}


def _about(arguments: argparse.Namespace) -> dict[str, Any]:
    """What trainings must share to be compared."""
    places = {"data": str(Path(arguments.data).resolve()), "bin": str(arguments.bin.resolve())}
    return {
        **places,
        "epochs": arguments.epochs,
        "resolution": arguments.resolution,
        "threads": arguments.threads,
    }


def _alike(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The lines that were made as these arguments say."""
    about = _about(arguments).items()
    return [line for line in _lines(arguments.out) if about <= line.items()]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def _print(lines: list[dict[str, Any]]) -> None:
    by_ref: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        by_ref[line["ref"], line["digest"]].append(line)
    print(f"{'network':32} {'seeds':>5} {'accuracy':>18} {'AUC':>18} {'MAdds':>8} {'params':>8}")
    for (ref, _), found in sorted(
        by_ref.items(), key=lambda item: -fmean(line["accuracy"] for line in item[1])
    ):
        texts = [_mean([line[name] for line in found]) for name in ("accuracy", "auc")]
        counts = f"{found[0]['madds'] / 1e6:7.1f}M {found[0]['params'] / 1e6:7.2f}M"
        print(f"{ref:32} {len(found):5} {texts[0]:>18} {texts[1]:>18} {counts}")


def _mean(values: list[float]) -> str:
    error = f" ± {stdev(values) / len(values) ** 0.5:.4f}" if len(values) > 1 else ""
    return f"{fmean(values):.4f}{error}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("refs", nargs="+", metavar="REF")
    parser.add_argument("--data", required=True)
    parser.add_argument("--bin", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    for name, default in (
        ("epochs", 16),
        ("resolution", 112),
        ("first-seed", 0),
        ("seeds", 2),
        ("threads", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


if __name__ == "__main__":
    main()
