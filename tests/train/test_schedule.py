"""Laws of the schedules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.train.schedule import DECAYS, Decay, ramp, warm_up_then_decay

_PROGRESS = st.floats(0.0, 1.0, exclude_max=True)
_SHARES = st.floats(0.0, 0.9)


@pytest.mark.parametrize("decay", DECAYS)
@given(_PROGRESS, _SHARES)
def test_a_learning_rate_is_never_negative_and_never_above_its_peak(
    decay: Decay, progress: float, warm_up: float
) -> None:
    assert 0.0 <= warm_up_then_decay(progress, warm_up=warm_up, decay=decay) <= 1.0


@pytest.mark.parametrize("decay", DECAYS)
@given(_PROGRESS, _PROGRESS)
def test_every_decay_starts_at_the_peak_and_only_falls(decay: Decay, first: float, second: float) -> None:
    early, late = sorted((first, second))
    assert DECAYS[decay](0.0) == 1.0
    assert DECAYS[decay](late) <= DECAYS[decay](early)


@given(_PROGRESS, _SHARES)
def test_a_ramp_rises_to_one_and_stays(progress: float, share: float) -> None:
    assert 0.0 <= ramp(progress, share) <= 1.0
    assert ramp(max(progress, share), share) == 1.0


def test_the_steps_are_those_of_the_paper() -> None:
    rates = [DECAYS["steps"](epoch / 16) for epoch in range(16)]
    assert rates == pytest.approx([1.0] * 9 + [0.1] * 4 + [0.01] * 2 + [0.001])
