"""What makes a cheap proxy's ranking better.

Scores, pairs, averaged weights, epochs, seeds, and a race, at what cost.

    python benchmarks/bench_proxies.py --measurements FILE.jsonl [--reference 12x112] [--out DIR]

FILE is what ``benchmarks/train_panel.py`` writes. The reference is the AUC on all pairs at the
reference level, the mean over its seeds. A way to rank costs trainings of 8x56, counted by epochs
times pixels. Reported: Kendall's tau with the reference, and what the network that comes first is
worth there, above the mean of all (gain), each with its 95 % interval over draws of as many
networks, with replacement. A reading of the seed that the reference has, too, shares its first
weights and its order of the images.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import Floats, interval, tau
from seesawnas.analysis.fidelity.level import Level
from seesawnas.io.files import write_atomically

Score = Callable[[dict[str, Any]], float]
DRAWS = 500
SCORES: dict[str, Score] = {
    "accuracy": lambda line: line["curve"][-1]["accuracy"],
    "AUC": lambda line: line["curve"][-1]["auc"],
    "TAR@FAR 1e-2": lambda line: line["curve"][-1]["tar_at_far_1e_2"],
    "separation": lambda line: line["curve"][-1]["separation"],
    "AUC, all pairs": lambda line: line["extras"]["all"]["auc"],
    "TAR@FAR 1e-3, all pairs": lambda line: line["extras"]["all"]["tar_at_far_1e_3"],
    "AUC, weights not averaged": lambda line: line["extras"]["live"]["auc"],
    "AUC, all pairs, not averaged": lambda line: line["extras"]["live_all"]["auc"],
    "training loss": lambda line: -line["losses"][-1],
}


@dataclass(frozen=True)
class Way:
    """A way to rank the networks.

    Its name, its cost a network in trainings of 8x56, and the values it ranks by.
    """

    name: str
    cost: float
    values: Floats


@dataclass(frozen=True)
class Judged:
    """How a way did."""

    way: str
    cost: float
    tau: float
    tau_low: float
    tau_high: float
    gain: float
    gain_low: float
    gain_high: float


class Measured:
    """The measurements by level, seed and network; only networks that every reading has."""

    def __init__(self, lines: list[dict[str, Any]], reference: str) -> None:
        self._lines = {
            (line["level"], line["seed"], line["network"]): line
            for line in lines
            if "extras" in line
        }
        readings = sorted({(level, seed) for level, seed, _ in self._lines})
        found: dict[tuple[str, int], set[int]] = {reading: set() for reading in readings}
        for level, seed, network in self._lines:
            found[level, seed].add(network)
        most = max(len(found[level, seed]) for level, seed in readings if level == reference)
        self.readings = [reading for reading in readings if len(found[reading]) >= most]
        self.networks = sorted(set.intersection(*(found[reading] for reading in self.readings)))

    def column(self, level: str, seed: int, score: str) -> Floats:
        """A score of each network."""
        return np.array(
            [SCORES[score](self._lines[level, seed, network]) for network in self.networks]
        )

    def cost(self, key: str) -> Floats:
        """What each network costs."""
        level, seed = self.readings[0]
        return np.array(
            [float(self._lines[level, seed, network][key]) for network in self.networks]
        )

    def seeds(self, level: str) -> list[int]:
        """Those that every network was trained from."""
        return [seed for one, seed in self.readings if one == level]

    def after(self, level: str, seed: int, epoch: int) -> Floats:
        """AUC on the drawn pairs after an epoch."""
        return np.array(
            [self._lines[level, seed, n]["curve"][epoch - 1]["auc"] for n in self.networks]
        )


def cost_of(level: str, epochs: int | None = None) -> float:
    """In trainings of 8x56."""
    one = Level.parse(level)
    return (epochs or one.epochs) * one.resolution**2 * one.share / (8 * 56**2)


def ways(measured: Measured, reference: str) -> list[Way]:
    """All that are compared; what a network costs is the baseline."""
    found = [
        Way(name, 0.0, measured.cost(key))
        for name, key in (("MAdds", "madds"), ("params", "params"))
    ]
    for level, seed in measured.readings:
        if level != reference:
            cost = cost_of(level)
            found += [
                Way(f"{level} seed {seed}: {s}", cost, measured.column(level, seed, s))
                for s in SCORES
            ]
            for epoch in (1, 2, 4):
                if epoch < Level.parse(level).epochs:
                    name = f"{level} seed {seed}: AUC after epoch {epoch}"
                    found.append(
                        Way(name, cost_of(level, epoch), measured.after(level, seed, epoch))
                    )
    for level in dict.fromkeys(level for level, _ in measured.readings if level != reference):
        seeds = measured.seeds(level)
        if len(seeds) > 1:
            mean = np.mean(
                [measured.column(level, seed, "AUC, all pairs") for seed in seeds], axis=0
            )
            found.append(
                Way(
                    f"{level}, mean of {len(seeds)} seeds: AUC, all pairs",
                    len(seeds) * cost_of(level),
                    mean,
                )
            )
    return found


def race(first: Floats, second: Floats, share: float) -> Floats:
    """Ranks: the best ``share`` by ``first`` are run again and ordered by both.

    The others stay behind, in their order.
    """
    kept = max(2, round(share * len(first)))
    order = rankdata(first)
    ahead = order > len(first) - kept
    both = (first - first.mean()) / first.std() + (second - second.mean()) / second.std()
    return np.asarray(np.where(ahead, len(first) + rankdata(np.where(ahead, both, -np.inf)), order))


def _raced(first: Floats, second: Floats, share: float, some: NDArray[np.int64]) -> Floats:
    return race(first[some], second[some], share)


def judge(
    way: str, cost: float, rank: Callable[[NDArray[np.int64]], Floats], truth: Floats
) -> Judged:
    """``rank`` gives the values of the chosen networks."""
    every = np.arange(len(truth))
    rng = np.random.default_rng(0)
    draws = [rng.integers(len(truth), size=len(truth)) for _ in range(DRAWS)]
    taus = [tau(rank(some), truth[some]) for some in draws]
    gains = [float(truth[some][np.argmax(rank(some))] - truth[some].mean()) for some in draws]
    return Judged(
        way,
        cost,
        tau(rank(every), truth),
        *interval(taus),
        float(np.mean(gains)),
        *interval(gains),
    )


def main() -> None:
    arguments = _arguments()
    lines = [json.loads(line) for line in arguments.measurements.read_text().splitlines()]
    measured = Measured(lines, arguments.reference)
    columns = [
        measured.column(arguments.reference, s, "AUC, all pairs")
        for s in measured.seeds(arguments.reference)
    ]
    truth = np.mean(columns, axis=0)
    found = [
        judge(one.name, one.cost, partial(np.take, one.values), truth)
        for one in ways(measured, arguments.reference)
    ]
    found += _races(measured, truth)
    print(
        f"{len(measured.networks)} networks, reference {arguments.reference}, seeds {len(columns)}"
    )
    print(f"{'way':48} {'cost':>5} {'tau':>6} {'95 %':>14} {'gain':>7} {'95 %':>17}")
    for one in found:
        taus, gains = (
            f"{one.tau_low:.2f} .. {one.tau_high:.2f}",
            f"{one.gain_low:.4f} .. {one.gain_high:.4f}",
        )
        print(f"{one.way:48} {one.cost:5.2f} {one.tau:6.3f} {taus:>14} {one.gain:7.4f} {gains:>17}")
    if arguments.out is not None:
        text = json.dumps([asdict(one) for one in found], indent=1)
        write_atomically(arguments.out / "proxies.json", text + "\n")


def _races(measured: Measured, truth: Floats) -> list[Judged]:
    """A cheap look at all, then a second training of the best part."""
    found = []
    for first, second in (("4x56", "8x56"), ("8x56", "8x56"), ("4x56", "4x56")):
        seeds = measured.seeds(second)
        if not measured.seeds(first) or len(seeds) < 2:
            continue
        one, other = (
            measured.column(first, 0, "AUC, all pairs"),
            measured.column(second, 1, "AUC, all pairs"),
        )
        for share in (0.25, 0.5, 1.0):
            name = f"race: {first}, then {second} of the best {share:.0%}"
            cost = cost_of(first) + share * cost_of(second)
            found.append(judge(name, cost, partial(_raced, one, other, share), truth))
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", required=True, type=Path)
    parser.add_argument("--reference", default="12x112")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
