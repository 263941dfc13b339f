"""Laws of the schedules."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.train.schedule import Decay, learning_rate_factor, ramp

_PROGRESS = st.floats(0.0, 1.0, exclude_max=True)
_SHARES = st.floats(0.0, 0.9)
_DECAYS = get_args(Decay)


@pytest.mark.parametrize("decay", _DECAYS)
@given(_PROGRESS, _SHARES)
def test_a_learning_rate_is_never_negative_and_never_above_its_peak(
    decay: Decay, progress: float, warm_up: float
) -> None:
    assert 0.0 <= learning_rate_factor(progress, warm_up=warm_up, decay=decay) <= 1.0


@pytest.mark.parametrize("decay", _DECAYS)
@given(_PROGRESS, _PROGRESS)
def test_every_decay_starts_at_the_peak_and_only_falls(
    decay: Decay, first: float, second: float
) -> None:
    early, late = sorted((first, second))
    assert learning_rate_factor(0.0, warm_up=0.0, decay=decay) == 1.0
    assert learning_rate_factor(late, warm_up=0.0, decay=decay) <= learning_rate_factor(
        early, warm_up=0.0, decay=decay
    )


@given(_PROGRESS, _SHARES)
def test_a_ramp_rises_to_one_and_stays(progress: float, share: float) -> None:
    assert 0.0 <= ramp(progress, share) <= 1.0
    assert ramp(max(progress, share), share) == 1.0


def test_the_steps_are_those_of_the_paper() -> None:
    rates = [learning_rate_factor(epoch / 16, warm_up=0.0, decay="steps") for epoch in range(16)]
    assert rates == pytest.approx([1.0] * 9 + [0.1] * 4 + [0.01] * 2 + [0.001])


def test_steps_are_shares_of_the_whole_training_whatever_the_warm_up() -> None:
    rates = [
        learning_rate_factor(p / 10, warm_up=0.2, decay="steps", steps=(0.5, 0.8), factor=0.5)
        for p in (1, 2, 5, 8)
    ]
    assert rates == pytest.approx([0.5, 1.0, 0.5, 0.25])
