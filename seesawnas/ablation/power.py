"""How many seeds would resolve an effect: the power of the paired t-test, as statsmodels has it."""

from __future__ import annotations

from math import isfinite

from statsmodels.stats.power import TTestPower

POWER = 0.8
MAX_SEEDS = 10_000
_MAX_SIZE = 1e4


def seeds_for(size: float, alpha: float, power: float = POWER) -> int | None:
    """The fewest seeds with which a two-sided paired t-test at ``alpha`` finds an effect of ``size`` with ``power``.

    ``size`` is the mean difference in standard deviations of the differences. None where it takes more than 10,000 seeds.
    """
    if power_at(size, MAX_SEEDS, alpha) < power:
        return None
    low, high = 1, MAX_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        if power_at(size, middle, alpha) < power:
            low = middle
        else:
            high = middle
    return high


def power_at(size: float, seeds: int, alpha: float) -> float:
    """The chance that a two-sided paired t-test at ``alpha`` of ``seeds`` pairs finds an effect of ``size``."""
    power = float(TTestPower().power(min(abs(size), _MAX_SIZE), seeds, alpha, alternative="two-sided"))
    return power if isfinite(power) else 1.0
