"""Time of a training step and of inference, as ratios.

Ours to the literal network, Seesaw to MobileFaceNet.

    python benchmarks/bench_step.py [--seconds 40] [--batch 32] [--threads 2] [--json]

All contestants take turns. A round gives each a few turns and keeps its shortest, since what else
the machine does can only lengthen a turn; each ratio is taken within a round; the median over the
rounds is printed, with the quarter and three-quarter points. Where these lie far apart, the machine
was busy: repeat, or measure with one thread. The literal network is the tests' (split, a
convolution and a batch norm a group, concatenate, permute, x * sigmoid(x), default layout). A step
is forward, backward and SGD with momentum. Each contestant has a process of its own: ours keep
freed memory, as ``seesawnas.train`` does, and the literal one runs as torch comes;
``--plain-memory`` is without.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.nn import build
from seesawnas.space import load_point
from seesawnas.train import keep_freed_memory
from tests.nn.literal import LiteralNetwork

_LITERAL, _SHUFFLE, _SHARE, _MOBILE = (
    "reference seesaw_shuffle",
    "seesaw_shuffle",
    "seesaw_share",
    "mobilefacenet_512",
)
# (ours, base).
_PAIRS = (
    (_SHUFFLE, _LITERAL),
    (_SHARE, _LITERAL),
    (_SHUFFLE, _MOBILE),
    (_SHARE, _MOBILE),
)
_ROUNDS = (2, 15)  # at least, at most
_OVER = "over"


@dataclass(frozen=True)
class Ratio:
    """Median time of ``ours`` / ``base``, and its quartiles over the rounds."""

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
    contestants = {
        name: Contestant(name, arguments) for name in (_LITERAL, _SHUFFLE, _SHARE, _MOBILE)
    }
    ratios = []
    for mode, batch, turns in _modes(arguments.batch):
        for contestant in contestants.values():
            contestant.ask((mode, batch))
        rounds = _measure(contestants, arguments.seconds, turns)
        ratios += [
            Ratio(mode, batch, arguments.threads, *pair, *_spread(rounds, *pair)) for pair in _PAIRS
        ]
    print(
        json.dumps([asdict(ratio) for ratio in ratios], indent=1)
        if arguments.json
        else _table(ratios)
    )


class Contestant:
    """A network in a process of its own."""

    def __init__(self, name: str, arguments: argparse.Namespace) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        multiprocessing.get_context("spawn").Process(
            target=_contest, args=(theirs, name, arguments), daemon=True
        ).start()

    def ask(self, what: tuple[str, int] | None) -> float:
        """Get ready for (mode, batch), or, for None, take a turn; the seconds that it took."""
        self._pipe.send(what)
        seconds: float = self._pipe.recv()
        return seconds


def _contest(pipe: Connection, name: str, arguments: argparse.Namespace) -> None:
    torch.set_num_threads(arguments.threads)
    if name != _LITERAL and not arguments.plain_memory:
        keep_freed_memory()
    network = _network(name)
    run = _training_step(network, 1)
    while (what := _received(pipe)) != _OVER:
        if isinstance(what, tuple):
            run = (_training_step if what[0] == "training" else _inference)(network, what[1])
        pipe.send(_seconds(run))


def _received(pipe: Connection) -> object:
    try:
        return pipe.recv()
    except EOFError:
        return _OVER


def _modes(batch: int) -> list[tuple[str, int, int]]:
    """(mode, images, turns a round)."""
    return [("training", batch, 2), ("inference", batch, 4), ("inference", 1, 10)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=float, default=40.0, help="at most, for each of the three tables"
    )
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--plain-memory", action="store_true", help="freed memory goes where torch leaves it"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _network(name: str) -> nn.Module:
    torch.manual_seed(0)
    spec = load_point(f"paper/{name.split()[-1]}").spec
    return LiteralNetwork(spec) if name == _LITERAL else build(spec)


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


def _measure(
    contestants: Mapping[str, Contestant], seconds: float, turns: int
) -> list[dict[str, float]]:
    """Rounds until ``seconds`` are over."""
    least, most = _ROUNDS
    rounds: list[dict[str, float]] = []
    end = time.perf_counter() + seconds
    while len(rounds) < least or (len(rounds) < most and time.perf_counter() < end):
        times = [
            {name: contestant.ask(None) for name, contestant in contestants.items()}
            for _ in range(turns)
        ]
        rounds.append({name: min(turn[name] for turn in times) for name in contestants})
    return rounds


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
