"""An ablation as a section of the report: sentences, plots, a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from seesawnas.ablation.result import AblationResult, Effect
from seesawnas.report.ablation_plots import effect_words, forest_figure, interaction_forest, interaction_plots
from seesawnas.report.pages import plot
from seesawnas.study import QUALITIES

HEADS = ("factor", "level", "effect and interval", "pairs", "p, Holm", "verdict", "seeds needed", "Δ MAdds", "Δ params")


def ablation_context(result: AblationResult) -> dict[str, Any]:
    """What the template takes."""
    grown = {"margin": {"l": 24, "r": 16, "t": 56, "b": 56}}
    crossed = interaction_plots(result)
    own = {} if crossed is None else {"legend": crossed.layout.legend, "margin": {"l": 62, "r": 16, "t": 72, "b": 56}}
    return {
        "sentences": list(ablation_sentences(result)),
        "forest": plot(forest_figure(result), **grown),
        "interaction_forest": plot(interaction_forest(result), **grown),
        "interactions": plot(crossed, **own),
        "heads": HEADS,
        "rows": effect_rows(result),
    }


def ablation_sentences(result: AblationResult) -> Iterator[str]:
    """The design, and what came of it."""
    arms = len(result.arms)
    matched = ", rescaled to the base's MAdds" if result.matched else ""
    yield (
        f"{result.design[0].upper()}{result.design[1:]} design around {result.base}: {arms} networks{matched}, "
        f"{len(result.seeds)} training seeds, judged by {QUALITIES.get(result.quality, result.quality)}."
    )
    verdicts = Counter(effect.verdict for effect in result.effects)
    told = ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items())
    yield (
        f"Of {len(result.effects)} effects: {told}. Intervals are at {result.confidence:.0%} ({result.method}), paired by seed; "
        "a verdict holds after Holm's correction over all effects and interactions."
    )
    if result.resolution is not None:
        aliases = f"; aliased: {'; '.join(result.aliases)}" if result.aliases else ""
        yield f"The design is of resolution {result.resolution}{aliases}."


def effect_rows(result: AblationResult) -> list[tuple[str, ...]]:
    """A row an effect, by HEADS."""
    return [_row(effect, result.quality) for effect in result.effects]


def _row(effect: Effect, quality: str) -> tuple[str, ...]:
    return (
        effect.factor,
        f"{effect.base} → {effect.level}",
        effect_words(effect, quality),
        str(effect.n),
        "" if effect.p_holm is None else f"{effect.p_holm:.3g}",
        effect.verdict,
        "" if effect.needed is None else str(effect.needed),
        f"{effect.madds / 1e6:+.2f} M",
        f"{effect.params / 1e6:+.2f} M",
    )
