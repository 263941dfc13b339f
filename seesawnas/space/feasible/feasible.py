"""``FeasibleSet``: every network of a space that a budget admits, drawn uniformly.

Under a limit on MAdds alone, or on latency alone, nothing is rejected: the set is a sequence,
counted exactly (:mod:`seesawnas.space.feasible.exact`). Limits on other costs are met by exact
rejection from that sequence (:mod:`seesawnas.space.feasible.rejection`); if it is short, by going
through it once, so that the set is counted exactly all the same. If MAdds and latency are both
limited, the sequence is within the MAdds, whose graph is compiled faster; if so few of it meet the
latency that draws take long, it is within the latency.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from functools import cached_property

from seesawnas.arch import ArchSpec
from seesawnas.cost import MADDS, Budget, LatencyModel
from seesawnas.errors import BudgetError, InvalidInput
from seesawnas.space.attributes import Option
from seesawnas.space.feasible.exact import MaddsSet, Sample
from seesawnas.space.feasible.rejection import Acceptance, listed, measured, stream
from seesawnas.space.search_space import SearchSpace

LISTED_AT_MOST = 10_000  # networks that are gone through one by one, a second's work or two
FEW = 0.01  # share of candidates that are accepted, below which others are tried


class FeasibleSet:
    """The networks of ``space`` within ``budget``; ``None`` admits all.

    Attributes:
        candidates: The networks within the limit on MAdds; within the limit on latency if networks
            are counted by it.
        acceptance: How many of the candidates meet the other limits, if that is known by draws
            alone; None if the set is counted exactly.

    Raises:
        BudgetError: With the smallest cost, if no network fits or none is found; if a latency
            cannot be predicted.
        DocumentError: If the space has no network at all.
    """

    def __init__(self, space: SearchSpace, budget: Budget | None = None) -> None:
        self.space = space
        self.budget = budget
        self.decisions = space.decisions
        self.acceptance: Acceptance | None = None
        self._kept: list[int] | None = None
        model = None if budget is None else budget.model
        if model is not None:
            for size in space.input_sizes:
                model.check_input(size)
        by_latency = model is not None and budget is not None and not budget.limits_madds
        self.candidates = MaddsSet(space, budget, model.measure if model and by_latency else MADDS)
        try:
            self._meet_others()
        except BudgetError:
            if model is None or by_latency:
                raise
            self._count_by_latency(model)
        else:
            few = self.acceptance is not None and self.acceptance.rate < FEW
            if model is not None and not by_latency and few:
                self._count_by_latency(model)

    def _meet_others(self) -> None:
        """Find which candidates meet the limits that they are not counted by."""
        budget, candidates = self.budget, self.candidates
        if budget is None or all(limit.name == candidates.measure.name for limit in budget.limits):
            return
        if candidates.count <= LISTED_AT_MOST:
            self._kept = listed(candidates, budget)
        else:
            self.acceptance = measured(candidates, budget)

    def _count_by_latency(self, model: LatencyModel) -> None:
        """Take as candidates the networks within the latency, if more of them are accepted."""
        before, rate = self.candidates, self.acceptance
        self.candidates, self.acceptance = MaddsSet(self.space, self.budget, model.measure), None
        try:
            self._meet_others()
        except BudgetError:
            if rate is None:
                raise
        if self._kept is None and rate is not None:
            now: Acceptance | None = self.acceptance
            if now is None or now.rate <= rate.rate:
                self.candidates, self.acceptance = before, rate

    @property
    def count(self) -> int:
        """Networks of the set, exactly.

        Raises:
            BudgetError: If that is not known: see ``acceptance``.
        """
        if self.acceptance is not None:
            limit = "MAdds" if self.candidates.measure is MADDS else self.candidates.measure.name
            rule = (
                f"must have at most {LISTED_AT_MOST} networks within the {limit} limit, got "
                f"{self.candidates.count}"
            )
            raise BudgetError(
                f"count of budget {self.budget}: {rule}; use .acceptance for an estimate"
            )
        return self.candidates.count if self._kept is None else len(self._kept)

    @property
    def size(self) -> int:
        """Networks of the space, whatever they cost."""
        return self.candidates.size

    @property
    def min_madds(self) -> int:
        """MAdds of the cheapest network of the space."""
        return self._by_madds.min_madds

    @property
    def max_madds(self) -> int:
        """MAdds of the most expensive network of the space."""
        return self._by_madds.max_madds

    @property
    def within_madds(self) -> int:
        """Networks within the limit on MAdds, whatever else they cost."""
        if self.candidates.measure is MADDS:
            return self.candidates.count
        if self.budget is None or not self.budget.limits_madds:
            return self.size
        return MaddsSet(self.space, self.budget).count

    @property
    def latency_ends(self) -> tuple[int, int] | None:
        """The least and the largest predicted latency of the space, in microseconds.

        None if networks are not counted by it.
        """
        if self.candidates.measure is MADDS:
            return None
        return self.candidates.min_madds, self.candidates.max_madds

    @cached_property
    def _by_madds(self) -> MaddsSet:
        """The whole space, counted by MAdds."""
        if self.candidates.measure is MADDS:
            return self.candidates
        return MaddsSet(self.space)

    def is_counted(self, at_most: int | None = None) -> bool:
        """Whether ``count`` is known, so that ``at`` can be asked.

        If ``at_most`` is given, also whether ``count`` is no more than that.
        """
        return self.acceptance is None and (at_most is None or self.count <= at_most)

    def holds(self, spec: ArchSpec) -> bool:
        """Whether the budget admits ``spec``, a network of the space."""
        return self.budget is None or self.budget.admits_network(spec)

    def draw(self, rng: random.Random) -> dict[str, Option]:
        """The assignment of one network, uniform over the set."""
        return next(next(self.stream(rng, 1)).assignments())

    def sample(self, n: int, seed: int) -> Sample:
        """``n`` networks, independent and uniform over the set.

        The same seed gives the same networks.

        Raises:
            InvalidInput: If ``n`` is negative.
        """
        if n < 0:
            raise InvalidInput(f"n must be 0 or more, got {n}")
        samples, found = [self.candidates.at([])], 0
        drawn = self.stream(random.Random(seed), n)
        while found < n:
            samples.append(next(drawn))
            found += len(samples[-1])
        return Sample.joined(samples).only(range(n))

    def stream(self, rng: random.Random, size: int) -> Iterator[Sample]:
        """Networks without end, independent and uniform over the set.

        They come about ``size`` at a time, and never none.
        """
        if self.budget is not None and self.acceptance is not None:
            return stream(self.candidates, self.budget, rng, self.acceptance.rate, size)
        return (
            self.at([rng.randrange(self.count) for _ in range(size)])
            for _ in itertools.repeat(None)
        )

    def at(self, indices: Sequence[int]) -> Sample:
        """The networks at ``indices``.

        Raises:
            IndexError: If an index is outside 0 ... ``count`` - 1.
            BudgetError: If ``count`` is not known.
        """
        count = self.count
        if any(not 0 <= index < count for index in indices):
            raise IndexError(f"indices must lie in 0..{count - 1}")
        return self.candidates.at(
            indices if self._kept is None else [self._kept[index] for index in indices]
        )

    def specs(self, sample: Sample) -> Iterator[ArchSpec]:
        """The networks of a sample."""
        return self.candidates.specs(sample)
