"""A Gaussian process over the decisions, by Optuna's ``GPSampler``.

It uses few trials well; a proposal takes about half a second.

The time grows with the cube of the trials modelled, so these are bounded. One thread serves
matrices of this size ten times as fast as two do on a busy machine, and makes proposals independent
of the number of cores. Pruned trials are left out: a Gaussian process models values of one
fidelity.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from optuna.samplers import BaseSampler, GPSampler
from optuna.trial import TrialState

from seesawnas.nn.cpu import one_thread
from seesawnas.search.samplers._base import History
from seesawnas.search.samplers._optuna import OptunaStudy
from seesawnas.search.samplers._ranking import remembered
from seesawnas.space import Assignment, FeasibleSet


class GaussianProcess:
    """Models the ``best`` trials and the ``recent`` ones."""

    def __init__(self, feasible: FeasibleSet, best: int = 50, recent: int = 50) -> None:
        self._study = OptunaStudy(feasible)
        self._best, self._recent = best, recent

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """The network of the highest acquisition value, then a walk from it."""
        complete = remembered(history.complete, self._best, self._recent)
        trials = self._study.copies(complete, TrialState.COMPLETE)
        trials += self._study.copies(history.pending, TrialState.RUNNING)
        walk = self._study.candidates(_sampler, trials, history.objectives, rng)
        with one_thread():
            drawn = next(walk)
        yield drawn
        yield from walk


def _sampler(seed: int) -> BaseSampler:
    return GPSampler(n_startup_trials=0, seed=seed)
