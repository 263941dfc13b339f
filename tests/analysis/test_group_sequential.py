"""The group-sequential t-test against simulation, tables and its laws."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from benchmarks.bench_confirm import crossings, t_statistics
from seesawnas.analysis.group_sequential import critical_values, judge, look
from seesawnas.analysis.spending import FIRST_LOOK, spent

NORMAL = st.lists(
    st.floats(-1, 1, allow_nan=False, width=32).map(lambda value: round(value, 4)),
    min_size=0,
    max_size=8,
)


def bound(most: int, alpha: float) -> NDArray[np.float64]:
    return np.array(critical_values(most, alpha)[1:])


def test_a_single_look_is_the_t_test() -> None:
    assert critical_values(FIRST_LOOK, 0.05)[FIRST_LOOK] == pytest.approx(
        stats.t.isf(0.025, FIRST_LOOK - 1), rel=1e-3
    )


def test_each_look_spends_what_it_may_and_all_together_alpha() -> None:
    most, experiments = 8, 200_000
    null = t_statistics(np.random.default_rng(0).normal(size=(experiments, most)))
    found, used = crossings(null, bound(most, 0.05))
    shares = np.bincount(used[found], minlength=most + 1)[FIRST_LOOK:] / experiments
    planned = np.diff([0.0, *(spent(n, most, 0.05) for n in range(FIRST_LOOK, most + 1))])
    errors = np.sqrt(planned / experiments)
    assert np.abs(shares - planned).max() < 4 * errors.max()
    assert found.mean() == pytest.approx(0.05, abs=4 * (0.05 * 0.95 / experiments) ** 0.5)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3])
def test_of_1000_nulls_looked_at_after_every_seed_at_most_alpha_is_found(alpha: float) -> None:
    experiments, most = 1000, 12
    draws = np.random.default_rng(1).normal(size=(experiments, most))
    found = crossings(t_statistics(draws), bound(most, alpha))[0].mean()
    assert found <= alpha + 3 * (alpha * (1 - alpha) / experiments) ** 0.5
    careless = np.where(np.arange(1, most + 1) < FIRST_LOOK, inf, 2.2)
    assert crossings(t_statistics(draws), careless)[0].mean() > 0.1


def test_judging_one_by_one_is_what_the_simulation_does() -> None:
    draws = np.random.default_rng(2).normal(0.9, 1.0, size=(60, 7))
    found, used = crossings(t_statistics(draws), bound(7, 0.05))
    looks = [judge(row.tolist(), most=7, alpha=0.05) for row in draws]
    assert [one.judgement != "not resolved" for one in looks] == found.tolist()
    assert [one.n for one in looks] == used.tolist()


def test_power_is_near_that_of_the_t_test_with_fewer_seeds() -> None:
    most, size = 10, 1.0
    draws = np.random.default_rng(3).normal(size, 1.0, size=(4000, most))
    found, used = crossings(t_statistics(draws), bound(most, 0.05))
    fixed = float(stats.nct.sf(stats.t.isf(0.025, most - 1), most - 1, size * sqrt(most)))
    assert fixed - 0.1 < found.mean() < fixed
    assert used.mean() < 8.5


@pytest.mark.parametrize("most", [3, 5, 20])
def test_a_smaller_alpha_asks_for_more_at_every_look(most: int) -> None:
    strict, mild = critical_values(most, 0.01), critical_values(most, 0.05)
    assert all(one > other for one, other in zip(strict[3:], mild[3:], strict=True))
    assert list(mild[FIRST_LOOK:]) == sorted(mild[FIRST_LOOK:], reverse=True)
    assert mild[:FIRST_LOOK] == (inf,) * FIRST_LOOK


@given(NORMAL)
@settings(max_examples=60, deadline=None)
def test_turning_the_differences_turns_the_verdict(differences: list[float]) -> None:
    turned = {"better": "worse", "worse": "better"}
    one = judge(differences, most=8, alpha=0.2, margin=0.1)
    other = judge([-value for value in differences], most=8, alpha=0.2, margin=0.1)
    assert other.judgement == turned.get(one.judgement, one.judgement)
    assert other.n == one.n
    if one.low is not None:
        assert other.high == pytest.approx(-one.low)


@given(NORMAL, st.lists(st.floats(-1, 1), max_size=3))
@settings(max_examples=60, deadline=None)
def test_what_comes_after_a_verdict_does_not_change_it(
    differences: list[float], later: list[float]
) -> None:
    one = judge(differences, most=11, alpha=0.3)
    if one.judgement != "not resolved":
        assert judge([*differences, *later], most=11, alpha=0.3) == one


@given(NORMAL, st.sampled_from([0.5, 4.0]))
@settings(max_examples=60, deadline=None)
def test_the_unit_of_the_metric_does_not_matter(differences: list[float], scale: float) -> None:
    one = judge(differences, most=8, alpha=0.2, margin=0.1)
    other = judge([scale * value for value in differences], most=8, alpha=0.2, margin=0.1 * scale)
    assert (one.n, one.judgement) == (other.n, other.judgement)


def test_a_margin_has_three_answers_and_an_open_one() -> None:
    noise = np.array([0.01, -0.01, 0.008, -0.008, 0.009, -0.009, 0.0, 0.004])
    found = {
        shift: judge((noise + shift).tolist(), most=8, alpha=0.05, margin=0.05).judgement
        for shift in (0.2, -0.2, 0.0, 0.05)
    }
    assert found == {0.2: "better", -0.2: "worse", 0.0: "equivalent", 0.05: "not resolved"}


def test_before_the_first_look_and_without_a_spread_there_is_no_interval() -> None:
    assert judge([], most=5, alpha=0.05).mean is None
    assert look([0.1, 0.2], most=5, alpha=0.05).low is None
    same = look([0.1, 0.1, 0.1, 0.1], most=5, alpha=0.05)
    assert same.mean == pytest.approx(0.1)
    assert (same.low, same.judgement) == (None, "not resolved")


def test_seeds_beyond_the_most_are_not_looked_at() -> None:
    wild = [1.0, -1.0, 0.5, 3.0, 3.1, 3.2]
    assert judge(wild, most=3, alpha=0.05) == judge(wild[:3], most=3, alpha=0.05)
