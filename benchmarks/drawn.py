"""What several benchmarks compute: a rank correlation, and the middle of drawn values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

Floats = NDArray[np.float64]


def tau(one: Floats, other: Floats) -> float:
    """Kendall's tau-b of two orders, each (N,); 0 if all values of one are equal."""
    return float(np.nan_to_num(kendalltau(one, other).statistic))


def interval(values: Floats | Sequence[float]) -> tuple[float, float]:
    """The middle 95 % of drawn values (N,): a bootstrap interval if they are of draws."""
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
