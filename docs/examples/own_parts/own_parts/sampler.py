"""Your own sampler: ``seesawnas search --sampler nearest``."""

from __future__ import annotations

import random
from collections.abc import Iterator

from seesawnas.search.samplers import History
from seesawnas.space import Assignment, FeasibleSet


class NearestSampler:
    """Of some uniform networks the one that has most options in common with the best trial."""

    def __init__(self, feasible: FeasibleSet, drawn: int = 8) -> None:
        self._feasible, self._drawn = feasible, drawn

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """Networks without end, by the history and ``rng`` alone: a study may be resumed."""
        best = min(history.complete, key=lambda trial: trial.losses).assignment
        while True:
            some = [self._feasible.draw(rng) for _ in range(self._drawn)]
            yield max(some, key=lambda one: sum(one[name] == best[name] for name in best))
