"""How many seeds would resolve an effect: the power of the paired t-test, as statsmodels has it.

The chance counts finds of the effect's own sign only. (A two-sided power adds the other tail, which is next to nothing, and
which SciPy cannot always tell: it says NaN for some effects of a few standard deviations and few seeds.)
"""

from __future__ import annotations

from statsmodels.stats.power import TTestPower

POWER = 0.8
MAX_SEEDS = 10_000
_MAX_SIZE = 100.0
"""Beyond this an effect needs two or three seeds, and the arithmetic gets slow."""


def seeds_for(size: float, alpha: float, power: float = POWER) -> int | None:
    """The fewest seeds with which a two-sided paired t-test at ``alpha`` finds an effect of ``size`` with ``power``.

    ``size`` is the mean difference in standard deviations of the differences. None where it takes more than 10,000 seeds.
    """
    low, high = 1, 2
    while power_at(size, high, alpha) < power:
        if high == MAX_SEEDS:
            return None
        low, high = high, min(2 * high, MAX_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        if power_at(size, middle, alpha) < power:
            low = middle
        else:
            high = middle
    return high


def power_at(size: float, seeds: int, alpha: float) -> float:
    """The chance that a two-sided paired t-test at ``alpha`` of ``seeds`` pairs finds an effect of ``size``, with its sign."""
    return float(TTestPower().power(min(abs(size), _MAX_SIZE), seeds, alpha / 2, alternative="larger"))
