"""Equal repeats of the best networks beside sequential halving, at the same number of trainings.

    python benchmarks/bench_repeats.py [--replays 20000] [--trials 40]

A search measures networks once; its best M are trained again, K seeds each on average, and the one
of the best mean over the new seeds is the winner. Equal repeats give every network K seeds.
Sequential halving (Karnin et al., 2013) spends the same M x K trainings in rounds of equal cost: in
each, all networks that are left get as many new seeds, and the better half of the means goes on, at
least two. All networks of a round share its seeds, so that means are compared in pairs; what does
not divide among the last ones is one seed more for those that lead.

Networks and seeds are drawn with the deviations of AUC that studies/lfw_proxies found at 8x56:
0.0154 from network to network, of which 0.0090 are the seed's. Reported is by how much the winner
is below the best of the M, on average, and the standard error of the difference.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NETWORKS, SEED = (0.0154**2 - 0.0090**2) ** 0.5, 0.0090
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """Searches that ended.

    Attributes:
        truth: (replays, M), what each of the best networks is worth.
        scores: (replays, M, seeds), what its trainings from new seeds measure.
    """

    truth: _Floats
    scores: _Floats

    @classmethod
    def of(cls, replays: int, trials: int, best: int, seeds: int) -> Drawn:
        rng = np.random.default_rng(0)
        truth = rng.normal(0.0, NETWORKS, (replays, trials))
        found = truth + rng.normal(0.0, SEED, truth.shape)
        top = np.take_along_axis(truth, np.argsort(-found, axis=1)[:, :best], axis=1)
        return cls(top, top[:, :, None] + rng.normal(0.0, SEED, (*top.shape, seeds)))

    def equal(self, seeds: int) -> _Floats:
        """(replays,): the worth of the winner."""
        winners = self.scores[:, :, :seeds].mean(axis=2).argmax(axis=1)
        return np.asarray(self.truth[np.arange(len(winners)), winners])

    def halved(self, trainings: int) -> _Floats:
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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replays", type=int, default=20_000)
    parser.add_argument("--trials", type=int, default=40)
    arguments = parser.parse_args()
    print("networks  seeds  trainings  below the best: equal  halved   gain of halving")
    for best, seeds in ((3, 2), (5, 2), (5, 3), (5, 5), (8, 2), (10, 3)):
        drawn = Drawn.of(arguments.replays, arguments.trials, best, best * seeds)
        top = drawn.truth.max(axis=1)
        equal, halved = top - drawn.equal(seeds), top - drawn.halved(best * seeds)
        gain = equal - halved
        print(
            f"{best:8} {seeds:6} {best * seeds:10} {equal.mean():22.5f} {halved.mean():7.5f} "
            f"{gain.mean():+10.5f} ± {gain.std() / len(gain) ** 0.5:.5f}"
        )


if __name__ == "__main__":
    main()
