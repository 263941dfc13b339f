"""An ablation in words and rows, for pages, notes and texts alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import fmean, stdev

from seesawnas.ablation import AblationResult, ArmResult, Effect
from seesawnas.ablation.result import Interaction
from seesawnas.cost import COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.study import MAIN_COSTS
from seesawnas.text import several

ARM_HEADS = ("network", "digest", "mean ± standard error", "seeds", "MAdds", "params")
HEADS = (
    "factor",
    "level",
    "effect and interval",
    "pairs",
    "p, Holm",
    "verdict",
    "seeds needed",
    "Δ MAdds",
    "Δ params",
)


def ablation_sentences(result: AblationResult) -> Iterator[str]:
    """The design and its result."""
    arms = len({arm.digest for arm in result.arms})
    if result.race is not None:
        yield (
            f"{result.base} against {several(len(result.race.pairs), 'network')}, trained in pairs "
            f"from the same seeds and compared by {METRICS[result.metric].title} after every "
            f"seed, at most {result.race.seeds}."
        )
        return
    matched = ", rescaled to the base's MAdds" if result.matched else ""
    yield (
        f"{result.design[0].upper()}{result.design[1:]} design around {result.base}: {arms} "
        f"networks{matched}, "
        f"{len(result.seeds)} training seeds, compared by {METRICS[result.metric].title}."
    )
    verdicts = Counter(effect.verdict for effect in result.effects)
    counts = ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items())
    yield (
        f"Verdicts for {several(len(result.effects), 'effect')}: {counts}. Intervals are at "
        f"{result.confidence:.0%} "
        f"({result.method}), paired by seed; verdicts are after Holm's correction over all "
        "effects and interactions."
    )
    if result.resolution is not None:
        aliases = f"; aliased: {'; '.join(result.aliases)}" if result.aliases else ""
        yield f"The design has resolution {result.resolution}{aliases}."


def effect_words(effect: Effect | Interaction, quality: str) -> str:
    """Words such as ``+0.31 (-0.10 to +0.72) points``."""
    if effect.mean is None:
        return "not measured yet"
    metric = METRICS[quality]
    mean = metric.format_change(effect.mean)
    if effect.low is None or effect.high is None:
        return f"{mean} {metric.unit}"
    interval = f"{metric.format_change(effect.low)} to {metric.format_change(effect.high)}"
    return f"{mean} ({interval}) {metric.unit}"


def effect_rows(result: AblationResult) -> list[tuple[str, ...]]:
    """A row per effect, by HEADS."""
    return [_row(effect, result.metric) for effect in result.effects]


def arm_rows(result: AblationResult) -> list[tuple[str, ...]]:
    """A row per network, by ARM_HEADS."""
    return [
        (
            arm.name,
            arm.digest,
            _mean(arm, result.metric),
            str(len(arm.values)),
            *(COSTS[name].format(getattr(arm, name)) for name in MAIN_COSTS),
        )
        for arm in result.arms
    ]


def _mean(arm: ArmResult, quality: str) -> str:
    values = [value for _, value in arm.values]
    if not values:
        return ""
    error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else None
    return METRICS[quality].format(fmean(values), error)


def _row(effect: Effect, quality: str) -> tuple[str, ...]:
    return (
        effect.factor,
        f"{effect.base} → {effect.level}",
        effect_words(effect, quality),
        str(effect.n),
        "" if effect.p_holm is None else f"{effect.p_holm:.3g}",
        effect.verdict,
        "" if effect.needed is None else str(effect.needed),
        *(COSTS[name].format_change(getattr(effect, name)) for name in MAIN_COSTS),
    )
