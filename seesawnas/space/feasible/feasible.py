"""``FeasibleSet``: every network of a space that a budget admits, drawn uniformly.

Under a limit on MAdds alone, nothing is rejected: the set is a sequence, counted exactly
(:mod:`seesawnas.space.feasible.exact`). Limits on other costs are met by exact rejection from that
sequence (:mod:`seesawnas.space.feasible.rejection`); if it is short, by going through it once, so
that the set is counted exactly all the same.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, cost
from seesawnas.errors import BudgetError
from seesawnas.space.attributes import Option
from seesawnas.space.feasible.exact import MaddsSet, Sample
from seesawnas.space.feasible.rejection import Acceptance, listed, measured, stream
from seesawnas.space.search_space import SearchSpace

LISTED_AT_MOST = 10_000  # networks that are gone through one by one, a second's work or two


class FeasibleSet:
    """The networks of ``space`` within ``budget``; ``None`` admits all.

    Attributes:
        candidates: The networks within the limit on MAdds.
        acceptance: How many of the candidates meet the other limits, if that is known by draws
            alone; None if the set is counted exactly.

    Raises:
        BudgetError: With the smallest cost, if no network fits or none is found.
        DocumentError: If the space has no network at all.
    """

    def __init__(self, space: SearchSpace, budget: Budget | None = None) -> None:
        self.space = space
        self.budget = budget
        self.candidates = MaddsSet(space, budget)
        self.decisions = space.decisions
        self.acceptance: Acceptance | None = None
        self._kept: list[int] | None = None
        if budget is not None and budget.others:
            if self.candidates.count <= LISTED_AT_MOST:
                self._kept = listed(self.candidates, budget)
            else:
                self.acceptance = measured(self.candidates, budget)

    @property
    def count(self) -> int:
        """Networks of the set, exactly.

        Raises:
            BudgetError: If that is not known: see ``acceptance``.
        """
        if self.acceptance is not None:
            rule = (
                f"must have at most {LISTED_AT_MOST} networks within the MAdds limit, got "
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
        return self.candidates.min_madds

    @property
    def max_madds(self) -> int:
        """MAdds of the most expensive network of the space."""
        return self.candidates.max_madds

    def is_counted(self, at_most: int | None = None) -> bool:
        """Whether ``count`` is known, so that ``at`` can be asked.

        If ``at_most`` is given, also whether ``count`` is no more than that.
        """
        return self.acceptance is None and (at_most is None or self.count <= at_most)

    def holds(self, spec: ArchSpec) -> bool:
        """Whether the budget admits ``spec``, a network of the space."""
        return self.budget is None or self.budget.admits(cost(spec))

    def draw(self, rng: random.Random) -> dict[str, Option]:
        """The assignment of one network, uniform over the set."""
        return next(next(self.stream(rng, 1)).assignments())

    def sample(self, n: int, seed: int) -> Sample:
        """``n`` networks, independent and uniform over the set.

        The same seed gives the same networks.
        """
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
