"""Time of a training step and of inference, as ratios: ours to the literal network, Seesaw to MobileFaceNet.

    python benchmarks/bench_step.py [--seconds 40] [--batch 32] [--threads 2] [--json]

All contestants take turns. A round gives each a few turns and keeps its shortest, since what else the machine does can
only lengthen a turn; each ratio is taken within a round; the median over the rounds is printed, with the quarter and
three-quarter points. Where these lie far apart, the machine was busy: repeat, or measure with one thread. The literal
network is the tests' (split, a convolution and a batch norm a group, concatenate, permute, x * sigmoid(x), default
layout). A step is forward, backward and SGD with momentum.
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
from typing import TypeAlias

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.nn import build
from seesawnas.space import load_point
from tests.nn.literal import LiteralNetwork

Prepare: TypeAlias = Callable[[nn.Module, int], Callable[[], None]]

_LITERAL, _SHUFFLE, _SHARE, _MOBILE = "literal seesaw_shuffle", "seesaw_shuffle", "seesaw_share", "mobilefacenet_512"
_PAIRS = ((_SHUFFLE, _LITERAL), (_SHARE, _LITERAL), (_SHUFFLE, _MOBILE), (_SHARE, _MOBILE))  # (ours, base)
_ROUNDS = (2, 15)  # at least, at most


@dataclass(frozen=True)
class Ratio:
    """Median time of ``ours`` / ``base``, and the quarter and three-quarter points over the rounds."""

    mode: str
    batch: int
    threads: int
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
    for mode, prepare, batch, turns in _modes(arguments.batch):
        runs = {name: prepare(network, batch) for name, network in networks.items()}
        rounds = _measure(runs, arguments.seconds, turns)
        ratios += [Ratio(mode, batch, arguments.threads, *pair, *_spread(rounds, *pair)) for pair in _PAIRS]
    print(json.dumps([asdict(ratio) for ratio in ratios], indent=1) if arguments.json else _table(ratios))


def _modes(batch: int) -> list[tuple[str, Prepare, int, int]]:
    """(mode, how to prepare it, images, turns a round)."""
    return [
        ("training", _training_step, batch, 2),
        ("inference", _inference, batch, 4),
        ("inference", _inference, 1, 10),
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40.0, help="at most, for each of the three tables")
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


def _measure(runs: Mapping[str, Callable[[], None]], seconds: float, turns: int) -> list[dict[str, float]]:
    """Rounds until ``seconds`` are over."""
    least, most = _ROUNDS
    for run in runs.values():
        run()
    rounds: list[dict[str, float]] = []
    end = time.perf_counter() + seconds
    while len(rounds) < least or (len(rounds) < most and time.perf_counter() < end):
        rounds.append(_round(runs, turns))
    return rounds


def _round(runs: Mapping[str, Callable[[], None]], turns: int) -> dict[str, float]:
    times = [{name: _seconds(run) for name, run in runs.items()} for _ in range(turns)]
    return {name: min(turn[name] for turn in times) for name in runs}


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _spread(rounds: list[dict[str, float]], ours: str, base: str) -> tuple[float, float, float]:
    values = sorted(times[ours] / times[base] for times in rounds)
    low, high = values[len(values) // 4], values[-1 - len(values) // 4]
    return round(median(values), 3), round(low, 3), round(high, 3)


def _table(ratios: list[Ratio]) -> str:
    return "\n".join(
        f"{r.mode:<9}  batch {r.batch:>2}, threads {r.threads}  {r.ours:<14} / {r.base:<22}  "
        f"{r.ratio:.2f}  ({r.low:.2f} to {r.high:.2f}), that is {1 / r.ratio:.2f} times as fast"
        for r in ratios
    )


if __name__ == "__main__":
    main()
