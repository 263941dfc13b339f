"""Planned looks: the t-test of an experiment that is looked at with set numbers of seeds.

The numbers of seeds, and the part of alpha that is spent up to each, are set before the first seed
is done (:mod:`seesawnas.analysis.spending`). Whatever the looks show, and whenever one stops or
adds seeds, p-values and intervals are valid: they are of the last look that the seeds have reached,
and seeds beyond it wait for the next one. That is why looks cannot be chosen as one goes on: a
look at a number of seeds that the differences seen so far suggest finds too much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from seesawnas.analysis.group_sequential import Looks, critical_at, repeated_p


@dataclass(frozen=True, slots=True)
class ReachedLooks:
    """The differences that the last look was at, and the looks that were taken.

    Attributes:
        values: All that are done, if no look is reached.
        looks: Their number and the part of alpha that was spent, at this and earlier looks; none if
            no look is reached.
        next: What the same would be with each look that is to come.
    """

    values: tuple[float, ...]
    looks: Looks
    next: tuple[Looks, ...] = ()


def reached_looks(looks: Looks, differences: Sequence[float]) -> ReachedLooks:
    """The looks that so many differences reach.

    A seed that failed gives no difference, so that a look waits for another one. What is trained
    later, also a seed that failed before, must come later here: then no earlier look changes.

    Args:
        looks: The planned ones, in numbers of seeds.
        differences: Of the seeds that are done, in an order that only grows at its end.
    """
    count = sum(n <= len(differences) for n, _ in looks)
    seen = looks[count - 1][0] if count else len(differences)
    later = tuple(looks[:end] for end in range(count + 1, len(looks) + 1))
    return ReachedLooks(tuple(differences[:seen]), looks[:count], later)


@dataclass(frozen=True, slots=True)
class MeanTest:
    """The t-test of a mean difference at a look.

    Attributes:
        low: Lower end of its repeated confidence interval; None if it has none.
        high: Upper end of that interval.
        size: The mean in standard deviations.
        p: The repeated p-value, two-sided.
    """

    mean: float
    low: float | None
    high: float | None
    size: float
    p: float


def mean_test(values: Sequence[float], looks: Looks, confidence: float) -> MeanTest:
    """Test whether the mean of differences, which are not all equal, is 0.

    Args:
        values: The differences, at least two.
        looks: Those that they were looked at with, the last one with all of them; a single one that
            spends all of alpha is the usual t-test.
        confidence: Of the interval, at all looks together.
    """
    found = np.asarray(values, dtype=np.float64)
    mean, error = float(found.mean()), float(stats.sem(found))
    half = critical_at(looks, 1 - confidence)[-1] * error
    is_known = half < np.inf
    return MeanTest(
        mean,
        mean - half if is_known else None,
        mean + half if is_known else None,
        mean / error / sqrt(len(found)),
        repeated_p(mean / error, looks),
    )
