"""The plots that a study's page in the dashboard shows, as plotly's JSON."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from seesawnas.cost import ALL_COSTS, Budget
from seesawnas.errors import BudgetError
from seesawnas.evaluation.metrics import METRICS, Metric
from seesawnas.io.stored_json import stored_mapping
from seesawnas.report.plots.ablation import forest_figure
from seesawnas.report.plots.pareto import BLUE, GREEN, ORANGE, pareto_figure, plain
from seesawnas.report.study.ranking import is_ablation, ranking_of
from seesawnas.report.study.sections import find_ablation
from seesawnas.study import ResultRow, StudyView, Trial, TrialState
from seesawnas.text import plain_json, several

CURVES = 100
"""Learning curves that are drawn: the latest ones.

More would hide each other, and take megabytes.
"""

_COLORS = {
    TrialState.COMPLETE: BLUE,
    TrialState.PRUNED: "#999999",
    TrialState.RUNNING: ORANGE,
    TrialState.FAIL: "#CC79A7",
}
_WORDS = {
    "COMPLETE": "trained in full",
    "PRUNED": "stopped early",
    "RUNNING": "running",
    "FAIL": "failed",
}
_CARD = {"margin": {"l": 60, "r": 20, "t": 50, "b": 50}, "template": "plotly_white", "height": 440}


def study_figures(study: StudyView) -> dict[str, str]:
    """The plots by id, without those that have nothing to draw yet."""
    found = {}
    ablation = find_ablation(study)
    if ablation is not None and (forest := forest_figure(ablation, costs=False)) is not None:
        found["ablation"] = _card(forest)
    rows = ranking_of(study).rows
    if rows and ablation is None:
        found[f"quality_against_{study.sought.of_front.costs[0]}"] = _text(
            quality_figure(study, rows)
        )
    if (curves := curves_figure(study)) is not None:
        found["learning_curves"] = _text(curves)
    return found


def quality_figure(study: StudyView, rows: Sequence[ResultRow]) -> go.Figure:
    """The study's quality against its first cost."""
    cost = study.sought.of_front.costs[0]
    title = (
        f"{study.objectives[0][0].upper()}{study.objectives[0][1:]} against {ALL_COSTS[cost].title}"
    )
    return pareto_figure(rows, title=title, budget=study_budget(study), objectives=study.sought)


def curves_figure(study: StudyView) -> go.Figure | None:
    """The learning curves; None if no trial has one."""
    curves = [trial for trial in study.trials if trial.intermediate_values]
    return _curves(curves, study) if curves else None


def study_budget(study: StudyView) -> Budget | None:
    """The budget that the search was under; None if it is not known."""
    try:
        value = stored_mapping(study.attributes["settings"])["budget"]
        return (
            Budget.parse(value, read=False)
            if isinstance(value, str)
            else Budget(value[1], value[0])
        )
    except (KeyError, ValueError, TypeError, IndexError, BudgetError):
        return None


def _curves(trials: Sequence[Trial], study: StudyView) -> go.Figure:
    """One trace per state: a legend of four, and a gap between two trials."""
    drawn, metric = trials[-CURVES:], METRICS[study.metric]
    figure = go.Figure()
    for state, color in _COLORS.items():
        some = [trial for trial in drawn if trial.state is state]
        if some:
            figure.add_trace(_trace(some, _WORDS[state.name], color, metric))
    complete = (
        []
        if is_ablation(study)
        else [trial for trial in trials if trial.state is TrialState.COMPLETE]
    )
    best = max(complete, key=lambda trial: trial.values[0], default=None)
    if best is not None:
        figure.add_trace(_trace([best], f"best: trial {best.number}", GREEN, metric, width=3))
    which = (
        f"the latest {CURVES} of {len(trials)}"
        if len(trials) > CURVES
        else several(len(trials), "trial")
    )
    axis = f"{plain(study.objectives[0])}{' (%)' if metric.is_percent else ''}"
    figure.update_layout(
        title=f"Learning curves, {which}", xaxis_title="epoch", yaxis_title=axis, **_CARD
    )
    figure.update_xaxes(dtick=1 if max(trial.last_step or 0 for trial in drawn) <= 20 else None)
    return figure


def _trace(
    trials: Sequence[Trial], name: str, color: str, metric: Metric, width: float = 1
) -> go.Scatter:
    steps: list[int | None] = []
    values: list[float | None] = []
    texts: list[str] = []
    for trial in trials:
        curve = sorted(trial.intermediate_values.items())
        steps += [*(step for step, _ in curve), None]
        values += [*(round(metric.scale * value, 4) for _, value in curve), None]
        texts += [f"trial {trial.number}"] * (len(curve) + 1)
    marker = {"color": color, "size": 5}
    line = {"color": color, "width": width}
    hover = f"%{{text}}, epoch %{{x}}: %{{y:.{metric.change_digits}f}}<extra></extra>"
    return go.Scatter(
        x=steps,
        y=values,
        text=texts,
        name=name,
        mode="lines+markers",
        line=line,
        marker=marker,
        hovertemplate=hover,
    )


def _card(forest: go.Figure) -> str:
    """Fit a forest to a card of the dashboard.

    A forest is as high as its effects are many, and as wide as their names. A card has no room for
    costs beside it.
    """
    forest.update_layout(
        title="Effects against the base, with their intervals",
        margin={"l": 20, "r": 20, "t": 70, "b": 50},
    )
    return plain_json(str(forest.to_json()))


def _text(figure: go.Figure) -> str:
    figure.update_layout(**_CARD)
    return plain_json(str(figure.to_json()))
