"""What an ablation's trainings say: effects and interactions, paired by seed, with intervals and corrected for their number.

Each seed gives one contrast: of a level, the mean over the arms that have it less the mean over those that have the
reference; of an interaction, a difference of such differences. A one-sample t test over seeds judges the contrast, so that
what a seed does to all arms alike cancels. Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979) keeps the
chance of any false finding among all effects and interactions of an ablation at 1 - confidence or below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from seesawnas.ablation.power import seeds_needed
from seesawnas.ablation.result import ArmResult, DesignKind, Effect, Interaction, Verdict

Factors = tuple[tuple[str, tuple[str, ...]], ...]
_ALIKE = 1 - 1e-9
"""Two contrasts whose weights correlate so are one."""


def analysed(
    arms: Sequence[ArmResult], factors: Factors, design: DesignKind, *, confidence: float = 0.95
) -> tuple[tuple[Effect, ...], tuple[Interaction, ...]]:
    """The effect of each level against its factor's first and, in crossed designs, their two-way interactions.

    A seed counts where every arm of the contrast has it. An interaction that the design cannot tell from an effect is left
    out; of several that it cannot tell apart the first is given, and stands for all of them.
    """
    crossed = design != "one-at-a-time"
    effects = list(_effect_contrasts(arms, factors, crossed))
    interactions = list(_interaction_contrasts(arms, factors, effects)) if crossed else []
    found = _findings([contrast.of(arms) for contrast in [*effects, *interactions]], confidence)
    return (
        tuple(_effect(arms, contrast, finding) for contrast, finding in zip(effects, found, strict=False)),
        tuple(
            _interaction(contrast, finding)
            for contrast, finding in zip(interactions, found[len(effects) :], strict=True)
        ),
    )


@dataclass(frozen=True)
class _Contrast:
    """A weighted sum over arms; of an effect one (factor, level, reference), of an interaction two."""

    levels: tuple[tuple[str, str, str], ...]
    weights: NDArray[np.float64]

    def of(self, arms: Sequence[ArmResult]) -> NDArray[np.float64]:
        """Its value for each seed that all its arms have."""
        used = [(weight, dict(arm.values)) for weight, arm in zip(self.weights, arms, strict=True) if weight]
        seeds = sorted(set.intersection(*(set(values) for _, values in used))) if used else []
        return np.array([sum(weight * values[seed] for weight, values in used) for seed in seeds])


@dataclass(frozen=True, slots=True)
class _Finding:
    n: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    spread: float = 0.0
    p_holm: float | None = None
    verdict: Verdict = "not resolvable"
    needed: int | None = None


def _effect_contrasts(arms: Sequence[ArmResult], factors: Factors, crossed: bool) -> Iterator[_Contrast]:
    for factor, (reference, *others) in factors:
        for level in others:
            if crossed:
                weights = _share(_having(arms, {factor: level})) - _share(_having(arms, {factor: reference}))
            else:
                base = {name: levels[0] for name, levels in factors}
                weights = _share(_having(arms, {**base, factor: level})) - _share(_having(arms, base))
            yield _Contrast(((factor, level, reference),), weights)


def _interaction_contrasts(
    arms: Sequence[ArmResult], factors: Factors, effects: Sequence[_Contrast]
) -> Iterator[_Contrast]:
    taken = [effect.weights for effect in effects]
    for (one, (first, *ones)), (two, (second, *twos)) in combinations(factors, 2):
        for level, other in ((level, other) for level in ones for other in twos):
            both = _share(_having(arms, {one: level, two: other})) + _share(_having(arms, {one: first, two: second}))
            apart = _share(_having(arms, {one: level, two: second})) + _share(_having(arms, {one: first, two: other}))
            weights = both - apart
            if not any(_is_alike(weights, known) for known in taken):
                taken.append(weights)
                yield _Contrast(((one, level, first), (two, other, second)), weights)


def _having(arms: Sequence[ArmResult], levels: dict[str, str]) -> NDArray[np.bool_]:
    return np.array([all(dict(arm.levels)[name] == level for name, level in levels.items()) for arm in arms])


def _share(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    return chosen / max(1, int(chosen.sum()))


def _is_alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(abs(one @ other) >= _ALIKE * np.linalg.norm(one) * np.linalg.norm(other))


def _findings(contrasts: Sequence[NDArray[np.float64]], confidence: float) -> list[_Finding]:
    tested = [_tested(values, confidence) for values in contrasts]
    corrected = iter(_holm([finding.p for finding in tested if finding.p is not None]))
    alpha, count = 1 - confidence, sum(finding.p is not None for finding in tested)
    return [
        finding if finding.p is None else _judged(finding, next(corrected), alpha, alpha / count) for finding in tested
    ]


def _tested(values: NDArray[np.float64], confidence: float) -> _Finding:
    """Two seeds at least, and some spread: differences that are all equal say nothing of how sure they are."""
    n = len(values)
    if not n:
        return _Finding(0)
    mean, spread = float(values.mean()), float(values.std(ddof=1)) if n > 1 else 0.0
    if spread <= 1e-12 * max(1.0, abs(mean)):
        return _Finding(n, mean)
    error = spread / n**0.5
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, n - 1))
    return _Finding(n, mean, mean - reach, mean + reach, p, spread)


def _holm(p_values: list[float]) -> list[float]:
    return [float(p) for p in multipletests(p_values, method="holm")[1]] if p_values else []


def _judged(found: _Finding, p_holm: float, alpha: float, strictest: float) -> _Finding:
    """Planned for the smallest of the levels that Holm's procedure tests at: whatever the other effects do, enough."""
    assert found.mean is not None
    resolved = p_holm < alpha
    verdict: Verdict = "not resolvable" if not resolved else "better" if found.mean > 0 else "worse"
    needed = None if resolved else seeds_needed(found.mean, found.spread, strictest)
    return _Finding(found.n, found.mean, found.low, found.high, found.p, found.spread, p_holm, verdict, needed)


def _effect(arms: Sequence[ArmResult], contrast: _Contrast, found: _Finding) -> Effect:
    ((factor, level, base),) = contrast.levels
    return Effect(
        factor=factor,
        level=level,
        base=base,
        n=found.n,
        mean=found.mean,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=found.p_holm,
        verdict=found.verdict,
        needed=found.needed,
        madds=float(contrast.weights @ np.array([arm.madds for arm in arms])),
        params=float(contrast.weights @ np.array([arm.params for arm in arms])),
    )


def _interaction(contrast: _Contrast, found: _Finding) -> Interaction:
    one, two = contrast.levels
    return Interaction(
        factors=(one[0], two[0]),
        levels=(one[1], two[1]),
        n=found.n,
        mean=found.mean,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=found.p_holm,
        verdict=found.verdict,
    )
