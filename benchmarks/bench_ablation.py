"""What the analysis of an ablation can be trusted with, by simulation.

False finds, power, coverage, seeds needed; looks after added seeds.

    python benchmarks/bench_ablation.py [--experiments 1000] [--seeds 5] [--seed 0] [--json]
    python benchmarks/bench_ablation.py --looks [--experiments 1000] [--seeds 5] ...

An arm's quality is what its levels do, what each seed does to all arms alike (five noise
deviations), and normal noise. Effects are in deviations of that noise; a difference of two arms has
the square root of two of it. Each rate comes with the standard error of its simulation. "Needed"
asks how often an effect is found with as many seeds as are said: said of an effect that is known to
its size, and said by a pilot of ``--seeds`` seeds that did not resolve it, which does not know it.

``--looks`` asks what becomes of verdicts if seeds are added: every ablation is looked at with
``--seeds`` seeds, twice and four times as many, and a find at any look counts. It compares looks
that follow from the first start, declared looks, a fixed number tested again at each look, and the
same with p multiplied by the number of looks so far. The fixed number's first and last look are
what a single test finds.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import scipy
import statsmodels
from numpy.typing import NDArray
from scipy import stats

from seesawnas.ablation.analysis import analyse, power_at, seeds_for
from seesawnas.ablation.design import Design, contrasts, make_design
from seesawnas.ablation.result import ArmResult, DesignKind, Effect, Interaction
from seesawnas.analysis.group_sequential import repeated_p
from seesawnas.analysis.spending import declared_looks, derived_looks
from seesawnas.text import several

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
    measured = measure_looks if arguments.looks else measure
    width = 92 if arguments.looks else 76
    for figure in measured(
        arguments.experiments, arguments.seeds, np.random.default_rng(arguments.seed)
    ):
        figures.append(figure)
        if not arguments.json:
            print(f"{figure.name:<{width}} {figure.value:>8.3f} ± {figure.error:.3f}", flush=True)
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


def measure_looks(experiments: int, seeds: int, rng: np.random.Generator) -> Iterator[Figure]:
    """The figures of ablations that are looked at three times, one at a time.

    They are computed beside :func:`analyse`, for all experiments at once.
    """
    numbers = (seeds, 2 * seeds, 4 * seeds)
    looks = {"derived looks": derived_looks(seeds), "declared looks": declared_looks(numbers)}
    for kind, count in ((_DESIGNS[0][0], 1), *_DESIGNS):
        design = make_design({f"f{index}": ("0", "1") for index in range(count)}, kind)
        name = f"{kind} 2^{count}" if kind == "full" else f"{kind}, {several(count, 'effect')}"
        for size in (0, 2, 3):
            values = rng.normal(size=(experiments, len(design.rows), numbers[-1]))
            values += size * np.array([row[0] == "1" for row in design.rows])[None, :, None]
            differences = np.einsum("ca,eas->ecs", _contrasts(design), values)
            t = [t_statistics_at(differences, n) for n in numbers]
            fixed = np.array([2 * stats.t.sf(np.abs(t[i]), n - 1) for i, n in enumerate(numbers)])
            p = {
                method: np.array([_REPEATED(t[i], place=i, looks=all_looks) for i in range(3)])
                for method, all_looks in looks.items()
            }
            p["t-test at every look"] = fixed
            p["t-test at every look, p times the looks"] = (
                fixed * np.array([1, 2, 3])[:, None, None]
            )
            for method, of_looks in p.items():
                yield from _at_looks(f"{name}, {size} sd, {method}", of_looks, size, numbers)


def t_statistics_at(differences: NDArray[Any], n: int) -> NDArray[Any]:
    """The t statistics of the first ``n`` seeds."""
    first = differences[..., :n]
    found: NDArray[Any] = first.mean(axis=-1) / stats.sem(first, axis=-1)
    return found


_REPEATED = np.vectorize(
    lambda t, place, looks: repeated_p(t, looks[: place + 1]), excluded=("place", "looks")
)


def _contrasts(design: Design) -> NDArray[Any]:
    """(effects and interactions, arms): weights, but for their scale."""
    if design.kind == "one-at-a-time":
        arms = len(design.rows)
        return np.hstack([-np.ones((arms - 1, 1)), np.eye(arms - 1)])
    main = contrasts(design.rows, design.factors).T.astype(float)
    pairs = [main[i] * main[j] for i, j in combinations(range(len(main)), 2)]
    return np.array([*main, *pairs])


def _at_looks(name: str, p: NDArray[Any], size: float, numbers: Sequence[int]) -> Iterator[Figure]:
    """How often anything is found, or the first effect: at each look, and at any.

    ``p`` has (looks, experiments, effects).
    """
    found = _holm(p) < _ALPHA
    each = np.asarray(found.any(axis=2)) if size == 0 else found[:, :, 0]
    for place, n in enumerate(numbers):
        yield _rate(f"{name}: {n} seeds", each[place])
    yield _rate(f"{name}: any look", np.asarray(each.any(axis=0)))


def _holm(p: NDArray[Any]) -> NDArray[Any]:
    """Holm's correction along the last axis."""
    order = np.argsort(p, axis=-1)
    steps = np.take_along_axis(p, order, axis=-1) * np.arange(p.shape[-1], 0, -1)
    found: NDArray[Any] = np.empty_like(steps)
    np.put_along_axis(found, order, np.maximum.accumulate(steps, axis=-1), axis=-1)
    return found


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
    """What one ablation finds."""
    values = _values(design, size, seeds, rng)
    return analyse(_arms(design, values), design.factors, design.kind)


def _values(design: Design, size: float, seeds: int, rng: np.random.Generator) -> NDArray[Any]:
    """Qualities, (arms, seeds), if the first factor does ``size`` noise deviations."""
    means = np.array([0.8 + size * _NOISE * (row[0] == "1") for row in design.rows])
    shared, noise = rng.normal(size=seeds), rng.normal(size=(len(means), seeds))
    found: NDArray[Any] = means[:, None] + _NOISE * (5 * shared + noise)
    return found


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


def _rate(name: str, found: Sequence[bool] | NDArray[np.bool_]) -> Figure:
    rate = float(np.mean(found))
    return Figure(name, rate, float((rate * (1 - rate) / len(found)) ** 0.5))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--looks", action="store_true", help="looks after added seeds")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
