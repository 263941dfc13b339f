"""Thompson sampling of a linear model: what each option adds to the score, drawn at random.

The draw is from what is known of it. The model is that of :mod:`seesawnas.analysis.linear_model`. A
proposal draws one set of weights from its posterior (Thompson, 1933) and climbs to a feasible
network that they favour, one changed decision at a time. In spaces whose decisions mostly add up, a
few dozen trials tell much about every network. Several objectives are scalarised again for each
proposal, by random weights (ParEGO; Knowles, 2006). Pruned trials are left out: their scores are of
another fidelity. With priors the model begins with what earlier studies found; see
:mod:`seesawnas.search.samplers._trust`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from seesawnas.analysis.linear_model import Floats, OneHot, Posterior
from seesawnas.errors import SpecError
from seesawnas.search.priors.prior import Prior
from seesawnas.search.samplers._base import History, Past
from seesawnas.search.samplers._random import uniform
from seesawnas.search.samplers._ranking import remembered
from seesawnas.search.samplers._trust import InformedPosterior, Offsets
from seesawnas.space import Assignment, FeasibleSet

_STARTS = 24
_CLIMBED = 2
_BOLDER = 1.5
"""Factor of the boldness from one candidate to the next with priors: whoever asks again has the
network already, and where priors are trusted the same one is proposed over and over."""
INFORMED_STARTUP = 2
"""Complete trials after which a sampler with priors is asked: two say whether they differ."""


class LinearThompson:
    """Models the ``best`` trials and the ``recent`` ones.

    ``boldness`` is the share of the posterior's deviation drawn, less of it in the first trials
    with priors; ``priors`` are what earlier studies found.
    """

    def __init__(
        self,
        feasible: FeasibleSet,
        best: int = 100,
        recent: int = 400,
        boldness: float = 0.5,
        priors: Sequence[Prior] = (),
    ) -> None:
        self._feasible, self._best, self._recent, self._boldness = feasible, best, recent, boldness
        self._options = OneHot(feasible.decisions)
        columns = [prior.column(self._options) for prior in priors]
        self._offsets = Offsets.of(columns) if columns else None

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """Networks, each the best that a climb found by weights of its own."""
        past, taken = self._model(history)
        drawing = np.random.default_rng(rng.getrandbits(64))
        elite = [
            trial.assignment for trial in sorted(past, key=lambda trial: trial.losses)[:_CLIMBED]
        ]
        boldness = self._boldness
        while True:
            values, share = _scalars(past, drawing)
            weights = self._posterior(taken, values, share).draw(drawing, boldness)
            if self._offsets is not None:
                boldness *= _BOLDER
            starts = [*elite, *(uniform(self._feasible, rng) for _ in range(_STARTS))]
            worth = self._options.rows(starts) @ weights
            climbed = [
                self._climb(dict(starts[place]), weights) for place in np.argsort(-worth)[:_CLIMBED]
            ]
            yield climbed[int(np.argmax(self._options.rows(climbed) @ weights))]

    def trust(self, history: History) -> tuple[float, ...]:
        """How likely each prior holds here, after the trials of ``history``, from 0 to 1.

        With several objectives that is in the first. Priors that say the same, or the opposite,
        share it.
        """
        if self._offsets is None:
            return ()
        past, taken = self._model(history)
        values = np.array([-trial.losses[0] for trial in past])
        return tuple(map(float, InformedPosterior.of(taken, values, self._offsets).trust))

    def _model(self, history: History) -> tuple[tuple[Past, ...], Floats]:
        """The trials that are modelled, and their options."""
        past = remembered(history.complete, self._best, self._recent) if history.complete else ()
        return past, self._options.rows([trial.assignment for trial in past])

    def _posterior(
        self, taken: Floats, values: Floats, share: float
    ) -> Posterior | InformedPosterior:
        if self._offsets is None:
            return Posterior.of(taken, values)
        return InformedPosterior.of(taken, values, self._offsets.weighed(share))

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


def _scalars(past: Sequence[Past], drawing: np.random.Generator) -> tuple[Floats, float]:
    """One number per trial, the more the better, and the first objective's share of it.

    It is the only objective, or all objectives weighed at random. Priors are of the first: they say
    as much of the number as it has of it.
    """
    losses = np.array([trial.losses for trial in past])
    span = np.ptp(losses, axis=0)
    scaled = (losses - losses.min(axis=0)) / np.where(span > 0, span, 1.0)
    if losses.shape[1] == 1:
        return np.asarray(-scaled[:, 0]), 1.0
    weights = drawing.dirichlet(np.ones(losses.shape[1]))
    weighed = scaled * weights
    values = -(weighed.max(axis=1) + 0.05 * weighed.sum(axis=1))
    return np.asarray(values), float(weights[0])
