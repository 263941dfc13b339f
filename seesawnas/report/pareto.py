"""A study's quality against MAdds as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from seesawnas.cost import Budget
from seesawnas.report.frames import pareto_front
from seesawnas.report.rows import RankedRow
from seesawnas.study import QUALITIES, Objectives
from seesawnas.units import format_quantity

# Okabe and Ito's colours: told apart by every kind of colour vision.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"


def pareto_html(
    rows: Sequence[RankedRow],
    *,
    title: str = "seesawnas",
    budget: Budget | None = None,
    quality: str = "accuracy",
) -> str:
    """An interactive page with :func:`pareto_figure`."""
    title = f"{_plain(title)}: {QUALITIES[quality]} against MAdds"
    html: str = pareto_figure(rows, title=title, budget=budget, quality=quality).to_html(
        include_plotlyjs=True, full_html=True
    )
    return html


def pareto_figure(
    rows: Sequence[RankedRow], *, title: str, budget: Budget | None = None, quality: str = "accuracy"
) -> go.Figure:
    """A point a trial, the Pareto front as a line, paper points as stars, the budget's end dashed."""
    figure = go.Figure()
    front = pareto_front(rows, Objectives(quality, ("madds",)))
    searched = [row for row in rows if row.name is None]
    named = [row for row in rows if row.name is not None]
    figure.add_trace(_front(front, quality))
    figure.add_trace(_points(searched, quality, "searched", {"color": BLUE, "size": 9, "opacity": 0.75}))
    figure.add_trace(_points(named, quality, "paper", {"color": ORANGE, "size": 15, "symbol": "star"}, labels=True))
    if budget is not None and budget.high is not None:
        label = f"budget {format_quantity(budget.high)}"
        figure.add_vline(x=budget.high / 1e6, line_dash="dash", line_color="#777777", annotation_text=label)
    figure.update_layout(
        title=title,
        xaxis_title="MAdds (millions)",
        yaxis_title=f"{QUALITIES[quality]}{' (%)' if _scale(quality) == 100 else ''}",
        template="plotly_white",
        hovermode="closest",
    )
    return figure


def _front(rows: Sequence[RankedRow], quality: str) -> go.Scatter:
    return go.Scatter(
        x=[row.madds / 1e6 for row in rows],
        y=[_scale(quality) * row.objective(quality) for row in rows],
        name="Pareto front",
        mode="lines",
        line={"color": GREEN, "width": 2, "shape": "hv"},
        hoverinfo="skip",
    )


def _points(
    rows: Sequence[RankedRow], quality: str, name: str, marker: dict[str, object], labels: bool = False
) -> go.Scatter:
    return go.Scatter(
        x=[row.madds / 1e6 for row in rows],
        y=[_scale(quality) * row.objective(quality) for row in rows],
        name=name,
        mode="markers+text" if labels else "markers",
        text=[_plain(row.label.removeprefix("paper/")) for row in rows] if labels else None,
        textposition="top center",
        marker=marker,
        hovertext=[_hover(row) for row in rows],
        hoverinfo="text",
    )


def _hover(row: RankedRow) -> str:
    lines = [
        f"<b>{_plain(row.label)}</b>",
        f"trial {row.number}, digest {_plain(row.digest)}",
        f"accuracy {100 * row.accuracy:.2f} ± {100 * row.std:.2f} %, AUC {row.auc:.4f}",
        f"{format_quantity(row.madds)} MAdds, {format_quantity(row.params)} params, {row.seconds:.0f} s",
    ]
    return "<br>".join(lines)


def _scale(quality: str) -> int:
    """Shares are shown in percent."""
    return 1 if quality in ("auc", "separation") else 100


def _plain(text: str) -> str:
    """Text that plotly must not read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
