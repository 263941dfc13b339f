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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log, pi, sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit

from seesawnas.analysis.spending import FIRST_LOOK, spent

_BINS = 150
_LARGEST = 1e8
"""Of a critical value; a look that would need a larger one finds nothing."""
_SAME = 1e-9
"""Values that differ by less are equal but for rounding."""

Judgement: TypeAlias = Literal["better", "worse", "equivalent", "not resolved"]
Looks: TypeAlias = tuple[tuple[int, float], ...]
"""Numbers of differences, and the part of alpha that is spent up to each."""
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
    looks = tuple((n, spent(n, most, 1.0)) for n in range(FIRST_LOOK, most + 1))
    return (*[inf] * FIRST_LOOK, *critical_at(looks, alpha))[: most + 1]


@lru_cache(maxsize=1024)
def critical_at(looks: Looks, alpha: float) -> tuple[float, ...]:
    """The critical value of abs(t) at each of ``looks``.

    Args:
        looks: Of each the number of differences, at least 2 and growing, and the part of ``alpha``
            that it and those before it may spend, up to 1.
        alpha: The probability that any look is wrong, two-sided.
    """
    found: list[float] = []
    last, before = 0, 0.0
    at = mass = np.empty(0)
    for n, part in looks:
        share, before = alpha * (part - before), part
        if not found:
            # The t-test itself: the grid would be too coarse for a tiny share.
            critical = float(-stdtrit(n - 1, share / 2))
            at, edges = _grid(n, critical)
            mass = np.diff(1 - 2 * stdtr(n - 1, -_to_t(edges, n)))
        else:
            if len(found) > 1:
                at, mass = _grid(last, found[-1])[0], mass @ _steps(at, last, found[-1])
            for between in range(last + 1, n):
                is_whole = between > last + 1
                steps = _whole_steps(between) if is_whole else _steps(at, between, inf)
                at, mass = _grid(between, inf)[0], mass @ steps
            critical = _critical(at, mass, n, share)
        found.append(critical)
        last = n
    return tuple(found)


def repeated_p(t: float, looks: Looks) -> float:
    """The p-value of the last of ``looks``: the smallest alpha at which it finds a difference.

    Jennison and Turnbull's repeated p-value: with no difference, the smallest one of all looks is
    at most p with a probability of at most p. So it may be corrected for several comparisons, and
    it is below alpha if and only if the repeated interval at 1 - alpha does not hold 0. From the
    second look on it is interpolated, to within one percent, and 5e-9 at least.

    Args:
        t: The t statistic of all differences so far.
        looks: See :func:`critical_at`.
    """
    n, part = looks[-1]
    fixed = _log_p(abs(t), n)
    if len(looks) == 1:
        return min(1.0, exp(fixed) / part)
    levels = _levels_found(looks)
    return min(1.0, exp(float(levels(np.clip(fixed, levels.x[0], levels.x[-1])))))


_LEVELS = (*(0.05 * 10 ** (step / 2) for step in range(-14, 2)), 0.3, 0.5, 0.8)
"""The alphas between which p-values are interpolated; that of 95 % intervals is one of them."""


@lru_cache(maxsize=256)
def _levels_found(looks: Looks) -> PchipInterpolator:
    """From the p of a t-test at a fixed number to the alpha at which the last look just finds it.

    Both are logarithms: they differ by a factor that hardly changes. Without any difference both
    are 1.
    """
    n = looks[-1][0]
    critical = ((critical_at(looks, level)[-1], level) for level in _LEVELS)
    pairs = [(_log_p(one, n), log(level)) for one, level in critical if one < inf]
    return PchipInterpolator(*zip(*pairs, (0.0, 0.0), strict=True))


def _log_p(t: float, n: int) -> float:
    """The logarithm of a t-test's p, two-sided, of ``n`` differences."""
    return log(max(2 * float(stdtr(n - 1, -t)), 1e-300))


def _grid(n: int, critical: float) -> tuple[_Array, _Array]:
    """Middles and edges of bins of abs(u) of ``n`` differences, up to a critical value of t."""
    edges = np.linspace(0, np.arcsin(min(1.0, _to_u(critical, n) / sqrt(n))), _BINS + 1)
    return sqrt(n) * np.sin((edges[1:] + edges[:-1]) / 2), sqrt(n) * np.sin(edges)


def _steps(before: _Array, n: int, critical: float) -> _Array:
    """The probabilities of the bins at ``n`` differences, of a chain at ``before`` at one fewer."""
    edges = _grid(n, critical)[1]
    inside = 1 - _exceeds(before[:, None], edges[None, 1:], n - 1, _quick_cdf)
    if critical == inf:
        inside[:, -1] = 1.0
    return np.diff(inside, axis=1, prepend=0.0)


@lru_cache(maxsize=128)
def _whole_steps(n: int) -> _Array:
    """The same of a chain that nothing was taken from at the difference before, nor at this one."""
    return _steps(_grid(n - 1, inf)[0], n, inf)


def _critical(before: _Array, mass: _Array, n: int, share: float) -> float:
    """The critical value that a chain at ``before`` with ``mass`` exceeds with ``share``."""

    def excess(logarithm: float) -> float:
        crossed = _exceeds(before, np.array(_to_u(exp(logarithm), n)), n - 1)
        return float(mass @ crossed) - share

    top = log(_LARGEST)
    return inf if excess(top) >= 0 else exp(brentq(excess, -10.0, top, xtol=1e-10))


def _to_t(u: _Array, n: int) -> _Array:
    """The t statistic of n differences whose S / sqrt(Q) is ``u``; infinite at the largest."""
    with np.errstate(divide="ignore"):
        found: _Array = u * np.sqrt((n - 1) / np.maximum(n - u * u, 0.0))
    return found


def _to_u(t: float, n: int) -> float:
    """S / sqrt(Q) of n differences whose t statistic is ``t``."""
    return sqrt(n) if t == inf else t * sqrt(n / (n - 1 + t * t))


def _exceeds(
    u: _Array, bound: _Array, n: int, cdf: Callable[[int, _Array], _Array] = stdtr
) -> _Array:
    """The probability that abs(u') >= ``bound``, of a chain at ``u`` >= 0 after n differences.

    For a bound above 1 the w that cross it lie between two roots of a quadratic, below 1 outside.
    ``cdf`` is Student's, of ``n`` degrees of freedom.
    """
    bound = np.where(bound == 1.0, 1.0 + _SAME, bound)
    square = u * u + 1 - bound * bound
    root, far = bound * np.sqrt(np.maximum(square, 0.0)), np.abs(bound * bound - 1)
    scale = sqrt(n) / far
    between = cdf(n, (u + root) * scale) - cdf(n, (u - root) * scale)
    found: _Array = np.where(bound > 1, np.where(square > 0, between, 0.0), 1 - between)
    return found


_ANGLES = 10_000


@lru_cache(maxsize=128)
def _table(n: int) -> _Array:
    """Student's distribution of ``n`` degrees of freedom at tangents of equally spaced angles."""
    found: _Array = stdtr(n, np.tan(np.linspace(-pi / 2, pi / 2, _ANGLES + 1)))
    return found


def _quick_cdf(n: int, x: _Array) -> _Array:
    """Student's distribution to within 1e-8, ten times as fast; for the bins' probabilities."""
    table, place = _table(n), (np.arctan(x) / pi + 0.5) * _ANGLES
    below = np.minimum(place.astype(np.intp), _ANGLES - 1)
    found: _Array = table[below] + (place - below) * (table[below + 1] - table[below])
    return found
