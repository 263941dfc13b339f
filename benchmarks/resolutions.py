"""Do networks differ in the same way at two levels of training, and what changes their order?

    python benchmarks/resolutions.py --measurements studies/lfw_proxies/measurements.jsonl
        [--levels 8x56,12x112]

Of the networks measured at both levels (the mean AUC of their seeds): their spread at each level,
the correlation, and the slope of the second level on the first one: how much of a difference at
the first is left at the second. Noise at the first level makes that slope too small. Where it was
measured from several seeds, the slope without their noise follows: the covariance of both levels
over that of two seeds of the first, with a 95 % bootstrap interval over networks. Then the options,
and the number of blocks, whose networks gain or lose most from the first to the second beyond that
line, by Spearman's correlation, with p by Holm's correction over all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import linregress, spearmanr

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import interval

_FEWEST = 4
"""Networks that an option needs on either side."""


@dataclass(frozen=True)
class Shared:
    """Networks measured at both levels: their assignments, and their AUC at each."""

    assignments: list[dict[str, Any]]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    seeds: NDArray[np.float64]
    """(seeds, networks), the AUC at the first level, from the seeds that all networks have."""


def shared(lines: list[dict[str, Any]], first: str, second: str) -> Shared:
    """The networks of measurements that have both levels."""
    found: dict[tuple[int, str], list[float]] = defaultdict(list)
    by_seed: dict[int, dict[int, float]] = defaultdict(dict)
    assignments: dict[int, dict[str, Any]] = {}
    for line in lines:
        if line.get("curve"):
            found[line["network"], line["level"]].append(line["curve"][-1]["auc"])
            if line["level"] == first:
                by_seed[line.get("seed", 0)][line["network"]] = line["curve"][-1]["auc"]
            assignments[line["network"]] = line["assignment"]
    both = [one for one in assignments if (one, first) in found and (one, second) in found]
    one_level, other = (
        np.array([np.mean(found[one, level]) for one in both]) for level in (first, second)
    )
    seeds = [[own[one] for one in both] for own in by_seed.values() if own.keys() >= set(both)]
    return Shared([assignments[one] for one in both], one_level, other, np.array(seeds))


def true_slope(networks: Shared) -> tuple[float, float, float]:
    """The slope without the noise of the first level's seeds, and its 95 % interval."""
    rng, every = np.random.default_rng(0), np.arange(len(networks.second))
    draws = [rng.integers(len(every), size=len(every)) for _ in range(2000)]
    return _true_slope(networks, every), *interval([_true_slope(networks, some) for some in draws])


def _true_slope(networks: Shared, some: NDArray[np.int64]) -> float:
    of_seeds = np.cov(networks.seeds[:, some])
    between = of_seeds[~np.eye(len(of_seeds), dtype=bool)].mean()
    return float(
        np.cov(networks.seeds[:, some].mean(axis=0), networks.second[some])[0, 1] / between
    )


def interactions(networks: Shared) -> list[tuple[str, float, float]]:
    """Options, their correlation with what a network gains beyond the line, and Holm's p."""
    line = linregress(networks.first, networks.second)
    rest = networks.second - (line.intercept + line.slope * networks.first)
    found = []
    for name, column in sorted(_columns(networks.assignments).items()):
        counts = np.unique(column, return_counts=True)[1]
        if len(counts) > 1 and len(column) - counts.max() >= _FEWEST:
            tested = spearmanr(column, rest)
            found.append((name, float(tested.statistic), float(tested.pvalue)))
    found.sort(key=lambda one: one[2])
    left, most = len(found), 0.0
    corrected = []
    for index, (name, value, p) in enumerate(found):
        most = max(most, min(1.0, p * (left - index)))
        corrected.append((name, value, most))
    return corrected


def _columns(assignments: list[dict[str, Any]]) -> dict[str, NDArray[np.float64]]:
    """A column for each decision of numbers, for each option of the others, and for the blocks."""
    columns: dict[str, NDArray[np.float64]] = {}
    blocks = [[n for key, n in one.items() if key.endswith(".depth")] for one in assignments]
    if any(blocks):
        columns["blocks of all stages"] = np.array([sum(own) for own in blocks], dtype=float)
    for key in sorted({key for one in assignments for key in one}):
        values = [one.get(key) for one in assignments]
        if all(isinstance(value, (int, float)) for value in values):
            columns[key] = np.array(values, dtype=float)
        else:
            for option in sorted({str(value) for value in values}):
                columns[f"{key}={option}"] = np.array(
                    [str(value) == option for value in values], dtype=float
                )
    return columns


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", required=True, type=Path)
    parser.add_argument("--levels", default="8x56,12x112")
    parser.add_argument("--most", type=int, default=5)
    arguments = parser.parse_args()
    lines = [json.loads(line) for line in arguments.measurements.read_text().splitlines()]
    networks = shared(lines, *arguments.levels.split(","))
    if len(networks.assignments) < 2 * _FEWEST:
        sys.exit(f"{arguments.levels}: too few networks have both levels")
    line = linregress(networks.first, networks.second)
    print(
        f"{len(networks.assignments)} networks: deviation {networks.first.std(ddof=1):.4f} and "
        f"{networks.second.std(ddof=1):.4f}, correlation {line.rvalue:.2f}, slope "
        f"{line.slope:.2f} ± {line.stderr:.2f}"
    )
    if len(networks.seeds) > 1:
        slope, low, high = true_slope(networks)
        print(f"slope without the noise of the first level {slope:.2f} ({low:.2f} .. {high:.2f})")
    found = interactions(networks)
    for name, value, p in found[: arguments.most]:
        print(f"{name}: {value:+.2f}, p {p:.2f} of {len(found)}")


if __name__ == "__main__":
    main()
