"""Measured against predicted latency as one HTML file that works offline."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from seesawnas.cost import LATENCY
from seesawnas.report.plots.figure_page import figure_page
from seesawnas.report.plots.pareto import BLUE, GREEN, plain


def latency_page(
    measured: Sequence[float],
    predicted: Sequence[float],
    names: Sequence[str],
    *,
    title: str,
    factor: float,
) -> str:
    """A page with :func:`latency_figure`."""
    return figure_page(latency_figure(measured, predicted, names, title=title, factor=factor))


def latency_figure(
    measured: Sequence[float],
    predicted: Sequence[float],
    names: Sequence[str],
    *,
    title: str,
    factor: float,
) -> go.Figure:
    """Networks that a model did not see: what they took against what it predicts.

    Args:
        measured: Microseconds of each network.
        predicted: Microseconds of each, by a model of other networks.
        names: What each is called.
        title: Of the plot.
        factor: What a prediction is multiplied by to bound the latency.
    """
    unit = LATENCY.SCALE
    ends = [0.0, 1.05 * max([*measured, *predicted]) / unit]
    figure = go.Figure()
    figure.add_trace(_line(ends, 1.0, "as predicted", "dot"))
    figure.add_trace(_line(ends, factor, f"bound: prediction x {factor:g}", "dash"))
    figure.add_trace(
        go.Scatter(
            x=[value / unit for value in predicted],
            y=[value / unit for value in measured],
            mode="markers",
            name="networks",
            marker={"color": BLUE, "size": 9, "opacity": 0.8},
            hovertext=[plain(name) for name in names],
        )
    )
    figure.update_layout(
        title=plain(title),
        xaxis_title="predicted by a model of other networks (ms)",
        yaxis_title="measured (ms)",
        template="plotly_white",
        hovermode="closest",
    )
    return figure


def _line(ends: Sequence[float], slope: float, name: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=list(ends),
        y=[slope * end for end in ends],
        mode="lines",
        name=name,
        line={"color": GREEN, "dash": dash, "width": 1.5},
        hoverinfo="skip",
    )
