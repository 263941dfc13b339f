"""A study's quality against its first cost as one HTML file that works offline.

The cost is MAdds if the study has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import plotly.graph_objects as go

from seesawnas.cost import ALL_COSTS, LATENCY, Budget
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.plots.figure_page import figure_page
from seesawnas.report.study.ranking import metric_words
from seesawnas.study import ACCURACY, MAIN_COSTS, MAIN_METRICS, Objectives, ResultRow, pareto_front
from seesawnas.text import escape_line
from seesawnas.units import format_quantity

# Okabe and Ito's colours: distinguishable with every kind of colour vision.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
SKY, YELLOW, PINK, GREY = "#56B4E9", "#E69F00", "#CC79A7", "#8a8f98"
MANY = 300
"""Points above which they are drawn smaller."""
_Axes: TypeAlias = tuple[str, str]
"""The metric on the vertical axis, the cost on the horizontal axis."""


def pareto_html(
    rows: Sequence[ResultRow],
    *,
    title: str = "seesawnas",
    budget: Budget | None = None,
    objectives: Objectives = ACCURACY,
) -> str:
    """An interactive page with :func:`pareto_figure`."""
    shown = objectives.of_front
    title = (
        f"{plain(title)}: {METRICS[shown.metric].title} against {ALL_COSTS[shown.costs[0]].title}"
    )
    figure = pareto_figure(rows, title=title, budget=budget, objectives=objectives)
    return figure_page(figure)


def pareto_figure(
    rows: Sequence[ResultRow],
    *,
    title: str,
    budget: Budget | None = None,
    objectives: Objectives = ACCURACY,
) -> go.Figure:
    """A point per trial, with the Pareto front of the study's objectives.

    Paper points are stars, and the budget's end is dashed. The front of two objectives is a line;
    that of more is no line in two dimensions, and its points are ringed.
    """
    figure = go.Figure()
    shown = objectives.of_front
    axes = shown.metric, shown.costs[0]
    front = pareto_front(rows, shown)
    searched = [row for row in rows if row.name is None]
    named = [row for row in rows if row.name is not None]
    figure.add_trace(_front(front, axes, line=len(shown.costs) == 1))
    figure.add_trace(
        _points(
            searched,
            axes,
            "searched",
            {"color": BLUE, "size": 9 if len(rows) <= MANY else 6, "opacity": 0.75},
        )
    )
    figure.add_trace(
        _points(named, axes, "paper", {"color": ORANGE, "size": 15, "symbol": "star"}, labels=True)
    )
    if (high := _end(budget, axes[1])) is not None:
        label = f"budget {format_quantity(high)}"
        figure.add_vline(
            x=high / 1e6, line_dash="dash", line_color="#777777", annotation_text=label
        )
    figure.update_layout(
        title=title,
        xaxis_title=ALL_COSTS[axes[1]].axis,
        yaxis_title=METRICS[axes[0]].axis,
        template="plotly_white",
        hovermode="closest",
    )
    return figure


def _end(budget: Budget | None, cost: str) -> int | None:
    """Where the budget ends on the axis of ``cost``; None if it does not limit that.

    A limit on latency is on more than the prediction, which the axis shows.
    """
    if cost == LATENCY.name:
        return None
    return (
        None
        if budget is None
        else next((limit.high for limit in budget.limits if limit.name == cost), None)
    )


def _front(rows: Sequence[ResultRow], axes: _Axes, *, line: bool) -> go.Scatter:
    return go.Scatter(
        x=[row.objective(axes[1]) / ALL_COSTS[axes[1]].SCALE for row in rows],
        y=[METRICS[axes[0]].scale * row.objective(axes[0]) for row in rows],
        name="Pareto front",
        mode="lines" if line else "markers",
        line={"color": GREEN, "width": 2, "shape": "hv"},
        marker={"color": GREEN, "size": 16, "symbol": "circle-open", "line": {"width": 2}},
        hoverinfo="skip",
    )


def _points(
    rows: Sequence[ResultRow],
    axes: _Axes,
    name: str,
    marker: dict[str, object],
    labels: bool = False,
) -> go.Scatter:
    return go.Scatter(
        x=[row.objective(axes[1]) / ALL_COSTS[axes[1]].SCALE for row in rows],
        y=[METRICS[axes[0]].scale * row.objective(axes[0]) for row in rows],
        name=name,
        mode="markers+text" if labels else "markers",
        text=[plain(row.label.removeprefix("paper/")) for row in rows] if labels else None,
        textposition="top center",
        marker=marker,
        customdata=[row.number for row in rows],
        hovertext=[hover_words(row) for row in rows],
        hoverinfo="text",
    )


def hover_words(row: ResultRow) -> str:
    """The hover text of a point."""
    lines = [
        f"<b>{plain(row.label)}</b>",
        f"trial {row.number}, digest {plain(row.digest)}",
        ", ".join(f"{METRICS[name].label} {metric_words(row, name)}" for name in MAIN_METRICS),
        ", ".join(ALL_COSTS[name].words(int(row.objective(name))) for name in MAIN_COSTS)
        + f", {row.seconds:.0f} s",
    ]
    return "<br>".join(lines)


def plain(text: str) -> str:
    """One line of text that plotly must not read as markup."""
    return escape_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
