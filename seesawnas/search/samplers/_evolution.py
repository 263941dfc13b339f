"""Regularised evolution (Real et al., 2019).

"Regularized evolution for image classifier architecture search". The population is the latest
complete trials: the oldest dies, however good, so that a lucky score does not breed for ever. The
best of a random few becomes a parent, and one changed decision makes its child. A pruned trial
takes no place in the population: its score is of another fidelity, and in a study that stops three
trials of four early the population would hold little else.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from seesawnas.search.samplers._base import History
from seesawnas.search.samplers._ranking import fitness
from seesawnas.space import Assignment, FeasibleSet
from seesawnas.space.feasible.moves import mutate


class EvolutionSampler:
    """A population of ``population`` trials, tournaments of ``tournament``.

    With several objectives the better rank of domination wins, within a rank the less crowded.
    """

    def __init__(self, feasible: FeasibleSet, population: int = 30, tournament: int = 10) -> None:
        self._feasible, self._population, self._tournament = feasible, population, tournament

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """Children, each of a parent of its own."""
        population = history.complete[-self._population :]
        keys = fitness(population)
        while True:
            some = rng.sample(range(len(population)), min(self._tournament, len(population)))
            parent = population[
                min(some, key=lambda index: (*keys[index], -population[index].number))
            ]
            yield mutate(self._feasible, parent.assignment, rng)
