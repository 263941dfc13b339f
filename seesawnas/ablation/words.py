"""An ablation's findings in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from seesawnas.ablation.result import AblationResult, Effect, Interaction
from seesawnas.study import QUALITIES


def verdict_words(result: AblationResult) -> tuple[str, ...]:
    """A sentence for each effect, for each interaction that was resolved, and one on those that were not."""
    lines = [effect_words(result, effect) for effect in result.effects]
    lines += [_interaction(result, one) for one in result.interactions if one.verdict != "not resolvable"]
    return (*lines, *_unresolved(result))


def effect_words(result: AblationResult, effect: Effect) -> str:
    """Such as ``se=0 is worse than se=4 by 0.0112 AUC (95 % interval -0.0151 to -0.0073, 5 seeds, p 0.003 after Holm)``."""
    level, base, unit = f"{effect.factor}={effect.level}", f"{effect.factor}={effect.base}", unit_of(result)
    against = f"{level} against {base}"
    if effect.mean is None:
        return f"{against}: no seed is done in both yet."
    if effect.low is None or effect.high is None or effect.p_holm is None:
        return f"{against}: {effect.mean:+.4f} {unit}, {_untestable(effect)}{_costs(result, effect)}."
    sure = f"{percent(result.confidence)} interval {effect.low:+.4f} to {effect.high:+.4f}, {seeds(effect.n)}"
    sure += f", p {p_words(effect.p_holm)} after Holm"
    if effect.verdict == "not resolvable":
        return (
            f"{against}: {effect.mean:+.4f} {unit} is not resolvable ({sure}); {_more(effect)}{_costs(result, effect)}."
        )
    return f"{level} is {effect.verdict} than {base} by {abs(effect.mean):.4f} {unit} ({sure}){_costs(result, effect)}."


def unit_of(result: AblationResult) -> str:
    """What the quality is called."""
    return QUALITIES.get(result.quality, result.quality)


def percent(share: float) -> str:
    """Such as ``95 %``."""
    return f"{100 * share:g} %"


def seeds(number: int) -> str:
    """Such as ``5 seeds``."""
    return f"{number} seed{'' if number == 1 else 's'}"


def p_words(p: float) -> str:
    """A p value to two digits, never as nothing."""
    return f"{p:.2g}" if p >= 0.0001 else "below 0.0001"


def _untestable(effect: Effect) -> str:
    if effect.n < 2:
        return "of one seed, which says nothing of how sure that is"
    return "the same in each of the seeds, which no test can judge" if effect.mean else "the same network"


def _more(effect: Effect) -> str:
    if effect.needed is None:
        return "no number of seeds within reason would resolve an effect of this size"
    return f"an effect of this size would need about {effect.needed} seeds, {effect.needed - effect.n} more"


def _costs(result: AblationResult, effect: Effect) -> str:
    base = next((arm for arm in result.arms if _is_base(result, arm.levels)), None)
    if base is None:
        return ""
    return f", at {100 * effect.madds / base.madds:+.1f} % MAdds and {100 * effect.params / base.params:+.1f} % params"


def _is_base(result: AblationResult, levels: tuple[tuple[str, str], ...]) -> bool:
    first = {factor: words[0] for factor, words in result.factors}
    return all(first[factor] == level for factor, level in levels)


def _interaction(result: AblationResult, found: Interaction) -> str:
    if found.mean is None or found.low is None or found.high is None or found.p_holm is None:
        raise ValueError("an interaction that is resolved must have an interval, got none")
    one, two = (f"{factor}={level}" for factor, level in zip(found.factors, found.levels, strict=True))
    return (
        f"{one} and {two} are {found.verdict} together than the sum of their effects by {abs(found.mean):.4f} "
        f"{unit_of(result)} ({percent(result.confidence)} interval {found.low:+.4f} to {found.high:+.4f}, "
        f"{seeds(found.n)}, p {p_words(found.p_holm)} after Holm)."
    )


def _unresolved(result: AblationResult) -> Iterator[str]:
    """One on the effects that were tested and not resolved, with the seeds that the hardest of them needs."""
    crossed = sum(one.verdict == "not resolvable" for one in result.interactions)
    if crossed:
        yield f"{crossed} of {len(result.interactions)} interactions are not resolvable with {seeds(len(result.seeds))}."
    open_ones = [one for one in result.effects if one.verdict == "not resolvable" and one.needed]
    if open_ones:
        least = min(one.needed or 0 for one in open_ones)
        yield (
            f"{len(open_ones)} of {len(result.effects)} effects are not resolvable so far; with --seeds {least} the same "
            "command goes on to resolve the largest of them, if it is what it seems."
        )
