"""An ablation as a section of the report: sentences, plots, tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from seesawnas.ablation import AblationResult
from seesawnas.report.ablation_plots import forest_figure, interaction_forest, interaction_plots
from seesawnas.report.ablation_table import ARM_HEADS, HEADS, arm_rows, effect_rows
from seesawnas.report.pages import plot


def ablation_tiles(result: AblationResult) -> Iterator[dict[str, str]]:
    """The first figures that a reader looks for."""
    verdicts = Counter(effect.verdict for effect in result.effects)
    for verdict in ("better", "worse", "not resolvable"):
        yield {"name": verdict, "value": str(verdicts[verdict]), "note": f"of {len(result.effects)} effects"}
    yield {"name": "networks", "value": str(len({arm.digest for arm in result.arms})), "note": ""}
    yield {"name": "training seeds", "value": str(len(result.seeds)), "note": ""}


def ablation_context(result: AblationResult) -> dict[str, Any]:
    """What the template takes."""
    grown = {"margin": {"l": 24, "r": 16, "t": 56, "b": 56}}
    crossed = interaction_plots(result)
    own = {} if crossed is None else {"legend": crossed.layout.legend, "margin": {"l": 62, "r": 16, "t": 72, "b": 56}}
    return {
        "forest": plot(forest_figure(result), **grown),
        "interaction_forest": plot(interaction_forest(result), **grown),
        "interactions": plot(crossed, **own),
        "heads": HEADS,
        "rows": effect_rows(result),
        "arm_heads": ARM_HEADS,
        "arms": arm_rows(result),
    }
