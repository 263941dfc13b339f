"""How much worse the linear model predicts unseen trials when a decision is removed from it.

Every trial in turn is predicted from all the others, which ridge regression has in closed form
(PRESS; Allen, 1974), so that hundreds of shuffled qualities cost little more than one. The penalty
is chosen separately for each of them, as for the true one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seesawnas.analysis.linear_model import PENALTIES, Floats, Posterior, evidence

SHUFFLES = 199
_PENALTIES = np.array([*PENALTIES, 300.0, 1000.0, 3000.0])
PARTS = 60
"""Models that :func:`unseen_r2` fits at most."""
FALSE_ALARMS = 0.05
"""The share of studies of pure noise in which any decision at all clears the floor."""


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """How well a linear model predicts unseen trials, and how much of it each decision brings.

    Attributes:
        r2: Of the predicted metric, at most 1, below 0 if the mean predicts better.
        drops: How much of ``r2`` each decision brings.
        floor: What the largest drop of shuffled qualities passes in one of twenty.
        weights: Of each decision's columns.
    """

    r2: float
    drops: tuple[float, ...]
    floor: float
    weights: tuple[Floats, ...]


def leave_one_out(columns: Sequence[Floats], quality: Floats, seed: int = 0) -> LeaveOneOut:
    """How well the linear model predicts each trial from the others, with and without decisions.

    Args:
        columns: Those of each decision, (trials, options), centred.
        quality: Of each trial, (trials,).
        seed: Of the shuffles.
    """
    # So that equal ones have a mean of exactly 0.
    rng, quality = (
        np.random.default_rng(seed),
        quality - quality[0],
    )
    shuffled = [rng.permutation(quality) for _ in range(SHUFFLES)]
    values = np.stack([quality, *shuffled], axis=1)
    values = values - values.mean(axis=0)
    whole = np.concatenate(columns, axis=1)
    penalties = _penalties(whole, values)
    r2 = _predicted(whole, values, penalties)
    drops = np.zeros((len(columns), values.shape[1]))
    for place, own in enumerate(columns):
        if own.any():  # else one option alone was taken
            others = np.concatenate(
                [*columns[:place], np.zeros((len(quality), 1)), *columns[place + 1 :]], axis=1
            )
            drops[place] = r2 - _predicted(others, values, penalties)
    highest = np.sort(drops[:, 1:].max(axis=0))[::-1]
    floor = highest[round(FALSE_ALARMS * (SHUFFLES + 1)) - 1]
    weights = np.split(
        Posterior.of(whole, quality).mean, np.cumsum([own.shape[1] for own in columns])[:-1]
    )
    return LeaveOneOut(float(r2[0]), tuple(map(float, drops[:, 0])), float(floor), tuple(weights))


def unseen_r2(columns: Floats, quality: Floats) -> float:
    """R^2 of predicting trials that the linear model was not fitted to; at most 1.

    The penalty, too, is chosen without them. Each trial is left out alone, of more than
    :data:`PARTS` trials one in so many at a time.

    Args:
        columns: (trials, options).
        quality: Of each trial, (trials,); not all equal.
    """
    trials = len(quality)
    order = np.random.default_rng(0).permutation(trials)
    errors, means = 0.0, 0.0
    for unseen in np.array_split(order, min(trials, PARTS)):
        others = np.setdiff1d(order, unseen)
        mean = quality[others].mean()
        rows = columns[unseen] - columns[others].mean(axis=0)
        predicted = mean + rows @ Posterior.of(columns[others], quality[others]).mean
        errors += float(((quality[unseen] - predicted) ** 2).sum())
        means += float(((quality[unseen] - mean) ** 2).sum())
    return 1 - errors / means


def _penalties(x: Floats, values: Floats) -> Floats:
    """(qualities,): of the highest marginal likelihood."""
    left, singular, _ = np.linalg.svd(x, full_matrices=False)
    projected = left.T @ values
    return np.array(
        [
            evidence(singular**2, projected[:, n], values[:, n], _PENALTIES)[0]
            for n in range(values.shape[1])
        ]
    )


def _predicted(x: Floats, values: Floats, penalties: Floats) -> Floats:
    """R^2 of predicting each trial from the others, (qualities,).

    That is 1 - the squared errors of these predictions, over those of the others' mean.
    """
    trials = len(values)
    # Much faster than the singular values of x, if trials are many.
    squares, axes = np.linalg.eigh(x.T @ x)
    along, errors = x @ axes, np.zeros(values.shape[1])
    for penalty in np.unique(penalties):
        some = penalties == penalty
        kept = 1 / (np.maximum(squares, 0) + penalty)
        leverage = 1 / trials + along**2 @ kept
        missed = values[:, some] - along @ (kept[:, None] * (along.T @ values[:, some]))
        errors[some] = ((missed / (1 - leverage)[:, None]) ** 2).sum(axis=0)
    means = ((values * trials / (trials - 1)) ** 2).sum(axis=0)
    return np.where(means > 0, 1 - errors / np.where(means > 0, means, 1.0), 0.0)
