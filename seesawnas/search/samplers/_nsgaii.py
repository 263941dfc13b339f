"""NSGA-II (Deb et al., 2002), by Optuna's sampler.

A generation breeds the next; the elite of all so far are the parents.

Optuna keeps the generations in the study's attributes, as trials come. Here the ``population``
complete trials of a study by number are its first generation, the next ones its second: a function
of the trials alone, so that a resumed study has the same parents. Pruned trials are left out: they
have no values to be ranked by, and a generation of theirs would breed nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from optuna import Study
from optuna.samplers import BaseSampler, NSGAIISampler
from optuna.trial import FrozenTrial, TrialState

from seesawnas.search.samplers._base import History, Past
from seesawnas.search.samplers._optuna import OptunaStudy
from seesawnas.search.samplers._random import uniform
from seesawnas.search.samplers._ranking import fitness
from seesawnas.space import Assignment, FeasibleSet


class NSGAII:
    """Generations of ``population`` trials; the first is uniform.

    The customary population of 50 or more is for thousands of trials: in studies of a hundred, 10
    found more than 20 or 30.
    """

    def __init__(self, feasible: FeasibleSet, population: int = 10) -> None:
        self._feasible, self._population = feasible, population
        self._study = OptunaStudy(feasible)
        self._generations: list[tuple[tuple[int, ...], tuple[Past, ...]]] = []

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """Children of the elite; uniform networks while the first generation is not complete."""
        parents = self._parents(history)
        if not parents:
            while True:
                yield uniform(self._feasible, rng)
        trials = self._study.copies(parents, TrialState.COMPLETE)
        yield from self._study.candidates(_Crossover.seeded, trials, history.objectives, rng)

    def _parents(self, history: History) -> tuple[Past, ...]:
        """The elite after the last whole generation.

        It is computed again from the first generation that has changed.
        """
        parents: tuple[Past, ...] = ()
        size = self._population
        for start in range(0, len(history.complete) - size + 1, size):
            generation, members = start // size, history.complete[start : start + size]
            numbers = tuple(trial.number for trial in members)
            if generation == len(self._generations) or self._generations[generation][0] != numbers:
                del self._generations[generation:]
                self._generations.append((numbers, _elite((*parents, *members), size)))
            parents = self._generations[generation][1]
        return parents


def _elite(trials: tuple[Past, ...], size: int) -> tuple[Past, ...]:
    keys = fitness(trials)
    order = sorted(range(len(trials)), key=lambda index: (*keys[index], -trials[index].number))
    return tuple(
        trials[index] for index in sorted(order[:size], key=lambda index: trials[index].number)
    )


class _Crossover(NSGAIISampler):
    """Optuna's NSGA-II if every trial of the study is a parent."""

    @classmethod
    def seeded(cls, seed: int) -> BaseSampler:
        return cls(population_size=2, seed=seed)

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:
        return 1

    def get_parent_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        return study.get_trials(deepcopy=False)
