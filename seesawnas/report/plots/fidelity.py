"""Agreement against cost as one HTML file that works offline."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from seesawnas.analysis.fidelity.agreement import Agreement
from seesawnas.report.plots.figure_page import figure_page
from seesawnas.report.plots.pareto import BLUE, GREEN, ORANGE, plain


def fidelity_html(found: Sequence[Agreement], *, title: str, reference: str, score: str) -> str:
    """Kendall's tau of each reading against its seconds per network.

    Costs known without training are dashed lines.
    """
    figure = go.Figure()
    levels = list(dict.fromkeys(agreement.level for agreement in found if agreement.epoch))
    colours = [BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9"]
    for place, level in enumerate(levels):
        figure.add_trace(
            _curve([a for a in found if a.level == level], level, colours[place % len(colours)])
        )
    for dash, baseline in zip(("dash", "dot"), (a for a in found if not a.epoch), strict=False):
        label = f"{plain(baseline.reading)} only"
        figure.add_hline(
            y=baseline.tau, line_dash=dash, line_color="#777777", annotation_text=label
        )
    figure.update_layout(
        title=f"{plain(title)}: agreement with {plain(reference)} by {score}",
        xaxis_title="seconds per network, one thread",
        yaxis_title="Kendall's tau, with its 95 % interval",
        template="plotly_white",
    )
    return figure_page(figure)


def _curve(found: Sequence[Agreement], level: str, colour: str) -> go.Scatter:
    found = sorted(found, key=lambda agreement: agreement.seconds)
    return go.Scatter(
        x=[a.seconds for a in found],
        y=[a.tau for a in found],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [a.high - a.tau for a in found],
            "arrayminus": [a.tau - a.low for a in found],
        },
        mode="markers+lines",
        name=plain(level),
        marker={"color": colour, "size": 9},
        hovertext=[plain(a.reading) + (", of the same run" if a.same_run else "") for a in found],
    )
