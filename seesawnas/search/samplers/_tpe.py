"""TPE, the tree-structured Parzen estimator (Bergstra et al., 2011), of all decisions together.

It is Optuna's with ``multivariate``. It models the options of the good trials and those of the
others, and draws what is likely among the first and unlikely among the second. A draw over budget
is repaired, keeping as many of its options as fit.

What a pruned trial teaches: under one objective Optuna ranks it behind all complete ones, by how
far it came and then by its last value. Under several it has no values to be ranked by; there it
joins the trials that the draws keep away from, as those under way do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import TrialState

from seesawnas.search.samplers._base import History
from seesawnas.search.samplers._optuna import OptunaStudy
from seesawnas.search.samplers._ranking import remembered
from seesawnas.space import Assignment, FeasibleSet


class MultivariateTPE:
    """Models the ``best`` trials and the ``recent`` ones.

    Optuna counts 25 trials at most as good, so that the best hundred lose none; an answer about 400
    takes as long in a study of any length, one about 10,000 about a second.
    """

    def __init__(self, feasible: FeasibleSet, best: int = 100, recent: int = 300) -> None:
        self._study = OptunaStudy(feasible)
        self._best, self._recent = best, recent

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """TPE's draw, then a walk from it."""
        complete = remembered(history.complete, self._best, self._recent)
        pruned = TrialState.PRUNED if history.objectives == 1 else TrialState.RUNNING
        trials = [
            *self._study.copies(complete, TrialState.COMPLETE),
            *self._study.copies(history.pruned[-self._recent :], pruned),
            *self._study.copies(history.pending, TrialState.RUNNING),
        ]
        return self._study.candidates(_sampler, trials, history.objectives, rng)


def _sampler(seed: int) -> BaseSampler:
    return TPESampler(multivariate=True, constant_liar=True, n_startup_trials=0, seed=seed)
