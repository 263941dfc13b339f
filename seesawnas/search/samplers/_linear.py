"""Thompson sampling of a linear model: what each option adds to the score, drawn at random.

The draw is from what is known of it. The model is that of :mod:`seesawnas.analysis.linear_model`. A
proposal draws one set of weights from its posterior (Thompson, 1933) and climbs to a feasible
network that they favour, one changed decision at a time. In spaces whose decisions mostly add up, a
few dozen trials tell much about every network. Several objectives are scalarised again for each
proposal, by random weights (ParEGO; Knowles, 2006). Pruned trials are left out: their scores are of
another fidelity.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from seesawnas.analysis.linear_model import Floats, OneHot, Posterior
from seesawnas.errors import SpecError
from seesawnas.search.samplers._base import History, Past
from seesawnas.search.samplers._random import uniform
from seesawnas.search.samplers._ranking import remembered
from seesawnas.space import Assignment, FeasibleSet

_STARTS = 24
_CLIMBED = 2


class LinearThompson:
    """Models the ``best`` trials and the ``recent`` ones.

    ``boldness`` is the share of the posterior's deviation drawn.
    """

    def __init__(
        self, feasible: FeasibleSet, best: int = 100, recent: int = 400, boldness: float = 0.5
    ) -> None:
        self._feasible, self._best, self._recent, self._boldness = feasible, best, recent, boldness
        self._options = OneHot(feasible.decisions)

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """Networks, each the best that a climb found by weights of its own."""
        past = remembered(history.complete, self._best, self._recent)
        taken = self._options.rows([trial.assignment for trial in past])
        drawing = np.random.default_rng(rng.getrandbits(64))
        elite = [
            trial.assignment for trial in sorted(past, key=lambda trial: trial.losses)[:_CLIMBED]
        ]
        while True:
            posterior = Posterior.of(taken, _scalars(past, drawing))
            weights = posterior.draw(drawing, self._boldness)
            starts = [*elite, *(uniform(self._feasible, rng) for _ in range(_STARTS))]
            worth = self._options.rows(starts) @ weights
            climbed = [
                self._climb(dict(starts[place]), weights) for place in np.argsort(-worth)[:_CLIMBED]
            ]
            yield climbed[int(np.argmax(self._options.rows(climbed) @ weights))]

    def _climb(self, assignment: Assignment, weights: Floats) -> Assignment:
        """Take the change of one decision that gains most and fits, until none does."""
        while (better := self._step(assignment, weights)) is not None:
            assignment = better
        return assignment

    def _step(self, assignment: Assignment, weights: Floats) -> Assignment | None:
        gains = [
            (weights[place] - weights[places[assignment[name]]], place, name, option)
            for name, places in self._options.places.items()
            for option, place in places.items()
        ]
        for gain, _, name, option in sorted(gains, reverse=True):
            if gain <= 1e-12:
                return None
            changed = {**assignment, name: option}
            if self._holds(changed):
                return changed
        return None

    def _holds(self, assignment: Assignment) -> bool:
        try:
            return self._feasible.holds(self._feasible.space.choose(assignment))
        except SpecError:
            return False


def _scalars(past: Sequence[Past], drawing: np.random.Generator) -> Floats:
    """One number per trial, the more the better.

    It is the only objective, or all objectives weighed at random.
    """
    losses = np.array([trial.losses for trial in past])
    span = np.ptp(losses, axis=0)
    scaled = (losses - losses.min(axis=0)) / np.where(span > 0, span, 1.0)
    if losses.shape[1] == 1:
        return np.asarray(-scaled[:, 0])
    weighed = scaled * drawing.dirichlet(np.ones(losses.shape[1]))
    return np.asarray(-(weighed.max(axis=1) + 0.05 * weighed.sum(axis=1)))
