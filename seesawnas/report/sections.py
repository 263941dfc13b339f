"""Sections of the report that other parts of the package fill: an ablation, the importance of decisions.

A section whose value is None is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from seesawnas.ablation import AblationResult, read_ablation
from seesawnas.report.importance_plot import importance_figure
from seesawnas.search import importance
from seesawnas.search.importance_words import importance_words
from seesawnas.study import StudyView


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot, or none, and what it says in sentences."""

    figure: go.Figure | None
    sentences: tuple[str, ...]


def ablation_of(study: StudyView) -> AblationResult | None:
    """What an ablation found, where the study is one."""
    return read_ablation(study.name, study.attributes, study.trials)


def importance_of(study: StudyView) -> Drawn | None:
    """How much each decision matters, where that can be said."""
    found = importance.importance_of(study)
    return None if found is None else Drawn(importance_figure(found), importance_words(found))
