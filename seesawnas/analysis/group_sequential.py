"""A paired t-test that is looked at after every seed: group-sequential, with repeated intervals.

The critical values are those of Jennison and Turnbull, "Exact calculations for sequential t, chi-
squared and F tests" (Biometrika 78, 1991): for normal differences of unknown spread, the
probability that any look finds a difference where there is none is alpha, exactly. How much of it
each look may spend is in :mod:`seesawnas.analysis.spending`. The interval at a look is the repeated
confidence interval of Jennison and Turnbull (JRSS B 51, 1989), mean ± critical value * s / sqrt(n):
all of them together hold the true difference with probability 1 - alpha, so that it does not matter
when, or why, one stops.

Why this design. Seeds are few and expensive, and how many there are at most is known beforehand:
what a design without a most keeps for looks that never come is lost. At 10 seeds, and a difference
of one standard deviation, it finds 72 % where the t-test at a fixed number of seeds finds 80 %. The
mixture e-process for the t statistic (Lai, Annals of Statistics 4, 1976; Wang and Ramdas,
arXiv:2310.03722) finds 32 to 40 %, after more seeds. ``benchmarks/bench_confirm.py`` measures this.

How the probabilities are computed. Let S be the sum and Q the sum of squares of n differences.
Under the null, u = S / sqrt(Q) says all that t says, Q does not depend on the u so far (Basu), and
the next difference over sqrt(Q) is w = T / sqrt(n), T of Student's t with n degrees of freedom. So
u is a Markov chain, u' = (u + w) / sqrt(1 + w * w), and the probability of crossing a boundary is a
sum over one dimension, as for the normal test (Armitage, McPherson and Rowe, JRSS A 132, 1969).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, pi, sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit

from seesawnas.analysis.spending import FIRST_LOOK, spent

_BINS = 150
_LARGEST = 1e8
"""Of a critical value; a look that would need a larger one finds nothing."""
_SAME = 1e-9
"""Values that differ by less are equal but for rounding."""

Judgement: TypeAlias = Literal["better", "worse", "equivalent", "not resolved"]
_Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of a mean difference at one look.

    Attributes:
        n: Differences so far.
        mean: Their mean; None if there are none.
        low: Lower end of the repeated confidence interval; None if it has none yet.
        high: Its upper end.
        judgement: ``better``: the difference is above the margin; ``worse``: it is below minus the
            margin; ``equivalent``: it is within the margin.
    """

    n: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    judgement: Judgement = "not resolved"


def judge(differences: Sequence[float], *, most: int, alpha: float, margin: float = 0.0) -> Look:
    """The first look that resolves the mean difference; the last one if none does.

    What came after the look that resolved it does not count: it would be one look more.

    Args:
        differences: Paired differences, in the order in which they were looked at.
        most: The number of differences at which looking ends, set beforehand, 3 to 100.
        alpha: The probability that any look is wrong, two-sided.
        margin: A difference of at most this size does not matter. 0: any difference matters.
    """
    found = Look(0)
    for n in range(1, min(len(differences), most) + 1):
        found = look(differences[:n], most=most, alpha=alpha, margin=margin)
        if found.judgement != "not resolved":
            break
    return found


def look(differences: Sequence[float], *, most: int, alpha: float, margin: float = 0.0) -> Look:
    """What the last of several looks says; see :func:`judge`.

    Differences that are all equal have no interval: their spread is below the metric's own steps.
    """
    values = np.asarray(differences, dtype=np.float64)
    n = len(values)
    if n == 0:
        return Look(0)
    mean = float(values.mean())
    critical = critical_values(most, alpha)[n]
    if critical == inf or np.ptp(values) < _SAME * max(1.0, abs(mean)):
        return Look(n, mean)
    half = critical * float(values.std(ddof=1)) / sqrt(n)
    return Look(n, mean, mean - half, mean + half, _judgement(mean - half, mean + half, margin))


def _judgement(low: float, high: float, margin: float) -> Judgement:
    if low > margin:
        return "better"
    if high < -margin:
        return "worse"
    return "equivalent" if -margin < low and high < margin else "not resolved"


@lru_cache(maxsize=64)
def critical_values(most: int, alpha: float) -> tuple[float, ...]:
    """The critical value of abs(t) at each number of differences, 0 to ``most``.

    Infinite before the first look.

    Args:
        most: The number of differences at which looking ends.
        alpha: The probability that any look is wrong, two-sided.
    """
    found = [inf, inf, inf]
    # Of two differences the angle is uniform: abs(u) = sqrt(2) sin(angle), 0 to pi / 2.
    before: _Array = sqrt(2) * np.sin((np.arange(_BINS) + 0.5) * (pi / 2 / _BINS))
    mass: _Array = np.full(_BINS, 1 / _BINS)
    for n in range(FIRST_LOOK, most + 1):
        share = spent(n, most, alpha) - spent(n - 1, most, alpha)
        critical = _critical(before, mass, n, share)
        found.append(critical)
        top = _to_u(critical, n)
        edges = np.linspace(0, np.arcsin(top / sqrt(n)), _BINS + 1)
        inside = 1 - _exceeds(before[:, None], sqrt(n) * np.sin(edges[None, 1:]), n - 1)
        mass = np.diff(mass @ inside, prepend=0.0)
        before = sqrt(n) * np.sin((edges[1:] + edges[:-1]) / 2)
    return tuple(found[: most + 1])


def _critical(before: _Array, mass: _Array, n: int, share: float) -> float:
    """The critical value that a chain at ``before`` with ``mass`` exceeds with ``share``."""

    def excess(logarithm: float) -> float:
        crossed = _exceeds(before, np.array(_to_u(float(np.exp(logarithm)), n)), n - 1)
        return float(mass @ crossed) - share

    top = float(np.log(_LARGEST))
    if n == FIRST_LOOK:  # the t-test itself: the grid would be too coarse for a tiny share
        return float(-stdtrit(n - 1, share / 2))
    if excess(top) >= 0:
        return inf
    return float(np.exp(brentq(excess, -5.0, top, xtol=1e-10)))


def _to_u(t: float, n: int) -> float:
    """S / sqrt(Q) of n differences whose t statistic is ``t``."""
    return sqrt(n) if t == inf else t * sqrt(n / (n - 1 + t * t))


def _exceeds(u: _Array, bound: _Array, n: int) -> _Array:
    """The probability that abs(u') >= ``bound``, of a chain at ``u`` >= 0 after n differences.

    For a bound above 1 the w that cross it lie between two roots of a quadratic, below 1 outside.
    """
    bound = np.where(bound == 1.0, 1.0 + _SAME, bound)
    square = u * u + 1 - bound * bound
    root, far = bound * np.sqrt(np.maximum(square, 0.0)), np.abs(bound * bound - 1)
    scale = sqrt(n) / far
    between = stdtr(n, (u + root) * scale) - stdtr(n, (u - root) * scale)
    outside = stdtr(n, (u - root) * scale) + stdtr(n, -(u + root) * scale)
    found: _Array = np.where(bound > 1, np.where(square > 0, between, 0.0), outside)
    return found
