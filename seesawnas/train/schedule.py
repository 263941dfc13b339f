"""Schedules: plain functions of progress in [0, 1), so that a short proxy and a long run share one recipe."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

Decay = Literal["cosine", "linear", "steps"]


def ramp(progress: float, share: float) -> float:
    """Rise from 0 to 1 in a straight line over the first ``share`` of the training, then stay at 1."""
    return 1.0 if progress >= share else progress / share


def warm_up_then_decay(progress: float, *, warm_up: float, decay: Decay) -> float:
    """Factor of the peak learning rate: rises over ``warm_up``, then falls over what is left."""
    if progress < warm_up:
        return ramp(progress, warm_up)
    return DECAYS[decay]((progress - warm_up) / (1.0 - warm_up))


def _cosine(progress: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def _linear(progress: float) -> float:
    return 1.0 - progress


def _steps(progress: float) -> float:
    """The Seesaw paper's: divided by ten at epochs 9, 13 and 15 of 16 (arXiv 1908.09124)."""
    return float(0.1 ** sum(progress >= epoch / 16 for epoch in (9, 13, 15)))


DECAYS: dict[Decay, Callable[[float], float]] = {"cosine": _cosine, "linear": _linear, "steps": _steps}
