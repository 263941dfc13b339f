"""Thompson sampling of a linear model: what each option adds to the score, drawn from what is known of it.

Bayesian linear regression on the options (one number each), its penalty by the marginal likelihood (MacKay, 1992, "Bayesian
interpolation"). A proposal draws one set of weights from the posterior (Thompson, 1933) and climbs to a feasible network that
they favour, one changed decision at a time. In spaces whose decisions mostly add up, a few dozen trials tell much of every
network. Several objectives are scalarised anew for each proposal, by random weights (ParEGO; Knowles, 2006). Pruned trials are
left out: their scores are of another fidelity.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seesawnas.errors import SpecError
from seesawnas.search.samplers._base import History, Past
from seesawnas.search.samplers._random import uniform
from seesawnas.search.samplers._ranking import remembered
from seesawnas.space import Assignment, FeasibleSet

Floats: TypeAlias = npt.NDArray[np.float64]
_PENALTIES = np.array([0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
_STARTS = 24
_CLIMBED = 2


class LinearThompson:
    """Models the ``best`` trials and the ``recent`` ones; ``boldness`` is the share of the posterior's deviation drawn."""

    def __init__(self, feasible: FeasibleSet, best: int = 100, recent: int = 400, boldness: float = 0.5) -> None:
        self._feasible, self._best, self._recent, self._boldness = feasible, best, recent, boldness
        ends = np.cumsum([0, *(len(decision.options) for decision in feasible.decisions)])
        self._places = {
            decision.name: {option: int(start) + place for place, option in enumerate(decision.options)}
            for decision, start in zip(feasible.decisions, ends[:-1], strict=True)
        }
        self._size = int(ends[-1])

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """Networks, each the best that a climb found by weights of its own."""
        past = remembered(history.complete, self._best, self._recent)
        taken = self._matrix([trial.assignment for trial in past])
        drawing = np.random.default_rng(rng.getrandbits(64))
        elite = [trial.assignment for trial in sorted(past, key=lambda trial: trial.losses)[:_CLIMBED]]
        while True:
            posterior = Posterior.of(taken, _scalars(past, drawing))
            weights = posterior.draw(drawing, self._boldness)
            starts = [*elite, *(uniform(self._feasible, rng) for _ in range(_STARTS))]
            worth = self._matrix(starts) @ weights
            climbed = [self._climb(dict(starts[place]), weights) for place in np.argsort(-worth)[:_CLIMBED]]
            yield climbed[int(np.argmax(self._matrix(climbed) @ weights))]

    def _matrix(self, assignments: Sequence[Assignment]) -> Floats:
        """(networks, options): 1 where the option is taken."""
        found = np.zeros((len(assignments), self._size))
        for row, assignment in zip(found, assignments, strict=True):
            row[[self._places[name][option] for name, option in assignment.items()]] = 1.0
        return found

    def _climb(self, assignment: Assignment, weights: Floats) -> Assignment:
        """Take the change of one decision that gains most and fits, until none does."""
        while (better := self._step(assignment, weights)) is not None:
            assignment = better
        return assignment

    def _step(self, assignment: Assignment, weights: Floats) -> Assignment | None:
        gains = [
            (weights[place] - weights[places[assignment[name]]], place, name, option)
            for name, places in self._places.items()
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


@dataclass(frozen=True, slots=True)
class Posterior:
    """Of the weights of centred columns: normal, with ``mean`` and ``root`` root^T as its covariance."""

    mean: Floats
    root: Floats

    @classmethod
    def of(cls, taken: Floats, values: Floats) -> Posterior:
        """Given ``values`` (trials,), the more the better, of ``taken`` (trials, options)."""
        x, y = taken - taken.mean(axis=0), values - values.mean()
        left, singular, right = np.linalg.svd(x, full_matrices=True)
        squares = np.zeros(len(right))
        squares[: len(singular)] = singular**2
        projected = np.zeros(len(right))
        projected[: len(singular)] = left[:, : len(singular)].T @ y
        penalty, variance = _evidence(squares, projected, y)
        mean = right.T @ (np.sqrt(squares) * projected / (squares + penalty))
        return cls(mean, right.T * np.sqrt(variance / (squares + penalty)))

    def draw(self, drawing: np.random.Generator, boldness: float) -> Floats:
        """Weights, with ``boldness`` times the posterior's deviation."""
        return np.asarray(self.mean + boldness * (self.root @ drawing.standard_normal(self.root.shape[1])))


def _evidence(squares: Floats, projected: Floats, y: Floats) -> tuple[float, float]:
    """The penalty of the highest marginal likelihood, and the noise's variance under it.

    y ~ N(0, variance (I + X X^T / penalty)): in the basis of X's left singular vectors each component has the variance
    (1 + square / penalty), and what lies outside of them 1.
    """
    trials = max(1, len(y) - 1)
    outside = max(0.0, float(y @ y - projected @ projected))
    best, found = -np.inf, (float(_PENALTIES[0]), 1e-12)
    for penalty in _PENALTIES:
        factors = 1.0 + squares / penalty
        variance = max(1e-12, (float((projected**2 / factors).sum()) + outside) / trials)
        likelihood = -0.5 * (trials * np.log(variance) + float(np.log(factors).sum()))
        if likelihood > best:
            best, found = likelihood, (float(penalty), variance)
    return found


def _scalars(past: Sequence[Past], drawing: np.random.Generator) -> Floats:
    """One number a trial, the more the better: the only objective, or a random weighing of them all."""
    losses = np.array([trial.losses for trial in past])
    span = np.ptp(losses, axis=0)
    scaled = (losses - losses.min(axis=0)) / np.where(span > 0, span, 1.0)
    if losses.shape[1] == 1:
        return np.asarray(-scaled[:, 0])
    weighed = scaled * drawing.dirichlet(np.ones(losses.shape[1]))
    return np.asarray(-(weighed.max(axis=1) + 0.05 * weighed.sum(axis=1)))
