"""What the space answers, and how fast.

Networks drawn under a budget, their prices, and the time to compile the set.

    python benchmarks/bench_space.py [--space seesaw] [--budget 140M..150M] [--seconds 5] [--json]

Every figure is the best of several rounds, so that a busy machine does not count. "Rejection" draws
each decision uniformly, prices the network and throws it away where it is over or under the budget;
its rate is of networks kept.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice

from seesawnas.arch import ArchSpec
from seesawnas.arch.blocks.parts import body_of
from seesawnas.arch.body import make_node
from seesawnas.cost import Budget, cost
from seesawnas.cost.cost import cost_and_output, layer_cost
from seesawnas.errors import SpecError
from seesawnas.space import FeasibleSet, SearchSpace, load_space


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str


def main() -> None:
    arguments = _arguments()
    space, budget = load_space(arguments.space), Budget.parse(arguments.budget)
    figures = list(measure(space, budget, arguments.seconds))
    if arguments.json:
        facts = {
            "space": arguments.space,
            "budget": arguments.budget,
            "python": sys.version.split()[0],
        }
        print(json.dumps({**facts, "figures": [asdict(figure) for figure in figures]}, indent=2))
        return
    for figure in figures:
        print(f"{figure.name:<44} {figure.value:>14,.1f} {figure.unit}")


def measure(space: SearchSpace, budget: Budget, seconds: float) -> Iterator[Figure]:
    """The figures, one at a time, each from about ``seconds`` of work."""
    whole, feasible = FeasibleSet(space), FeasibleSet(space, budget)
    count = feasible.count if feasible.acceptance is None else feasible.acceptance.count
    yield Figure("networks within the budget", count, "")
    yield Figure("share of the space", 100 * count / whole.size, "%")
    if feasible.acceptance is not None:
        low, high = feasible.acceptance.interval
        yield Figure(
            "accepted of those within the MAdds",
            100 * feasible.acceptance.rate,
            f"% ({100 * low:.1f} to {100 * high:.1f})",
        )
    yield Figure(
        "compile the feasible set", 1e3 * _best(lambda: FeasibleSet(space, budget), seconds), "ms"
    )
    for n in (1000, 10_000):
        yield Figure(f"choice vectors, n = {n}", n / _best(_drawing(feasible, n), seconds), "/s")
    drawn = feasible.sample(1000, seed=0)
    per_spec = _best(lambda: list(feasible.specs(drawn)), seconds) / 1000
    yield Figure("complete specs from choice vectors", 1 / per_spec, "/s")
    complete = 1 / (per_spec + _best(_drawing(feasible, 1000), seconds) / 1000)
    yield Figure("complete specs, sampling included", complete, "/s")
    specs = list(feasible.specs(drawn))
    yield Figure("cost(spec), uncached", 1e6 * _cold(specs[:50], seconds), "us")
    yield Figure(
        "cost(spec), cached",
        1e6 * _best(lambda: [cost(spec) for spec in specs], seconds) / len(specs),
        "us",
    )
    rejecting = rejection_rate(space, budget, 2 * seconds)
    yield Figure("complete specs by rejection", rejecting, "/s")
    yield Figure("complete specs, ratio to rejection", complete / rejecting, "x")


def rejection_rate(space: SearchSpace, budget: Budget, seconds: float) -> float:
    """Networks within ``budget`` a second, by uniform assignments and throwing away."""
    rng, kept, start = random.Random(0), 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        for spec in islice(_uniform_assignments(space, rng), 200):
            kept += budget.admits(cost(spec))
    return max(kept, 1) / spent


def _uniform_assignments(space: SearchSpace, rng: random.Random) -> Iterator[ArchSpec]:
    decisions = space.decisions
    while True:
        try:
            yield space.choose(
                {decision.name: rng.choice(decision.options) for decision in decisions}
            )
        except SpecError:
            continue


def _drawing(feasible: FeasibleSet, n: int) -> Callable[[], object]:
    seeds = iter(range(10**6))
    return lambda: feasible.sample(n, next(seeds))


def _cold(specs: list[ArchSpec], seconds: float) -> float:
    """Seconds a network with nothing remembered."""
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        spent = 0.0
        for spec in specs:
            for kept in (cost_and_output, layer_cost, body_of, make_node):
                kept.cache_clear()
            start = time.perf_counter()
            cost(spec)
            spent += time.perf_counter() - start
        best = min(best, spent / len(specs))
    return best


def _best(work: Callable[[], object], seconds: float) -> float:
    """Shortest time of ``work``, of at least two rounds and of about ``seconds`` in all."""
    best, rounds, end = float("inf"), 0, time.perf_counter() + seconds
    while rounds < 2 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best, rounds = min(best, time.perf_counter() - start), rounds + 1
    return best


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--space", default="seesaw", help="a search space: a file, or a shipped name"
    )
    parser.add_argument("--budget", default="140M..150M")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="about how long each figure may take"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
