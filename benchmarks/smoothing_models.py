"""Other models that smooth the scores of a study than that of :mod:`seesawnas.analysis.smoothing`.

On studies/lfw_proxies, at 8x56, 0.57 of what a model leaves unexplained is the network's: half of
it is kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from benchmarks.drawn import Floats
from seesawnas.analysis import smoothing
from seesawnas.analysis.smoothing import (
    Options,
    Smoothing,
    centred,
    distances,
    is_number,
    smoothed,
)

OWN = 0.5
"""The share of what the model leaves unexplained that counts as the network's own."""
DECAYS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Of kernels exp(-decay x distance); 0 is their limit, linear in the options."""
LOSS_SHARES = (0.0, 1 / 3, 2 / 3)
"""Of the signal, that may come from the training loss."""
TREES = 100


def ridge(
    options: Options, scores: Floats, *, own: float = OWN, loss: Floats | None = None
) -> Smoothing:
    """Smooth by ridge regression on the options.

    ``loss`` is another feature, (trials,), such as the training loss summed over the epochs.
    """
    if loss is None:
        return smoothing.ridge(options, scores, own=own)
    kernels = [centred(1.0 - distances(options, in_order)) for in_order in (False, True)]
    return smoothed(_with_loss(kernels, loss), scores, own)


def gaussian_process(
    options: Options, scores: Floats, *, own: float = OWN, loss: Floats | None = None
) -> Smoothing:
    """Smooth by a Gaussian process whose kernels fall off with the options that differ.

    As :func:`ridge`, which is the first of :data:`DECAYS`.
    """
    kernels = [
        centred(np.exp(-decay * distance) if decay else 1.0 - distance)
        for distance in (distances(options, in_order) for in_order in (False, True))
        for decay in DECAYS
    ]
    return smoothed(kernels if loss is None else _with_loss(kernels, loss), scores, own)


def forest(
    options: Options, scores: Floats, *, own: float = OWN, loss: Floats | None = None
) -> Floats:
    """Smooth by a random forest: ``own`` of the score, the rest what the trees that did not see the
    network predict (out of bag), scaled by the regression of the scores on it, 0 to 1.
    """
    columns: list[list[Any]] = []
    for name in options[0]:
        column = [taken[name] for taken in options]
        if all(is_number(option) for option in column):
            columns.append(column)
        else:
            columns += [
                [option == one for option in column] for one in sorted(set(column), key=str)
            ]
    x = np.array([*columns, *([loss] if loss is not None else [])], dtype=np.float64).T
    trees = RandomForestRegressor(
        TREES, oob_score=True, max_features=1 / 3, min_samples_leaf=2, random_state=0
    )
    y = scores - scores.mean()
    predicted = np.asarray(trees.fit(x, scores).oob_prediction_) - scores.mean()
    slope = float(predicted @ y / max(1e-12, float(predicted @ predicted)))
    return np.asarray(scores.mean() + own * y + (1 - own) * min(1.0, max(0.0, slope)) * predicted)


def _with_loss(kernels: Sequence[Floats], loss: Floats) -> list[Floats]:
    """Each kernel with each of :data:`LOSS_SHARES` of a signal that is linear in the loss."""
    of_loss = centred(np.outer(loss - loss.mean(), loss - loss.mean()))
    return [(1.0 - share) * kernel + share * of_loss for kernel in kernels for share in LOSS_SHARES]
