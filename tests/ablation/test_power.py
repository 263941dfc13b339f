"""How many seeds an effect needs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from seesawnas.ablation.analysis import power_at, seeds_for

CASES = [
    (size, alpha)
    for size in (0.3, 0.5, 1.0, 2.0, 5.0, 40.0)
    for alpha in (0.05, 0.05 / 8, 0.05 / 40)
]


@pytest.mark.parametrize(("size", "alpha"), CASES)
def test_it_is_the_fewest_seeds_with_the_power_asked(size: float, alpha: float) -> None:
    seeds = seeds_for(size, alpha)
    assert seeds is not None
    assert power_at(size, seeds, alpha) >= 0.8
    assert seeds == 2 or power_at(size, seeds - 1, alpha) < 0.8
    assert seeds_for(-size, alpha) == seeds


@pytest.mark.parametrize(("size", "alpha"), [(0.5, 0.05), (1.0, 0.05 / 8), (0.2, 0.01)])
def test_it_is_what_statsmodels_solves_for(size: float, alpha: float) -> None:
    solved = TTestPower().solve_power(
        effect_size=size, alpha=alpha, power=0.8, alternative="two-sided"
    )
    assert seeds_for(size, alpha) == int(np.ceil(solved))


@pytest.mark.parametrize(
    ("size", "alpha"),
    [(0.5, 0.05), (1.0, 0.05 / 8), (2.0, 0.05 / 8), (4.0, 0.05 / 20), (10.0, 0.001)],
)
def test_simulated_experiments_of_that_many_seeds_find_the_effect_as_often(
    size: float, alpha: float
) -> None:
    seeds, experiments = seeds_for(size, alpha), 8000
    assert seeds is not None
    values = np.random.default_rng(0).normal(size, 1.0, (seeds, experiments))
    found = float((stats.ttest_1samp(values, 0.0).pvalue < alpha).mean())
    error = 3 * (0.8 * 0.2 / experiments) ** 0.5
    assert found == pytest.approx(power_at(size, seeds, alpha), abs=error)
    assert found > 0.8 - error


def test_an_effect_that_ten_thousand_seeds_cannot_resolve_has_no_number() -> None:
    assert seeds_for(0.0, 0.05) is None
    assert seeds_for(0.02, 0.05) is None
    assert seeds_for(0.04, 0.05) is not None


@pytest.mark.parametrize("size", [1e2, 1e4, 1e9, float("inf")])
def test_an_effect_far_beyond_the_noise_needs_a_few_seeds(size: float) -> None:
    assert 2 <= (seeds_for(size, 0.05 / 50) or 0) <= 3
