"""Schedules: plain functions of progress in [0, 1).

So a short proxy and a long run share one recipe.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

Decay = Literal["cosine", "linear", "steps", "none"]

PAPER_STEPS = (9 / 16, 13 / 16, 15 / 16)
"""The Seesaw paper's: after epochs 9, 13 and 15 of 16 (arXiv 1908.09124)."""


def ramp(progress: float, share: float) -> float:
    """Rise linearly from 0 to 1 over the first ``share`` of the training, then stay at 1."""
    return 1.0 if progress >= share else progress / share


def learning_rate_factor(
    progress: float,
    *,
    warm_up: float,
    decay: Decay,
    steps: Sequence[float] = PAPER_STEPS,
    factor: float = 0.1,
) -> float:
    """Factor of the peak learning rate: it rises over ``warm_up``, then falls.

    Decay "steps" multiplies by ``factor`` at each of ``steps``, fractions of the whole training;
    the smooth ones fall over the part after the warm-up.
    """
    if progress < warm_up:
        return ramp(progress, warm_up)
    if decay == "steps":
        return float(factor ** sum(progress >= step for step in steps))
    return SMOOTH[decay]((progress - warm_up) / (1.0 - warm_up))


def _cosine(progress: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def _linear(progress: float) -> float:
    return 1.0 - progress


def _none(progress: float) -> float:
    return 1.0


SMOOTH: dict[Decay, Callable[[float], float]] = {
    "cosine": _cosine,
    "linear": _linear,
    "none": _none,
}
