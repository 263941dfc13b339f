"""Time of a training step and of inference, as ratios: ours to the literal network, Seesaw to MobileFaceNet.

    python benchmarks/bench_step.py [--seconds 60] [--batch 32] [--threads 2] [--json]

All contestants take turns in every round and each ratio is taken within a round, so that a busy machine slows both sides;
the median over the rounds is printed. The literal network is the tests' (split, a convolution and a batch norm a group,
concatenate, permute, x * sigmoid(x), default layout). A step is forward, backward and SGD with momentum.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.nn import build
from seesawnas.space import load_point
from tests.nn.literal import LiteralNetwork

_RATIOS = (
    ("training", "seesaw_shuffle", "literal seesaw_shuffle"),
    ("training", "seesaw_share", "literal seesaw_shuffle"),
    ("training", "seesaw_shuffle", "mobilefacenet_512"),
    ("training", "seesaw_share", "mobilefacenet_512"),
    ("inference", "seesaw_shuffle", "literal seesaw_shuffle"),
    ("inference", "seesaw_shuffle", "mobilefacenet_512"),
    ("inference", "seesaw_share", "mobilefacenet_512"),
)


@dataclass(frozen=True)
class Ratio:
    """Median time of ``ours`` / ``base``, and the quarter and three-quarter points over the rounds."""

    mode: str
    ours: str
    base: str
    ratio: float
    low: float
    high: float


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    networks = _networks()
    ratios = []
    for mode, prepare in (("training", _training_step), ("inference", _inference)):
        runs = {name: prepare(network, arguments.batch) for name, network in networks.items()}
        rounds = _measure(runs, arguments.seconds)
        ratios += [_ratio(mode, ours, base, rounds) for kind, ours, base in _RATIOS if kind == mode]
    print(json.dumps([asdict(ratio) for ratio in ratios], indent=1) if arguments.json else _table(ratios))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="time for each of training and inference")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _networks() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    names = ("seesaw_shuffle", "seesaw_share", "mobilefacenet_512")
    specs = {name: load_point(f"paper/{name}").spec for name in names}
    literal = LiteralNetwork(specs["seesaw_shuffle"])
    return {"literal seesaw_shuffle": literal, **{name: build(spec) for name, spec in specs.items()}}


def _training_step(network: nn.Module, batch: int) -> Callable[[], None]:
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), 1e-3, momentum=0.9)
    images, direction = torch.randn(batch, 3, 112, 112), torch.randn(batch, 512)

    def run() -> None:
        optimizer.zero_grad()
        (network(images) * direction).mean().backward()
        optimizer.step()

    return run


def _inference(network: nn.Module, batch: int) -> Callable[[], None]:
    network.eval()
    images = torch.randn(batch, 3, 112, 112)

    def run() -> None:
        with torch.no_grad():
            network(images)

    return run


def _measure(runs: Mapping[str, Callable[[], None]], seconds: float) -> list[dict[str, float]]:
    """Rounds until ``seconds`` are over, three at least and fifteen at most."""
    for run in runs.values():
        run()
    rounds: list[dict[str, float]] = []
    end = time.perf_counter() + seconds
    while len(rounds) < 3 or (len(rounds) < 15 and time.perf_counter() < end):
        rounds.append({name: _seconds(run) for name, run in runs.items()})
    return rounds


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _ratio(mode: str, ours: str, base: str, rounds: list[dict[str, float]]) -> Ratio:
    values = sorted(times[ours] / times[base] for times in rounds)
    low, high = values[len(values) // 4], values[-1 - len(values) // 4]
    return Ratio(mode, ours, base, *(round(value, 3) for value in (median(values), low, high)))


def _table(ratios: list[Ratio]) -> str:
    return "\n".join(
        f"{r.mode:<9}  {r.ours:<14} / {r.base:<22}  {r.ratio:.2f}  ({r.low:.2f} to {r.high:.2f}), "
        f"that is {1 / r.ratio:.2f} times as fast"
        for r in ratios
    )


if __name__ == "__main__":
    main()
