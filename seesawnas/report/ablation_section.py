"""An ablation as a section of the report: sentences, plots, tables."""

from __future__ import annotations

from typing import Any

from seesawnas.ablation import AblationResult, verdict_words
from seesawnas.report.ablation_plots import forest_figure, interaction_forest, interaction_plots
from seesawnas.report.ablation_table import ARM_HEADS, HEADS, ablation_sentences, arm_rows, effect_rows
from seesawnas.report.pages import plot


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
        "verdicts": verdict_words(result),
        "heads": HEADS,
        "rows": effect_rows(result),
        "arm_heads": ARM_HEADS,
        "arms": arm_rows(result),
    }
