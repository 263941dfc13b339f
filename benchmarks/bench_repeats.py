"""Equal repeats of the best networks beside sequential halving, at the same number of trainings.

    python benchmarks/bench_repeats.py [--replays 20000] [--trials 40]
        [--measurements FILE.jsonl] [--level 8x56]

A search measures networks once; its best M are trained again, K seeds each on average, and the one
of the best mean over the new seeds is the winner. Equal repeats give every network K seeds.
Sequential halving (Karnin et al., 2013) spends the same M x K trainings in rounds of equal cost: in
each, all networks that are left get as many new seeds, and the better half of the means goes on, at
least two. All networks of a round share its seeds, so that means are compared in pairs; what does
not divide among the last ones is one seed more for those that lead.

Networks and seeds are normal numbers, with the deviations of AUC that studies/lfw_proxies found at
8x56: 0.0154 from network to network and 0.0090 from seed to seed. With ``--measurements``, lines
of ``benchmarks/train_panel.py`` or ``seesawnas fidelity``, both are drawn from measured numbers: a
network is one of those trained from two seeds, worth the mean of both, moved to the mean of all
until the networks deviate as much as they do without the seeds' noise; a training adds what a
trained network was above or below its own mean, in the size of one seed. Networks are drawn with
replacement, so that the best M may hold one twice. Reported is by how much
the winner is below the best of the M, on average, and the standard error of the difference.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import Floats
from seesawnas.analysis.fidelity.measurements import read_measurements

NETWORKS, SEED = 0.0154, 0.0090
Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Floats]


@dataclass(frozen=True)
class World:
    """Where worths of networks and deviations of seeds are drawn from, by shape."""

    worths: Draw
    deviations: Draw

    @classmethod
    def normal(cls) -> World:
        """Of the deviations of the module's docstring."""
        return cls(
            lambda rng, shape: rng.normal(0.0, NETWORKS, shape),
            lambda rng, shape: rng.normal(0.0, SEED, shape),
        )

    @classmethod
    def measured(cls, pairs: Floats) -> World:
        """Of ``pairs`` (networks, 2), the scores of two seeds."""
        means, halves = pairs.mean(axis=1), (pairs[:, 0] - pairs[:, 1]) / 2
        # A half of a difference has half the variance of a seed, and so has the mean's noise.
        seeds = 2**0.5 * np.concatenate([halves, -halves])
        spread, noise = float(means.var(ddof=1)), float((halves**2).mean())
        kept = 1.0 - noise / spread if spread > noise else 0.0
        worths = means.mean() + kept**0.5 * (means - means.mean())
        return cls(
            lambda rng, shape: rng.choice(worths, shape),
            lambda rng, shape: rng.choice(seeds, shape),
        )


@dataclass(frozen=True)
class Drawn:
    """Searches that ended.

    Attributes:
        truth: (replays, M), what each of the best networks is worth.
        scores: (replays, M, seeds), what its trainings from new seeds measure.
    """

    truth: Floats
    scores: Floats

    @classmethod
    def of(cls, world: World, replays: int, trials: int, best: int, seeds: int) -> Drawn:
        """Searches of ``trials`` networks, of which the ``best`` are trained again."""
        rng = np.random.default_rng(0)
        truth = world.worths(rng, (replays, trials))
        found = truth + world.deviations(rng, truth.shape)
        top = np.take_along_axis(truth, np.argsort(-found, axis=1)[:, :best], axis=1)
        return cls(top, top[:, :, None] + world.deviations(rng, (*top.shape, seeds)))

    def equal(self, seeds: int) -> Floats:
        """(replays,): the worth of the winner."""
        winners = self.scores[:, :, :seeds].mean(axis=2).argmax(axis=1)
        return np.asarray(self.truth[np.arange(len(winners)), winners])

    def halved(self, trainings: int) -> Floats:
        """(replays,): the worth of the winner."""
        best = self.truth.shape[1]
        sizes = [best]
        while sizes[-1] > 2:
            sizes.append(max(2, -(-sizes[-1] // 2)))
        left = np.tile(np.arange(best), (len(self.truth), 1))
        spent = seeds = 0
        for place, size in enumerate(sizes):
            more = (trainings - spent) // ((len(sizes) - place) * size)
            more = max(1, more) if place == 0 else more
            spent, seeds = spent + more * size, seeds + more
            means = np.take_along_axis(self.scores[:, :, :seeds].mean(axis=2), left, axis=1)
            is_last = place + 1 == len(sizes)
            if is_last and (rest := trainings - spent):
                longer = self.scores[:, :, : seeds + 1].mean(axis=2)
                means[:, :rest] = np.take_along_axis(longer, left[:, :rest], axis=1)
                spent += rest
            stay = 1 if is_last else sizes[place + 1]
            left = np.take_along_axis(left, np.argsort(-means, axis=1)[:, :stay], axis=1)
        assert spent == trainings
        return np.asarray(self.truth[np.arange(len(left)), left[:, 0]])


def _pairs(path: Path, level: str) -> Floats:
    """(networks, 2): AUC of the networks that were trained from two seeds at ``level``."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for line in read_measurements(path.read_text(), str(path)):
        score = line["curve"][-1]["auc"]
        if line["level"] == level and score is not None:
            found.setdefault((line["digest"], line["data"]), {})[line["seed"]] = score
    pairs = np.array(
        [
            [scores[seed] for seed in sorted(scores)[:2]]
            for scores in found.values()
            if len(scores) > 1
        ]
    )
    if not len(pairs):
        raise SystemExit(f"--level must be one with networks of two seeds, got {level}")
    return pairs


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replays", type=int, default=20_000)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--measurements", type=Path)
    parser.add_argument("--level", default="8x56")
    arguments = parser.parse_args()
    path = arguments.measurements
    world = World.normal() if path is None else World.measured(_pairs(path, arguments.level))
    print("networks  seeds  trainings  below the best: equal  halved   gain of halving")
    for best, seeds in ((3, 2), (5, 2), (5, 3), (5, 5), (8, 2), (10, 3)):
        drawn = Drawn.of(world, arguments.replays, arguments.trials, best, best * seeds)
        top = drawn.truth.max(axis=1)
        equal, halved = top - drawn.equal(seeds), top - drawn.halved(best * seeds)
        gain = equal - halved
        print(
            f"{best:8} {seeds:6} {best * seeds:10} {equal.mean():22.5f} {halved.mean():7.5f} "
            f"{gain.mean():+10.5f} ± {gain.std() / len(gain) ** 0.5:.5f}"
        )


if __name__ == "__main__":
    main()
