"""Exact rejection: networks drawn uniformly within one limit that meet the other limits.

The one limit, on MAdds or on latency, is met by counting (:mod:`seesawnas.space.feasible.exact`).

What is kept is uniform over what a budget of several limits admits. How much is kept is measured,
and reported.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, floor, sqrt

from seesawnas.cost import LATENCY, Budget
from seesawnas.errors import BudgetError
from seesawnas.space.attributes import Option
from seesawnas.space.feasible.exact import MaddsSet, Sample
from seesawnas.text import several

PILOT = 2_000  # draws that the acceptance rate is measured by
# draws that it is measured by where the pilot holds none, before it is said that nothing is found
SECOND = 48_000
TRIES = 500  # draws from a part of a set, before another part is tried
_CHUNK = 1_000
_Z = 1.959964  # of 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How many networks within one limit meet the other limits, estimated by draws.

    Attributes:
        accepted: How many of those drawn meet the other limits.
        drawn: How many were drawn, uniform over the candidates.
        candidates: How many networks are within the limit on MAdds, or on latency, if networks are
            counted by it.
    """

    accepted: int
    drawn: int
    candidates: int

    @property
    def rate(self) -> float:
        """The share accepted."""
        return self.accepted / self.drawn

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate."""
        n, z = self.drawn, _Z
        middle = (self.rate + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(self.rate * (1 - self.rate) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def count(self) -> int:
        """About how many networks meet all limits: an estimate."""
        return round(self.rate * self.candidates)

    @property
    def count_interval(self) -> tuple[int, int]:
        """The 95 % interval of ``count``, rounded outwards."""
        low, high = self.interval
        return floor(low * self.candidates), ceil(high * self.candidates)


@dataclass
class RejectionSampling:
    """Networks seen, and how many of them a budget admits.

    It also keeps the ends of what those seen cost, for the message if the budget admits none.
    """

    candidates: MaddsSet
    budget: Budget
    seen: int = 0
    ends: dict[str, tuple[int, int]] = field(default_factory=dict)

    def kept(self, sample: Sample) -> list[int]:
        """The positions in ``sample`` of what the budget admits."""
        costs = [self.budget.costs(spec) for spec in self.candidates.specs(sample)]
        self._remember(costs)
        return [position for position, one in enumerate(costs) if self.budget.admits_costs(one)]

    def fault(self) -> BudgetError:
        """The error that nothing seen is admitted, with the ends of what was seen."""
        space, limits = self.candidates.space, self.budget
        own = self.candidates.measure.name
        within = next(
            (f" within {limit.words}" for limit in limits.limits if limit.name == own), ""
        )
        if own == "madds":
            within = f" within {limits.madds_words}" if limits.limits_madds else ""
        every = "the" if self.seen == self.candidates.count else f"{self.seen:,} sampled of the"
        networks = f"{every} {several(self.candidates.count, 'network')}"
        verb = "has" if networks == "the 1 network" else "have"
        ends = ", ".join(_range(name, *ends) for name, ends in self.ends.items())
        return BudgetError(
            f"budget must contain at least one network of {space.name or space.source}, got "
            f"{limits.words if limits.latency else limits}: "
            f"{networks}{within} {verb} {ends}"
        )

    def _remember(self, costs: list[Mapping[str, int]]) -> None:
        self.seen += len(costs)
        for limit in self.budget.limits:
            if limit.name != self.candidates.measure.name:
                values = [one[limit.name] for one in costs]
                values += self.ends.get(limit.name, ())
                self.ends[limit.name] = min(values), max(values)


def _range(name: str, low: int, high: int) -> str:
    if name != LATENCY.name:
        return f"{name} from {low} to {high}"
    return f"{name}, with its model's factor, from {LATENCY.format(low)} to {LATENCY.format(high)}"


def listed(candidates: MaddsSet, budget: Budget) -> list[int]:
    """The index of every candidate that the budget admits.

    Raises:
        BudgetError: If it admits none.
    """
    trawl, found = RejectionSampling(candidates, budget), list[int]()
    for start in range(0, candidates.count, _CHUNK):
        indices = range(start, min(start + _CHUNK, candidates.count))
        found += [start + position for position in trawl.kept(candidates.at(indices))]
    if not found:
        raise trawl.fault()
    return found


def measured(candidates: MaddsSet, budget: Budget) -> Acceptance:
    """The acceptance rate by ``PILOT`` draws, always the same ones.

    If the budget admits none of these, by ``SECOND`` draws after them. The numbers are fixed
    beforehand, so that the interval holds: to stop at the first one accepted would make the rate
    too high.

    Raises:
        BudgetError: If no draw is accepted.
    """
    trawl, rng = RejectionSampling(candidates, budget), random.Random("acceptance")
    for drawn in (PILOT, SECOND):
        sizes = [min(_CHUNK, drawn - start) for start in range(0, drawn, _CHUNK)]
        accepted = sum(len(trawl.kept(candidates.drawn(size, rng))) for size in sizes)
        if accepted:
            return Acceptance(accepted, drawn, candidates.count)
    raise trawl.fault()


def stream(
    candidates: MaddsSet, budget: Budget, rng: random.Random, rate: float, most: int
) -> Iterator[Sample]:
    """Admitted networks without end, those of one round of draws at a time.

    A round holds about ``most`` of them, or less.
    """
    trawl = RejectionSampling(candidates, budget)
    n = min(_CHUNK, ceil(most / rate))
    while True:
        sample = candidates.drawn(n, rng)
        kept = trawl.kept(sample)
        if kept:
            yield sample.only(kept)


def one_of(candidates: MaddsSet, budget: Budget, rng: random.Random) -> dict[str, Option]:
    """A uniform choice among the candidates that the budget admits.

    Raises:
        BudgetError: If there is none, or, among more than ``TRIES`` candidates, if ``TRIES`` draws
            find none.
    """
    if candidates.count <= TRIES:
        return _assignment(candidates.at([rng.choice(listed(candidates, budget))]), 0)
    trawl, n = RejectionSampling(candidates, budget), 1
    while trawl.seen < TRIES:
        sample = candidates.drawn(min(n, TRIES - trawl.seen), rng)
        kept = trawl.kept(sample)
        if kept:
            return _assignment(sample, kept[0])
        n *= 4  # a draw alone costs most of what many together do
    raise trawl.fault()


def _assignment(sample: Sample, position: int) -> dict[str, Option]:
    return next(sample.only([position]).assignments())
