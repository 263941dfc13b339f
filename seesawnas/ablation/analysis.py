"""Effects and interactions of a design's arms, with intervals and corrected p-values.

Arms are paired by seed. Everything is a contrast: weights of arms that sum to zero. In a
one-at-a-time design it is an arm minus the base; in a factorial design the mean of a level's arms
minus the mean of the reference level's, and for an interaction the difference of two such
differences. A contrast has one value per seed, so what a seed does to all arms alike drops out;
over those values goes Student's t. If its looks were planned, p is the repeated p-value and the
interval the repeated interval of the last one (:mod:`seesawnas.analysis.planned_looks`), so that
seeds may be added after a look. Holm's correction is over all contrasts of the design, those that
still wait for seeds too (as if p were 1): the family does not grow while an ablation runs. Repeated
p-values of a look are p-values whenever one stops, so that after Holm the verdicts of all looks and
contrasts hold together.

Two cases the t-test has no answer for. If a contrast is between the same networks (their digests
say so) there is nothing to test: no p, and not one of the family. If all values are equal, yet the
networks are not the same, the spread is below the metric's own steps and nobody knows it: no
interval, and p is the exact sign test's, 2 ** (1 - n), or 1 for all nil.

How many seeds would resolve an effect follows from the power of the paired t-test, as statsmodels
has it. That power counts finds of the effect's own sign only. (A two-sided power adds the other
tail, which is next to nothing, and which SciPy cannot always tell: it says NaN for some effects of
a few standard deviations and few seeds.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from seesawnas.ablation.design import FactorLevels, alias_classes, contrasts
from seesawnas.ablation.result import ArmResult, DesignKind, Effect, Interaction, Verdict
from seesawnas.analysis.group_sequential import Looks, critical_at
from seesawnas.analysis.planned_looks import ReachedLooks, mean_test, reached_looks

POWER = 0.8
MAX_SEEDS = 10_000
_MAX_SIZE = 100.0
"""Beyond this an effect needs two or three seeds, and the arithmetic gets slow."""


def seeds_for(size: float, alpha: float, power: float = POWER) -> int | None:
    """The fewest seeds with which a paired t-test finds an effect of ``size`` with ``power``.

    The test is two-sided, at ``alpha``. ``size`` is the mean difference in standard deviations of
    the differences. None if it takes more than 10,000 seeds.
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
    """The probability that a paired t-test of ``seeds`` pairs finds an effect of ``size``.

    The test is two-sided, at ``alpha``; it must find the effect with its sign.
    """
    return float(
        TTestPower().power(min(abs(size), _MAX_SIZE), seeds, alpha / 2, alternative="larger")
    )


def power_of(size: float, seeds: int, critical: float) -> float:
    """The probability that abs(t) of ``seeds`` pairs exceeds ``critical``, with the effect's sign.

    Of a single look, whatever those before it found.
    """
    return power_at(size, seeds, 2 * float(stats.t.sf(critical, seeds - 1)))


_SAME = 1e-9
"""Values that differ by less are equal but for rounding."""


@dataclass(frozen=True, slots=True)
class PlannedLooks:
    """When an ablation is looked at.

    Attributes:
        looks: Numbers of seeds, and the part of alpha that is spent up to each.
        seeds: From the digests of networks to the seeds that are done for all of them, in the order
            in which they are looked at, which only grows at its end.
    """

    looks: Looks
    seeds: Callable[[Collection[str]], Iterable[int]]


def analyse(
    arms: Sequence[ArmResult],
    factors: FactorLevels,
    design: DesignKind,
    *,
    confidence: float = 0.95,
    planned: PlannedLooks | None = None,
) -> tuple[tuple[Effect, ...], tuple[Interaction, ...]]:
    """Effects, factor by factor, and interactions, pair by pair.

    One-at-a-time designs do not show interactions, so theirs are none.

    Of a fractional design's interactions, those aliased with a main effect are left out, and of
    those aliased with each other the first is given. The same holds for interactions that are a
    multiple of another contrast because arms are one network, as when ``kind`` has no effect beside
    ``split=1``. ``needed`` is at Bonferroni's alpha, (1 - confidence) / contrasts: Holm's strictest
    step, so that the effect is resolved whatever the others turn out to be. With ``planned`` looks
    it is the number of the look that resolves it; without, all seeds that are done are tested as if
    their number had been fixed beforehand.
    """
    effects = list(_effects(arms, factors, design))
    interactions = list(_apart(arms, effects, list(_interactions(arms, factors, design))))
    family = [*(named[0] for named in effects), *(named[0] for named in interactions)]
    tests = [_tested(arms, contrast, confidence, planned) for contrast in family]
    found = _corrected(tests, 1 - confidence)
    return (
        tuple(
            _effect(arms, *named, test)
            for named, test in zip(effects, found[: len(effects)], strict=True)
        ),
        tuple(
            _interaction(*named, test)
            for named, test in zip(interactions, found[len(effects) :], strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Contrast:
    """A weight per arm, nil for arms without a part."""

    weights: tuple[float, ...]

    def of(self, values: Sequence[float]) -> float:
        return float(np.dot(self.weights, values))

    def by_network(self, digests: Sequence[str]) -> NDArray[np.float64]:
        """Its weights of the networks themselves, in the order in which they first come."""
        sums: dict[str, float] = defaultdict(float)
        for weight, digest in zip(self.weights, digests, strict=True):
            sums[digest] += weight
        return np.array(list(sums.values()))

    def is_nil(self, digests: Sequence[str]) -> bool:
        """Whether it is between the same networks."""
        return bool((np.abs(self.by_network(digests)) < _SAME).all())


@dataclass(frozen=True, slots=True)
class _Test:
    """The test of one contrast over the seeds."""

    n: int
    is_nil: bool
    reached: ReachedLooks
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    size: float | None = None
    p: float | None = None
    p_holm: float | None = None
    verdict: Verdict = "not resolvable"
    needed: int | None = None


_NamedEffect = tuple[_Contrast, str, str, str]
_NamedInteraction = tuple[_Contrast, tuple[str, str], tuple[str, str]]


def _effects(
    arms: Sequence[ArmResult], factors: FactorLevels, design: DesignKind
) -> Iterator[_NamedEffect]:
    levels = [dict(arm.levels) for arm in arms]
    base = {factor: words[0] for factor, words in factors}
    for factor, (first, *others) in factors:
        for level in others:
            if design == "one-at-a-time":
                plus = [found == {**base, factor: level} for found in levels]
                minus = [found == base for found in levels]
            else:
                plus = [found[factor] == level for found in levels]
                minus = [found[factor] == first for found in levels]
            yield _difference([(1, plus), (-1, minus)]), factor, level, first


def _interactions(
    arms: Sequence[ArmResult], factors: FactorLevels, design: DesignKind
) -> Iterator[_NamedInteraction]:
    levels = [dict(arm.levels) for arm in arms]
    for one, two in _pairs(arms, factors, design):
        (factor, (first, *others)), (factor2, (first2, *others2)) = factors[one], factors[two]
        for level, level2 in product(others, others2):
            cells = [
                (
                    sign * sign2,
                    [found[factor] == word and found[factor2] == word2 for found in levels],
                )
                for (sign, word), (sign2, word2) in product(
                    ((1, level), (-1, first)), ((1, level2), (-1, first2))
                )
            ]
            yield _difference(cells), (factor, factor2), (level, level2)


def _pairs(
    arms: Sequence[ArmResult], factors: FactorLevels, design: DesignKind
) -> list[tuple[int, ...]]:
    """The pairs of factors whose interaction the design can tell, by index."""
    if design == "one-at-a-time":
        return []
    if design == "full":
        return list(combinations(range(len(factors)), 2))
    rows = [tuple(dict(arm.levels)[factor] for factor, _ in factors) for arm in arms]
    firsts = [next(iter(same)) for same in alias_classes(contrasts(rows, factors))]
    return [effect for effect in firsts if len(effect) == 2]


def _apart(
    arms: Sequence[ArmResult],
    effects: Sequence[_NamedEffect],
    interactions: Sequence[_NamedInteraction],
) -> Iterator[_NamedInteraction]:
    """The interactions that are no multiple of an effect or of an interaction before them.

    So one finding is counted once.
    """
    digests = [arm.digest for arm in arms]
    known = [effect[0].by_network(digests) for effect in effects]
    for interaction in interactions:
        weights = interaction[0].by_network(digests)
        if any(_is_multiple(weights, other) for other in known):
            continue
        known.append(weights)
        yield interaction


def _is_multiple(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    sizes = float(np.linalg.norm(one) * np.linalg.norm(other))
    return sizes > _SAME and abs(float(one @ other)) > (1 - _SAME) * sizes


def _difference(cells: Sequence[tuple[int, Sequence[bool]]]) -> _Contrast:
    """The signed sum of the cells' means."""
    parts = [sign * np.array(chosen) / max(1, sum(chosen)) for sign, chosen in cells]
    return _Contrast(tuple(map(float, np.sum(parts, axis=0))))


def _tested(
    arms: Sequence[ArmResult],
    contrast: _Contrast,
    confidence: float,
    planned: PlannedLooks | None,
) -> _Test:
    reached = _reached(arms, contrast, planned)
    values = np.array(reached.values)
    is_nil = contrast.is_nil([arm.digest for arm in arms])
    n = len(values)
    found = _Test(n, is_nil, reached)
    if n == 0:
        return found
    mean = float(values.mean())
    if is_nil:
        return replace(found, mean=0.0, verdict="same network")
    if not reached.looks:
        return replace(found, mean=mean)
    if np.ptp(values) < _SAME * max(1.0, abs(mean)):
        # What agrees in n seeds has agreed in fewer: the looks before spend nothing.
        sign = float(stats.binomtest(n, n).pvalue) if abs(mean) > _SAME else 1.0
        return replace(found, mean=mean, p=sign)
    test = mean_test(reached.values, reached.looks, confidence)
    return replace(found, mean=mean, low=test.low, high=test.high, size=test.size, p=test.p)


def _reached(
    arms: Sequence[ArmResult], contrast: _Contrast, planned: PlannedLooks | None
) -> ReachedLooks:
    """The contrast of the seeds that all its arms have, as far as a look has reached them."""
    parts = [
        (weight, arm.digest, dict(arm.values))
        for weight, arm in zip(contrast.weights, arms, strict=True)
        if weight
    ]
    done = set.intersection(*(set(found) for _, _, found in parts)) if parts else set()
    if planned is None:
        seeds = sorted(done)
    else:
        ordered = planned.seeds({digest for _, digest, _ in parts})
        seeds = [seed for seed in ordered if seed in done]
    values = tuple(sum(weight * found[seed] for weight, _, found in parts) for seed in seeds)
    if planned is not None:
        return reached_looks(planned.looks, values)
    return ReachedLooks(values, ((len(values), 1.0),) if len(values) > 1 else ())


def _corrected(tests: Sequence[_Test], alpha: float) -> list[_Test]:
    family = [test for test in tests if not test.is_nil]
    if not family:
        return list(tests)
    raw = [1.0 if test.p is None else test.p for test in family]
    p_holm = iter(multipletests(raw, alpha, method="holm")[1].tolist())
    return [
        test if test.is_nil else _judged(test, next(p_holm), alpha, len(family)) for test in tests
    ]


def _judged(test: _Test, p_holm: float, alpha: float, family: int) -> _Test:
    if test.p is None or test.mean is None:
        return test
    if p_holm < alpha:
        return replace(test, p_holm=p_holm, verdict="better" if test.mean > 0 else "worse")
    needed = (
        _seeds_at_look(test.size, test.reached.next, alpha / family)
        if test.size
        else _seeds_that_agree(test.mean, alpha / family)
    )
    return replace(test, p_holm=p_holm, needed=None if needed is None else max(needed, test.n + 1))


def _seeds_at_look(size: float, looks: Sequence[Looks], alpha: float) -> int | None:
    """How many seeds the first look has that resolves an effect of ``size`` with power 0.8.

    Of a new ablation with a fixed number if none of ``looks`` to come does.
    """
    fixed = seeds_for(size, alpha)
    if fixed is None:
        return None
    for one in looks:
        n = one[-1][0]
        # A look asks for more than a fixed number of seeds does.
        if n >= fixed and power_of(size, n, critical_at(one, alpha)[-1]) >= POWER:
            return n
    return fixed


def _seeds_that_agree(mean: float, alpha: float) -> int | None:
    """How many seeds of one sign are significant by the sign test.

    That test is all there is if no two values differ.
    """
    return (
        None
        if abs(mean) < _SAME
        else ceil(1 - log2(alpha)) + (2 ** (1 - ceil(1 - log2(alpha))) >= alpha)
    )


def _effect(
    arms: Sequence[ArmResult], contrast: _Contrast, factor: str, level: str, base: str, test: _Test
) -> Effect:
    return Effect(
        factor,
        level,
        base,
        test.n,
        test.mean,
        test.low,
        test.high,
        test.p,
        test.p_holm,
        test.verdict,
        test.needed,
        madds=contrast.of([arm.madds for arm in arms]),
        params=contrast.of([arm.params for arm in arms]),
    )


def _interaction(
    contrast: _Contrast, factors: tuple[str, str], levels: tuple[str, str], test: _Test
) -> Interaction:
    return Interaction(
        factors,
        levels,
        test.n,
        test.mean,
        test.low,
        test.high,
        test.p,
        test.p_holm,
        test.verdict,
        test.needed,
    )
