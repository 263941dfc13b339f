"""Several studies in one plot, and whether their scores are comparable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import plotly.graph_objects as go

from seesawnas.cost import ALL_COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.plan.options import kept_names
from seesawnas.report.plots.pareto import (
    BLUE,
    GREEN,
    MANY,
    ORANGE,
    PINK,
    SKY,
    YELLOW,
    hover_words,
    plain,
)
from seesawnas.report.study.report import StudyReport
from seesawnas.report.study.summary import settings_mapping
from seesawnas.study import Objectives, pareto_front
from seesawnas.study.options import RunPlan

SHARED = ("objectives", *kept_names(RunPlan))
"""Settings that make figures comparable."""
STYLES = (
    (BLUE, "circle"),
    (ORANGE, "square"),
    (PINK, "diamond"),
    (YELLOW, "triangle-up"),
    (SKY, "cross"),
)


def differing(reports: Sequence[StudyReport]) -> list[str]:
    """The settings in which the studies differ, so that their scores are not comparable."""
    agreed = [settings_mapping(report.study) for report in reports]
    return [name for name in SHARED if any(one.get(name) != agreed[0].get(name) for one in agreed)]


def joint_sentences(reports: Sequence[StudyReport]) -> Iterator[str]:
    """What the plot shows, and how it may be read."""
    unlike = differing(reports)
    yield f"{len(reports)} studies: {', '.join(report.study.name for report in reports)}."
    if unlike:
        yield (
            f"They differ in {', '.join(unlike)}, so each has its own front and their scores are "
            "not comparable."
        )
    else:
        yield "All use the same data, proxy and seed, so they share one front."


def joint_figure(reports: Sequence[StudyReport]) -> go.Figure | None:
    """Quality against the first cost, a colour and a shape per study.

    None if no study has a complete trial.
    """
    objectives = Objectives(reports[0].study.metric, reports[0].study.sought.of_front.costs[:1])
    rows = [[line.row for line in report.ranking.lines] for report in reports]
    if not any(rows):
        return None
    figure = go.Figure()
    scale, cost = METRICS[objectives.metric].scale, objectives.costs[0]
    unit = ALL_COSTS[cost].SCALE
    if not differing(reports):
        every = pareto_front([row for some in rows for row in some], objectives)
        figure.add_trace(
            _front(
                [(row.objective(cost) / unit, row.objective(objectives.metric)) for row in every],
                scale,
                GREEN,
            )
        )
    for place, (report, some) in enumerate(zip(reports, rows, strict=True)):
        color, symbol = STYLES[place % len(STYLES)]
        if differing(reports):
            own = pareto_front(some, objectives)
            figure.add_trace(
                _front(
                    [(r.objective(cost) / unit, r.objective(objectives.metric)) for r in own],
                    scale,
                    color,
                )
            )
        figure.add_trace(
            go.Scatter(
                x=[row.objective(cost) / unit for row in some],
                y=[scale * row.objective(objectives.metric) for row in some],
                name=plain(report.study.name),
                mode="markers",
                marker={
                    "color": color,
                    "symbol": symbol,
                    "size": 9 if len(some) <= MANY else 6,
                    "opacity": 0.75,
                },
                customdata=[f"{place}:{row.number}" for row in some],
                hovertext=[f"{plain(report.study.name)}<br>{hover_words(row)}" for row in some],
                hoverinfo="text",
            )
        )
    figure.update_layout(
        xaxis_title=ALL_COSTS[cost].axis,
        yaxis_title=METRICS[objectives.metric].axis,
        hovermode="closest",
    )
    return figure


def _front(points: Sequence[tuple[float, float]], scale: int, color: str) -> go.Scatter:
    return go.Scatter(
        x=[x for x, _ in points],
        y=[scale * y for _, y in points],
        name="Pareto front",
        mode="lines",
        line={"color": color, "width": 2, "shape": "hv"},
        hoverinfo="skip",
        showlegend=color == GREEN,
    )
