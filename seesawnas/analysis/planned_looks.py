"""Planned looks: the t-test of an experiment that is looked at with set numbers of seeds.

The numbers of seeds, and the part of alpha that is spent up to each, are set before the first seed
is done (:mod:`seesawnas.analysis.spending`). Whatever the looks show, and whenever one stops or
adds seeds, p-values and intervals are valid: they are of the last look that the seeds have reached,
and seeds beyond it wait for the next one. That is why looks cannot be chosen as one goes on: a
look at a number of seeds that the differences seen so far suggest finds too much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from seesawnas.analysis.group_sequential import Looks, critical_at, repeated_p


@dataclass(frozen=True, slots=True)
class Looked:
    """The differences that the last look was at.

    Attributes:
        values: All that are done, if no look is reached.
        looks: Their number and the part of alpha that was spent, at this and earlier looks; none if
            no look is reached.
        next: What the same would be with each look that is to come, if no further seed fails.
    """

    values: tuple[float, ...]
    looks: Looks
    next: tuple[Looks, ...] = ()


def looked_at(
    looks: Looks,
    seeds: Sequence[int],
    difference: Callable[[int], float | None],
    has_failed: Callable[[int], bool],
) -> Looked:
    """What the looks that are reached say of a difference.

    A seed that failed for one of the networks is left out; a look at so many seeds is then at fewer
    differences. This is no choice of anybody's, so that the looks stay valid.

    Args:
        looks: The planned ones, in numbers of seeds.
        seeds: In the order in which they are trained.
        difference: Of a seed; None if it is not done.
        has_failed: Whether a seed that is not done failed, and is not being tried again.
    """
    found = [difference(seed) for seed in seeds]
    done = [value for value in found if value is not None]
    settled = next(
        (
            place
            for place, (seed, value) in enumerate(zip(seeds, found, strict=True))
            if value is None and not has_failed(seed)
        ),
        len(seeds),
    )
    counts = [(sum(value is not None for value in found[:n]), n, part) for n, part in looks]
    reached = [(count, part) for count, n, part in counts if n <= settled]
    failed = settled - sum(value is not None for value in found[:settled])
    now, later = _distinct(reached), []
    for n, part in looks:
        if n > settled:
            reached.append((n - failed, part))
            later.append(_distinct(reached))
    values = done[: now[-1][0]] if now else done
    return Looked(tuple(values), now, tuple(later))


def _distinct(looks: Sequence[tuple[int, float]]) -> Looks:
    """Looks at two differences or more, each at more of them than the one before."""
    found: list[tuple[int, float]] = []
    for n, part in looks:
        if n >= 2 and (not found or n > found[-1][0]):
            found.append((n, part))
    return tuple(found)


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
