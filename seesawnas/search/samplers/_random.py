"""Uniform draws: the baseline that every other sampler must beat."""

from __future__ import annotations

import random
from collections.abc import Iterator

from seesawnas.search.samplers._base import History
from seesawnas.space import Assignment, FeasibleSet


def uniform(feasible: FeasibleSet, rng: random.Random) -> Assignment:
    """One network, uniform over the set."""
    return feasible.draw(rng)


class RandomSampler:
    """Uniform over the feasible set, whatever was found so far."""

    def __init__(self, feasible: FeasibleSet) -> None:
        self._feasible = feasible

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """Independent uniform networks."""
        while True:
            yield uniform(self._feasible, rng)
