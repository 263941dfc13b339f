"""What the verdicts of `seesawnas confirm` can be trusted with, by simulation.

False finds, power, seeds used, coverage.

    python benchmarks/bench_confirm.py [--experiments 1000] [--seeds 10] [--seed 0] [--json]

Differences of two networks trained from the same seed are drawn from a normal distribution; effects
are in its standard deviations. Every experiment is looked at after every seed and ends at the first
look that resolves it. Beside the design of ``confirm`` stand, on the same draws, the paired t-test
at the most seeds without any look before (which always uses them all), the paired t-test looked at
after every seed as if each look were the only one, and the mixture e-process of the t statistic
(Lai 1976; Wang and Ramdas, arXiv:2310.03722) with a prior variance of 2. Each rate comes with the
standard error of its simulation. The null is also drawn from distributions that are not normal.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import inf
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import stats

from seesawnas.ablation.analysis import POWER, seeds_for
from seesawnas.analysis.group_sequential import critical_values
from seesawnas.analysis.spending import FIRST_LOOK

Draws: TypeAlias = NDArray[np.float64]
Noise: TypeAlias = Callable[[np.random.Generator, tuple[int, int]], Draws]

SIZES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
ALPHA = 0.05
RIVALS = 3
PRIOR = 2.0
"""Variance of the effect, in standard deviations of a difference, of the e-process."""


NOISES: dict[str, Noise] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "Student's t, 3 degrees": lambda rng, shape: rng.standard_t(3, shape),
    "exponential (skewed)": lambda rng, shape: rng.exponential(size=shape) - 1,
    "two points": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
}
"""Of mean 0."""


@dataclass(frozen=True)
class Figure:
    """One simulated number; ``error`` is the simulation's standard error."""

    name: str
    value: float
    error: float


def main() -> None:
    arguments = _arguments()
    figures = []
    rng = np.random.default_rng(arguments.seed)
    for figure in measure(arguments.experiments, arguments.seeds, rng):
        figures.append(figure)
        if not arguments.json:
            print(f"{figure.name:<72} {figure.value:>8.3f} ± {figure.error:.3f}", flush=True)
    if arguments.json:
        facts = {
            "experiments": arguments.experiments,
            "seeds": arguments.seeds,
            "seed": arguments.seed,
            "scipy": scipy.__version__,
        }
        print(json.dumps({**facts, "figures": [asdict(figure) for figure in figures]}, indent=2))


def measure(experiments: int, seeds: int, rng: np.random.Generator) -> Iterator[Figure]:
    """The figures, one at a time."""
    shape = (experiments, seeds)
    bounds = boundaries(seeds)
    for name, noise in NOISES.items():
        null = t_statistics(noise(rng, shape))
        for method, bound in bounds.items():
            yield _rate(f"null, {name}: found by {method}", crossings(null, bound)[0])
    yield _rate(
        f"null, {RIVALS} rivals: any found by confirm", rivals(experiments, seeds, RIVALS, rng)
    )
    for size in (0.75, 1.0):
        yield needed(size, experiments, rng)
    for size in SIZES:
        draws = rng.normal(size=shape) + size
        for method, bound in bounds.items():
            found, used = crossings(t_statistics(draws), bound)
            yield _rate(f"effect of {size} sd: found by {method}", found)
            yield _mean(f"effect of {size} sd: seeds used by {method}", used)
        yield _rate(f"effect of {size} sd: in its interval at every look", covered(draws, size))


def boundaries(seeds: int, alpha: float = ALPHA) -> dict[str, Draws]:
    """The critical values of abs(t) at 1, 2 ... ``seeds`` seeds, by method."""
    looks = np.arange(1, seeds + 1)
    fixed = np.where(looks == seeds, stats.t.isf(alpha / 2, seeds - 1), inf)
    careless = np.array([stats.t.isf(alpha / 2, n - 1) if n >= FIRST_LOOK else inf for n in looks])
    return {
        "confirm": np.array(critical_values(seeds, alpha)[1:]),
        "t-test at the most seeds": fixed,
        "e-process": np.array([e_process_bound(int(n), alpha) for n in looks]),
        "t-test at every look, uncorrected": careless,
    }


def e_process_bound(n: int, alpha: float) -> float:
    """The abs(t) at which the mixture e-process of the t statistic reaches 1 / ``alpha``.

    The Bayes factor of effects drawn from N(0, PRIOR) against none, with the right Haar prior of
    the spread: (1 + n g)^(-1/2) ((1 + t^2 / (n - 1)) / (1 + t^2 / ((1 + n g) (n - 1))))^(n / 2).
    """
    growth = 1 + n * PRIOR
    level = (growth**0.5 / alpha) ** (2 / n)
    if n < 2 or level >= growth:
        return inf
    return float(((n - 1) * (level - 1) / (1 - level / growth)) ** 0.5)


def t_statistics(draws: Draws) -> Draws:
    """The t statistic of the first 1, 2 ... draws of each row; 0 where it has none."""
    n = np.arange(1, draws.shape[1] + 1)
    sums, squares = draws.cumsum(axis=1), (draws * draws).cumsum(axis=1)
    rest = squares - sums * sums / n
    # All equal: no spread, no interval, no verdict.
    known = rest > 1e-12 * squares
    spread = np.sqrt(np.where(known, rest, 1.0) / np.maximum(n - 1, 1))
    found: Draws = np.where(known & (n > 1), sums / np.sqrt(n) / spread, 0.0)
    return found


def crossings(t: Draws, bound: Draws) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each row crosses ``bound``, and the seeds that it has used."""
    crossed = np.abs(t) >= bound
    found = np.asarray(crossed.any(axis=1))
    return found, np.where(found, crossed.argmax(axis=1) + 1, t.shape[1])


def rivals(experiments: int, seeds: int, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether any of ``count`` equal rivals of one candidate is found to differ from it."""
    values = rng.normal(size=(count + 1, experiments, seeds))
    bound = boundaries(seeds, ALPHA / count)["confirm"]
    found = [
        crossings(t_statistics(values[0] - values[place + 1]), bound)[0] for place in range(count)
    ]
    return np.asarray(np.any(found, axis=0), dtype=np.bool_)


def covered(draws: Draws, truth: float) -> NDArray[np.bool_]:
    """Whether the repeated intervals of all looks of a row hold ``truth``."""
    bound = boundaries(draws.shape[1])["confirm"]
    return np.asarray((np.abs(t_statistics(draws - truth)) <= bound).all(axis=1))


def needed(size: float, experiments: int, rng: np.random.Generator) -> Figure:
    """The most seeds with which ``confirm`` has the power 0.8, over those of a t-test."""
    fixed = seeds_for(size, ALPHA) or 0
    seeds, power = fixed - 1, 0.0
    while power < POWER:
        seeds += 1
        draws = rng.normal(size=(experiments, seeds)) + size
        power = crossings(t_statistics(draws), boundaries(seeds)["confirm"])[0].mean()
    name = f"effect of {size} sd: most seeds for power {POWER}, over a t-test's {fixed}"
    return Figure(name, seeds / fixed, 0.0)


def _rate(name: str, found: NDArray[np.bool_]) -> Figure:
    rate = float(found.mean())
    return Figure(name, rate, float((rate * (1 - rate) / len(found)) ** 0.5))


def _mean(name: str, used: NDArray[np.int64]) -> Figure:
    return Figure(name, float(used.mean()), float(used.std() / len(used) ** 0.5))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
