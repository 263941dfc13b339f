"""Smoothed scores: what a network's score becomes if the other trials of its study are listened to.

One training is a noisy measurement. The trials of a study share their options, so a model of the
scores on the options says what each network should have scored, and networks can be ranked by a
mixture of both (James and Stein, 1961; Efron and Morris, 1975, "Data analysis using Stein's
estimator and its generalizations").

A model is score = f(options) + rest. What it leaves unexplained is partly the network's own and
partly the seed's. One seed per network cannot tell them apart: a share of it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from seesawnas.analysis.linear_model import Floats

Options: TypeAlias = Sequence[Mapping[str, Any]]
SIGNALS = np.array([0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
"""Variances of f over that of the rest; 0 is a study whose options say nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Smoothing:
    """The smoothed scores of a study.

    Attributes:
        values: Smoothed scores, (trials,), in the unit of the scores.
        predicted: What a model of the other trials predicts for each, (trials,).
        weights: The weight of each trial's own score beside ``predicted``, 0 to 1, (trials,).
        r2: Of ``predicted``: 1 minus its squared errors over those of the others' mean. At most
            1; 0 or below if the options predict nothing.
    """

    values: Floats
    predicted: Floats
    weights: Floats
    r2: float


def ridge(options: Options, scores: Floats, *, own: float) -> Smoothing:
    """Smooth by ridge regression on the options.

    They are coded as names and, if they are numbers, also in their order; codings and penalties are
    averaged by their marginal likelihood within the study (MacKay, 1992, "Bayesian interpolation"),
    so that without a signal every prediction is the mean, and the order stays.

    Args:
        options: Of each trial, by decision; one that a trial lacks is an option, too.
        scores: Of each trial, (trials,), the more the better, all finite.
        own: The share of the unexplained that is kept, 0 (the model's fit) to 1 (the scores).
    """
    kernels = [centred(1.0 - distances(options, in_order)) for in_order in (False, True)]
    return smoothed(kernels, scores, own)


def smoothed(kernels: Sequence[Floats], scores: Floats, own: float) -> Smoothing:
    """Smooth by Gaussian processes of these ``kernels`` (trials, trials), averaged by likelihood.

    See :func:`ridge` for the others.
    """
    trials, mean = len(scores), float(scores.mean())
    y = scores - mean
    if not np.ptp(scores) > 0:
        return Smoothing(scores, scores, np.ones(trials), 0.0)
    fits = [one for kernel in kernels for one in _fits(kernel, y)]
    likelihoods = np.array([likelihood for _, _, likelihood in fits])
    shares = np.exp(likelihoods - likelihoods.max())
    shares /= shares.sum()
    fit = shares @ np.stack([fit for fit, _, _ in fits])
    leverage = shares @ np.stack([leverage for _, leverage, _ in fits])
    # A linear smoother's prediction from the other trials (PRESS; Allen, 1974).
    predicted = (fit - leverage * y) / (1.0 - leverage)
    errors = float(((y - predicted) ** 2).sum())
    alone = float((y**2).sum()) * (trials / (trials - 1)) ** 2
    return Smoothing(
        mean + fit + own * (y - fit),
        mean + predicted,
        leverage + own * (1.0 - leverage),
        1.0 - errors / alone,
    )


def _fits(kernel: Floats, y: Floats) -> list[tuple[Floats, Floats, float]]:
    """The fit, the leverages and the log marginal likelihood under each of :data:`SIGNALS`.

    The likelihood is that of the contrasts of ``y``, free of the mean (REML): the constant is an
    axis of eigenvalue 0, along which y is 0.
    """
    trials = len(y)
    squares, axes = np.linalg.eigh(kernel)
    squares, along = np.maximum(squares, 0.0), axes.T @ y
    found = []
    for signal in SIGNALS:
        factors = 1.0 + signal * squares
        variance = float((along**2 / factors).sum()) / (trials - 1)
        likelihood = -0.5 * ((trials - 1) * np.log(variance) + float(np.log(factors).sum()))
        kept = 1.0 - 1.0 / factors
        found.append((axes @ (kept * along), 1.0 / trials + axes**2 @ kept, likelihood))
    return found


def distances(options: Options, in_order: bool) -> Floats:
    """(trials, trials): the share of the varying decisions in which two differ (Gower, 1971).

    If ``in_order``, numbers differ by how many of the levels lie between them.
    """
    names = dict.fromkeys(name for taken in options for name in taken)
    columns = [[taken.get(name) for taken in options] for name in names]
    parts = [_distance(column, in_order) for column in columns if len(set(map(repr, column))) > 1]
    if not parts:
        return np.zeros((len(options), len(options)))
    return np.asarray(np.mean(parts, axis=0))


def _distance(column: Sequence[Any], in_order: bool) -> Floats:
    if in_order and all(is_number(option) for option in column):
        levels = sorted(set(column))
        places = np.array([levels.index(option) for option in column], dtype=np.float64)
        return np.asarray(np.abs(places[:, None] - places) / (len(levels) - 1))
    _, codes = np.unique([repr(option) for option in column], return_inverse=True)
    return np.asarray(codes[:, None] != codes, dtype=np.float64)


def is_number(option: Any) -> bool:
    """Whether an option has a place in an order."""
    return isinstance(option, int | float) and not isinstance(option, bool)


def centred(kernel: Floats) -> Floats:
    """Centred, 1 on the diagonal on average."""
    found = kernel - kernel.mean(axis=0) - kernel.mean(axis=1)[:, None] + kernel.mean()
    size = float(np.trace(found))
    return np.asarray(found * (len(kernel) - 1) / size) if size > 0 else found
