"""Smoothed scores: what a network's score becomes if the other trials are listened to.

One training is a noisy measurement. The trials of a study share their options, so a model of
the scores on the options says what each network should have scored; a mixture of both ranks the
networks better than the scores alone (James and Stein, 1961; Efron and Morris, 1975, "Data analysis
using Stein's estimator and its generalizations").

The model is ridge regression of the scores on the options, in its dual form, on the share of
options that two networks have in common (Gower, 1971): score = f(options) + rest. Its distances and
penalties are averaged by their marginal likelihood within the study (MacKay, 1992, "Bayesian
interpolation"), so that without a signal every prediction is the mean, and the order stays. What
the model leaves unexplained is partly the network's own and partly the seed's. One seed per network
cannot tell them apart: half of it is kept. On studies/lfw_proxies the network's part is 0.57.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
OWN = 0.5
"""The share of what the model leaves unexplained that counts as the network's own."""
LINEAR = (0.0,)
GAUSSIAN_PROCESS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Decays of kernels exp(-decay x distance); 0 is their limit, linear in the options."""
LOSS_SHARES = (0.0, 1 / 3, 2 / 3)
"""Of the signal, that may come from the training loss."""
SIGNALS = np.array([0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
"""Variances of f over that of the rest; 0 is a study whose options say nothing."""


@dataclass(frozen=True, slots=True)
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


def smooth(
    options: Sequence[Mapping[str, Any]],
    scores: Floats,
    *,
    own: float = OWN,
    loss: Floats | None = None,
    decays: Sequence[float] = LINEAR,
    ordered: Sequence[bool] = (False, True),
) -> Smoothing:
    """Mix each trial's score with what the other trials predict for it.

    Args:
        options: Of each trial, by decision. A trial without options is predicted by the mean.
        scores: Of each trial, (trials,), the more the better, all finite.
        own: The share of the unexplained that is kept, 0 (the model's fit) to 1 (the scores).
        loss: Summed training loss of each trial, (trials,), another feature of the model; None for
            the options alone.
        decays: Of the kernels that are averaged.
        ordered: Whether numbers further apart are more different; both are averaged.

    Raises:
        ValueError: If there are fewer than 3 trials, or not a score for each.
    """
    trials = len(scores)
    if trials < 3 or len(options) != trials:
        raise ValueError(
            f"must be a score for each of 3 trials or more, got {len(options)} trials and "
            f"{trials} scores"
        )
    mean = float(scores.mean())
    y = scores - mean
    fits, leverages, likelihoods = list[Floats](), list[Floats](), list[float]()
    for kernel in _kernels(options, decays, ordered, loss):
        for fit, leverage, likelihood in _fits(kernel, y):
            fits.append(fit)
            leverages.append(leverage)
            likelihoods.append(likelihood)
    weights = np.exp(np.array(likelihoods) - max(likelihoods))
    weights /= weights.sum()
    fit, leverage = weights @ np.stack(fits), weights @ np.stack(leverages)
    # A linear smoother's prediction from the other trials (PRESS; Allen, 1974).
    predicted = (fit - leverage * y) / (1.0 - leverage)
    errors, alone = float(((y - predicted) ** 2).sum()), float((y**2).sum())
    alone *= (trials / (trials - 1)) ** 2
    return Smoothing(
        mean + fit + own * (y - fit),
        mean + predicted,
        leverage + own * (1.0 - leverage),
        1.0 - errors / alone if alone > 0 else 0.0,
    )


def _fits(kernel: Floats, y: Floats) -> list[tuple[Floats, Floats, float]]:
    """The fit, the leverages and the log marginal likelihood under each of :data:`SIGNALS`.

    The likelihood is that of the contrasts of ``y``, free of the mean (REML).
    """
    trials = len(y)
    if not kernel.any() or not y.any():
        return [(np.zeros(trials), np.full(trials, 1.0 / trials), 0.0)]
    squares, axes = np.linalg.eigh(kernel)
    squares = np.maximum(squares, 0.0)
    along = axes.T @ y
    # The constant is an axis of eigenvalue 0, along which y is 0.
    found = []
    for signal in SIGNALS:
        factors = 1.0 + signal * squares
        variance = float((along**2 / factors).sum()) / (trials - 1)
        likelihood = -0.5 * ((trials - 1) * np.log(variance) + float(np.log(factors).sum()))
        kept = 1.0 - 1.0 / factors
        found.append((axes @ (kept * along), 1.0 / trials + axes**2 @ kept, likelihood))
    return found


def _kernels(
    options: Sequence[Mapping[str, Any]],
    decays: Sequence[float],
    ordered: Sequence[bool],
    loss: Floats | None,
) -> list[Floats]:
    """Kernels, (trials, trials), centred, 1 on the diagonal on average; 0 where nothing varies."""
    names = list(dict.fromkeys(name for taken in options for name in taken))
    columns = [[taken.get(name) for taken in options] for name in names]
    columns = [column for column in columns if len(set(map(repr, column))) > 1]
    found = [np.zeros((len(options), len(options)))]
    if columns:
        found = []
        bare = np.array([not taken for taken in options])
        for order in ordered:
            distance = np.mean([_distance(column, order) for column in columns], axis=0)
            distance[bare] = distance[:, bare] = 1.0
            np.fill_diagonal(distance, 0.0)
            found += [np.exp(-decay * distance) if decay else 1.0 - distance for decay in decays]
    found = [_centred(kernel) for kernel in found]
    if loss is None:
        return found
    of_loss = _centred(np.outer(loss - loss.mean(), loss - loss.mean()))
    return [(1.0 - share) * kernel + share * of_loss for kernel in found for share in LOSS_SHARES]


def _centred(kernel: Floats) -> Floats:
    centred = kernel - kernel.mean(axis=0) - kernel.mean(axis=1)[:, None] + kernel.mean()
    spread = float(np.trace(centred)) / (len(kernel) - 1)
    return centred / spread if spread > 1e-12 else np.zeros_like(kernel)


def _distance(column: Sequence[Any], order: bool) -> Floats:
    """(trials, trials), 0 to 1: if the options differ; for numbers in order, by how many places."""
    texts = [repr(option) for option in column]
    if order and all(_is_number(option) for option in column):
        levels = sorted(set(column))
        places = np.array([levels.index(option) for option in column], dtype=np.float64)
        return np.asarray(np.abs(places[:, None] - places) / (len(levels) - 1))
    _, codes = np.unique(texts, return_inverse=True)
    return (codes[:, None] != codes).astype(np.float64)


def _is_number(option: Any) -> bool:
    return isinstance(option, int | float) and not isinstance(option, bool)
