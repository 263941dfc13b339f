"""What the analysis of an ablation can be trusted with, by simulation.

False finds, power, coverage, seeds needed.

    python benchmarks/bench_ablation.py [--experiments 1000] [--seeds 5] [--seed 0] [--json]

An arm's quality is what its levels do, what each seed does to all arms alike (five noise
deviations), and normal noise. Effects are in deviations of that noise; a difference of two arms has
the square root of two of it. Each rate comes with the standard error of its simulation. "Needed"
asks how often an effect is found with as many seeds as are said: said of an effect that is known to
its size, and said by a pilot of ``--seeds`` seeds that did not resolve it, which does not know it.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy
import statsmodels
from numpy.typing import NDArray

from seesawnas.ablation.analysis import analyse, power_at, seeds_for
from seesawnas.ablation.design import Design, make_design
from seesawnas.ablation.result import ArmResult, DesignKind, Effect, Interaction

_SIZES = (1, 2, 3)
_NOISE = 0.005
_ALPHA = 0.05
_DIFFERENCE = 2**0.5
_DESIGNS: tuple[tuple[DesignKind, int], ...] = (("one-at-a-time", 8), ("full", 3))
_Found = tuple[tuple[Effect, ...], tuple[Interaction, ...]]


@dataclass(frozen=True)
class Figure:
    """One simulated number; ``error`` is the simulation's standard error."""

    name: str
    value: float
    error: float


def main() -> None:
    arguments = _arguments()
    gc.freeze()  # statsmodels collects garbage in every correction
    figures = []
    for figure in measure(
        arguments.experiments, arguments.seeds, np.random.default_rng(arguments.seed)
    ):
        figures.append(figure)
        if not arguments.json:
            print(f"{figure.name:<76} {figure.value:>8.3f} ± {figure.error:.3f}", flush=True)
    if arguments.json:
        versions = {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__}
        facts = {
            "experiments": arguments.experiments,
            "seeds": arguments.seeds,
            "seed": arguments.seed,
            **versions,
        }
        print(json.dumps({**facts, "figures": [asdict(figure) for figure in figures]}, indent=2))


def measure(experiments: int, seeds: int, rng: np.random.Generator) -> Iterator[Figure]:
    """The figures, one at a time."""
    for kind, count in _DESIGNS:
        design = make_design({f"f{index}": ("0", "1") for index in range(count)}, kind)
        name = f"{kind}, {count} effects" if kind == "one-at-a-time" else f"{kind} 2^{count}"
        yield from _null(name, [_experiment(design, 0.0, seeds, rng) for _ in range(experiments)])
        for size in _SIZES:
            found = [_experiment(design, size, seeds, rng)[0][0] for _ in range(experiments)]
            yield from _planted(name, size, found)
    for size in _SIZES:
        yield from _needed(size, experiments, seeds, rng)


def _null(name: str, found: Sequence[_Found]) -> Iterator[Figure]:
    families: list[list[Effect | Interaction]] = [[*effects, *pairs] for effects, pairs in found]
    wrong = [any(one.verdict != "not resolvable" for one in family) for family in families]
    raw = [_is_small(one.p) for family in families for one in family]
    yield _rate(f"{name}: null, experiments with any find after Holm", wrong)
    yield _rate(f"{name}: null, comparisons with p < {_ALPHA} before Holm", raw)


def _planted(name: str, size: float, found: Sequence[Effect]) -> Iterator[Figure]:
    truth = size * _NOISE
    held = [
        one.low <= truth <= one.high
        for one in found
        if one.low is not None and one.high is not None
    ]
    yield _rate(
        f"{name}: effect of {size} noise sd, found after Holm",
        [one.verdict == "better" for one in found],
    )
    yield _rate(
        f"{name}: effect of {size} noise sd, found before Holm", [_is_small(one.p) for one in found]
    )
    yield _rate(f"{name}: effect of {size} noise sd, in its 95 % interval", held)


def _needed(
    size: float, experiments: int, seeds: int, rng: np.random.Generator
) -> Iterator[Figure]:
    kind, count = _DESIGNS[0]
    design = make_design({f"f{index}": ("0", "1") for index in range(count)}, kind)
    strict = _ALPHA / count
    known = seeds_for(size / _DIFFERENCE, strict) or 0
    found = [
        _experiment(design, size, known, rng)[0][0].verdict == "better" for _ in range(experiments)
    ]
    yield Figure(f"needed, effect of {size} noise sd that is known: seeds", known, 0.0)
    yield _rate(f"needed, effect of {size} noise sd that is known: found with so many", found)
    pilots = [_experiment(design, size, seeds, rng)[0][0] for _ in range(experiments)]
    said = np.array(
        [pilot.needed or 10_000 for pilot in pilots if pilot.verdict == "not resolvable"]
    )
    powers = [power_at(size / _DIFFERENCE, needed, strict) for needed in said]
    for share in (25, 50, 75):
        quartile = float(np.percentile(said, share))
        yield Figure(
            f"needed, effect of {size} noise sd, said by open pilots: seeds, {share} %",
            quartile,
            0.0,
        )
    error = float(np.std(powers) / len(powers) ** 0.5)
    yield Figure(
        f"needed, effect of {size} noise sd, said by open pilots: power",
        float(np.mean(powers)),
        error,
    )


def _experiment(design: Design, size: float, seeds: int, rng: np.random.Generator) -> _Found:
    """One ablation whose first factor does ``size`` noise deviations."""
    means = np.array([0.8 + size * _NOISE * (row[0] == "1") for row in design.rows])
    shared, noise = rng.normal(size=seeds), rng.normal(size=(len(means), seeds))
    return analyse(
        _arms(design, means[:, None] + _NOISE * (5 * shared + noise)), design.factors, design.kind
    )


def _arms(design: Design, values: NDArray[Any]) -> list[ArmResult]:
    names = [name for name, _ in design.factors]
    return [
        ArmResult(
            design.name(row),
            tuple(zip(names, row, strict=True)),
            str(row),
            1,
            1,
            tuple(enumerate(line)),
        )
        for row, line in zip(design.rows, values.tolist(), strict=True)
    ]


def _is_small(p: float | None) -> bool:
    return p is not None and p < _ALPHA


def _rate(name: str, found: Sequence[bool]) -> Figure:
    rate = float(np.mean(found))
    return Figure(name, rate, float((rate * (1 - rate) / len(found)) ** 0.5))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
