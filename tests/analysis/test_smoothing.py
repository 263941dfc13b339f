"""Laws of smoothed scores."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from seesawnas.analysis.linear_model import Floats
from seesawnas.analysis.smoothing import Smoothing, ridge


def networks(seed: int, count: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [
        {
            "width": rng.choice([8, 16, 32]),
            "kind": rng.choice(["a", "b"]),
            "depth": rng.randint(1, 4),
        }
        for _ in range(count)
    ]


def worths(options: list[dict[str, Any]]) -> Floats:
    return np.array(
        [one["width"] / 16 + (one["kind"] == "a") + one["depth"] / 4 for one in options]
    )


def noise(seed: int, count: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(count)


@given(
    seed=st.integers(0, 99),
    own=st.floats(0, 1),
    factor=st.floats(0.01, 100),
    shift=st.floats(-9, 9),
)
def test_units_do_not_matter(seed: int, own: float, factor: float, shift: float) -> None:
    options = networks(seed, 12)
    scores = worths(options) + noise(seed, 12)
    one, other = (ridge(options, y, own=own) for y in (scores, shift + factor * scores))
    np.testing.assert_allclose(other.values, shift + factor * one.values, rtol=1e-6, atol=1e-6)
    assert other.r2 == pytest.approx(one.r2, abs=1e-6)


@given(seed=st.integers(0, 99))
def test_the_order_of_the_trials_does_not_matter(seed: int) -> None:
    options = networks(seed, 15)
    scores, order = worths(options) + noise(seed, 15), np.random.default_rng(seed).permutation(15)
    found = ridge([options[place] for place in order], scores[order], own=0.25)
    np.testing.assert_allclose(found.values, ridge(options, scores, own=0.25).values[order])


@given(seed=st.integers(0, 99), own=st.floats(0, 1))
def test_a_score_is_weighed_against_what_the_others_predict(seed: int, own: float) -> None:
    options = networks(seed, 15)
    scores = worths(options) + noise(seed, 15)
    found = ridge(options, scores, own=own)
    mixed = found.weights * scores + (1 - found.weights) * found.predicted
    np.testing.assert_allclose(found.values, mixed)
    assert (found.weights >= own - 1e-9).all()
    assert (found.weights <= 1 + 1e-9).all()


def test_a_prediction_does_not_know_its_own_score() -> None:
    options = networks(0, 30)
    scores = worths(options) + noise(0, 30)
    changed = scores.copy()
    changed[3] += 1e-3
    before, after = (ridge(options, y, own=0.0).predicted for y in (scores, changed))
    assert abs(after[3] - before[3]) < 1e-5
    assert np.abs(after - before).max() > 1e-5


def test_what_options_say_helps_and_what_they_do_not_say_is_kept() -> None:
    options = networks(1, 100)
    truth = worths(options)
    noisy = truth + noise(1, 100)
    found = ridge(options, noisy, own=0.25)
    assert found.r2 > 0.2
    assert kendalltau(found.values, truth)[0] > kendalltau(noisy, truth)[0] + 0.1
    assert ridge(options, noise(2, 100), own=0.25).r2 < 0.05
    np.testing.assert_allclose(ridge(options, noisy, own=1.0).values, noisy)


@pytest.mark.parametrize("options", [[{"width": 8}] * 4, [{}, {}, {"width": 8}, {"width": 8}]])
def test_options_that_do_not_vary_or_lack(options: list[dict[str, Any]]) -> None:
    found: Smoothing = ridge(options, np.array([1.0, 2.0, 3.0, 4.0]), own=0.25)
    assert np.isfinite(found.values).all()
    assert (np.diff(found.values) > 0).all()


def test_equal_scores_stay() -> None:
    found = ridge(networks(0, 5), np.full(5, 0.8), own=0.25)
    assert found.values.tolist() == [0.8] * 5
    assert found.r2 == 0.0
