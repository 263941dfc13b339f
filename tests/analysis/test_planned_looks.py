"""Planned looks: which differences a look is at, its p-values and intervals."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.bench_confirm import t_statistics
from seesawnas.analysis.group_sequential import critical_at, repeated_p
from seesawnas.analysis.planned_looks import mean_test, reached_looks
from seesawnas.analysis.spending import MOST_SEEDS, declared_looks, derived_looks

LOOKS = ((3, 0.5), (6, 1.0))
DONE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def test_differences_beyond_a_look_wait_for_the_next_one() -> None:
    first = reached_looks(LOOKS, DONE[:3])
    assert (first.values, first.looks) == ((0.1, 0.2, 0.3), ((3, 0.5),))
    assert first.next == (LOOKS,)
    assert reached_looks(LOOKS, DONE[:5]) == first
    last = reached_looks(LOOKS, DONE)
    assert (last.values, last.looks, last.next) == (DONE[:6], LOOKS, ())


def test_before_the_first_look_there_are_values_and_no_look() -> None:
    found = reached_looks(LOOKS, (0.1, 0.2))
    assert (found.values, found.looks, found.next) == ((0.1, 0.2), (), (LOOKS[:1], LOOKS))


@given(st.integers(2, 300))
def test_derived_looks_double_and_spend_all_of_alpha(first: int) -> None:
    looks = derived_looks(first)
    numbers, parts = zip(*looks, strict=True)
    assert numbers[0] == first
    assert all(two == 2 * one for one, two in pairwise(numbers))
    assert len(looks) == 1 or numbers[-1] <= MOST_SEEDS < 2 * numbers[-1]
    assert list(parts) == sorted(set(parts))
    assert parts[-1] == 1.0
    assert parts[0] == (0.75 if len(looks) > 1 else 1.0)


@given(st.lists(st.integers(2, MOST_SEEDS), min_size=1, max_size=6, unique=True).map(sorted))
def test_declared_looks_spend_little_early_and_all_of_alpha_at_last(numbers: list[int]) -> None:
    looks = declared_looks(numbers)
    assert [n for n, _ in looks] == numbers
    parts = [part for _, part in looks]
    assert parts == sorted(set(parts))
    assert parts[-1] == 1.0
    assert all(part <= n / numbers[-1] for n, part in looks)


@pytest.mark.parametrize(
    "looks", [derived_looks(5)[:3], declared_looks((3, 6, 9)), ((2, 0.5), (4, 1.0))]
)
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 8])
def test_each_look_finds_as_often_as_it_may_where_there_is_no_difference(
    looks: tuple[tuple[int, float], ...], alpha: float
) -> None:
    experiments = 200_000
    t = np.abs(t_statistics(np.random.default_rng(0).normal(size=(experiments, looks[-1][0]))))
    found = np.zeros(experiments, dtype=bool)
    for (n, part), critical in zip(looks, critical_at(looks, alpha), strict=True):
        found |= t[:, n - 1] >= critical
        expected = alpha * part
        assert found.mean() == pytest.approx(expected, abs=4 * (expected / experiments) ** 0.5)


def test_a_single_look_that_spends_all_is_the_t_test() -> None:
    values = np.random.default_rng(0).normal(0.5, 1.0, 6)
    test = stats.ttest_1samp(values, 0.0)
    interval = test.confidence_interval(0.9)
    found = mean_test(values.tolist(), ((6, 1.0),), 0.9)
    assert [found.p, found.low, found.high] == pytest.approx(
        [test.pvalue, interval.low, interval.high]
    )
    assert found.size == pytest.approx(values.mean() / values.std(ddof=1))


@given(st.floats(0.05, 30), st.sampled_from([1, 2, 3]))
def test_p_is_below_alpha_where_the_critical_value_is_exceeded(t: float, count: int) -> None:
    looks = derived_looks(4)[:count]
    for alpha in (0.05, 0.05 / 7):
        critical = critical_at(looks, alpha)[-1]
        if abs(t / critical - 1) > 0.003:
            assert (repeated_p(t, looks) < alpha) == (t > critical)
    assert repeated_p(-t, looks) == repeated_p(t, looks)
    assert 0 < repeated_p(t, looks) <= 1
    assert repeated_p(1.1 * t, looks) <= repeated_p(t, looks)


@pytest.mark.parametrize("alpha", [0.3, 0.05, 0.02, 0.003, 1e-4])
def test_p_is_the_alpha_that_just_finds_it(alpha: float) -> None:
    for looks in (derived_looks(5)[:1], derived_looks(5)[:2], declared_looks((3, 6, 9))):
        assert repeated_p(critical_at(looks, alpha)[-1], looks) == pytest.approx(alpha, rel=0.02)


def test_the_smallest_p_of_all_looks_is_a_p_value() -> None:
    looks, experiments = derived_looks(3)[:3], 4000
    t = t_statistics(np.random.default_rng(1).normal(size=(experiments, looks[-1][0])))
    smallest = np.min(
        [
            [repeated_p(value, looks[: place + 1]) for value in t[:, n - 1]]
            for place, (n, _) in enumerate(looks)
        ],
        axis=0,
    )
    for level in (0.01, 0.05, 0.2):
        error = (level * (1 - level) / experiments) ** 0.5
        assert (smallest <= level).mean() <= level + 3 * error
