"""How far earlier studies are trusted: as far as the trials of this study confirm them.

The scores of the trials, standardised, are modelled as

    y = sum over k of scale_k * p_k + X w + noise,    w ~ N(0, variance / penalty),

with p_k what the linear model of the k-th earlier study predicts, in its own standard deviations,
and X the options. The scales, in halves of at most 2 together, and the penalty are weighed by the
marginal likelihood (MacKay, 1992, "Bayesian interpolation"), and each proposal draws one of each.
An earlier study that misleads is dropped after a few trials; what is not as it says, w corrects. A
scale may be above 1: trials that were all chosen as good vary less than networks do. While trials
are few, w is drawn with less than its deviation where a scale above 0 is drawn.

Only the sum of scale_k * p_k meets the trials. So earlier studies that say the same, or the
opposite, share trust: each of two copies has less than one alone, and one that contradicts a good
one keeps some, as a part that the other outweighs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from seesawnas.analysis.linear_model import PENALTIES, Floats

_STEP, _STEPS = 0.5, 4
_NO_TRUST = 0.35
"""The probability, before any trial, that the earlier studies say nothing."""
_TRIALS, _VARIANCE = 2.0, 0.5
"""What is known of the noise before any trial: as much as so many trials of this variance say, so
that two or three trials do not seem to be free of it (an inverse gamma distribution)."""

_CAUTIOUS = 20
"""Trials until which the deviation drawn beside trusted studies grows to its full size. While
trials are few it is as large, in every option, as what they say: drawn whole, it hides them."""


@dataclass(frozen=True, slots=True)
class Offsets:
    """What earlier studies found, and how far they may be trusted.

    Attributes:
        columns: (options, priors), the weights of the options in each.
        scales: (hypotheses, priors), by which they are multiplied.
        log_prior: (hypotheses,), the logarithm of each one's probability before any trial.
        share: How much of what is modelled the earlier studies are of, from 0 to 1.
    """

    columns: Floats
    scales: Floats
    log_prior: Floats
    share: float = 1.0

    @classmethod
    def of(cls, columns: Sequence[Floats]) -> Offsets:
        """Consider every division of every sum of scales; each sum above 0 is equally likely.

        Args:
            columns: (options,), of each earlier study.
        """
        every = product(range(_STEPS + 1), repeat=len(columns))
        steps = np.array([one for one in every if sum(one) <= _STEPS])
        sums = steps.sum(axis=1)
        alike = np.bincount(sums)[sums]
        likely = np.where(sums == 0, _NO_TRUST, (1 - _NO_TRUST) / _STEPS / alike)
        return cls(np.stack(columns, axis=1), _STEP * steps, np.log(likely))

    def weighed(self, weight: float) -> Offsets:
        """What they say of a sum in which what they are of has this weight."""
        if weight == 1.0:
            return self
        return replace(self, columns=weight * self.columns, share=weight)


@dataclass(frozen=True)
class InformedPosterior:
    """The posterior of the weights of the options, given earlier studies.

    Attributes:
        offsets: What the earlier studies found.
        trials: How many are given.
        probabilities: (hypotheses, penalties), of scales and penalties, given the trials.
        variances: (hypotheses, penalties), of the noise.
        projected: (hypotheses, options), what the scales leave unexplained, on the singular axes.
        squares: (options,), of the singular values of the trials' centred options.
        axes: (options, options), a right singular vector a row.
    """

    offsets: Offsets
    trials: int
    probabilities: Floats
    variances: Floats
    projected: Floats
    squares: Floats
    axes: Floats

    @classmethod
    def of(cls, taken: Floats, values: Floats, offsets: Offsets) -> InformedPosterior:
        """Given ``values`` (trials,), the more the better, of ``taken`` (trials, options)."""
        x, y = _centred(taken), _standardised(values)
        left, singular, axes = np.linalg.svd(x, full_matrices=True)
        rank, size = len(singular), len(axes)
        squares, along = np.zeros(size), np.zeros(size)
        squares[:rank] = singular**2
        along[:rank] = left[:, :rank].T @ y
        predicted = np.sqrt(squares)[:, None] * (axes @ offsets.columns)
        projected = along - offsets.scales @ predicted.T
        outside = max(0.0, float(y @ y - along @ along))
        factors = 1.0 + squares / PENALTIES[:, None]
        errors = _TRIALS * _VARIANCE + outside + projected**2 @ (1.0 / factors).T
        degrees = _TRIALS + max(0, len(y) - 1)
        logs = -0.5 * (degrees * np.log(errors) + np.log(factors).sum(axis=1))
        logs += offsets.log_prior[:, None]
        likely = np.exp(logs - logs.max())
        probabilities = likely / likely.sum()
        return cls(offsets, len(values), probabilities, errors / degrees, projected, squares, axes)

    @cached_property
    def trust(self) -> Floats:
        """(priors,): the probability that each says something of these trials, from 0 to 1.

        Priors that say the same, or the opposite, share it.
        """
        return np.asarray(self.probabilities.sum(axis=1) @ (self.offsets.scales > 0))

    def draw(self, drawing: np.random.Generator, boldness: float) -> Floats:
        """(options,): weights, of scales and a penalty that are drawn too.

        ``boldness`` is the share of the deviation of the weights that is drawn; in the first trials
        less of it, if the scales drawn say that an earlier study holds.
        """
        flat = self.probabilities.ravel()
        place, penalty = divmod(int(drawing.choice(len(flat), p=flat)), len(PENALTIES))
        damped = self.squares + PENALTIES[penalty]
        mean = np.sqrt(self.squares) * self.projected[place] / damped
        deviation = np.sqrt(self.variances[place, penalty] / damped)
        if self.offsets.scales[place].any():
            known = min(1.0, self.trials / _CAUTIOUS)
            boldness *= 1.0 - self.offsets.share * (1.0 - known)
        drawn = mean + boldness * deviation * drawing.standard_normal(len(damped))
        return np.asarray(self.axes.T @ drawn + self.offsets.columns @ self.offsets.scales[place])


def _centred(taken: Floats) -> Floats:
    return taken - taken.mean(axis=0) if len(taken) else taken


def _standardised(values: Floats) -> Floats:
    if not len(values):
        return values
    spread = float(values.std())
    return np.asarray((values - values.mean()) / (spread if spread > 0 else 1.0))
