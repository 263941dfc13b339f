"""The DET curve of an identification as one HTML file that needs no network."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from seesawnas.evaluation import Identification, curve
from seesawnas.report.figure_page import figure_page
from seesawnas.report.pareto import BLUE, plain
from seesawnas.report.verification_page import thinned
from seesawnas.wording import several


def identification_html(found: Identification, *, title: str) -> str:
    """False negative against false positive identification rate, both by powers of ten."""
    far, tar, _ = curve(found.distances, found.mated)
    inside = (far > 0) & np.isfinite(far)
    fpir, tpir = thinned(far[inside], tar[inside])
    figure = go.Figure(
        go.Scatter(
            x=fpir.tolist(),
            y=(1.0 - tpir).tolist(),
            mode="lines",
            line={"color": BLUE},
            hovertemplate="FPIR %{x:.2e}, FNIR %{y:.4f}<extra></extra>",
        )
    )
    figure.update_layout(
        title=f"{plain(title)}: DET, {several(found.searches, 'search', 'searches')} among {found.enrolled:,} people",
        xaxis={"title": "false positive identification rate", "type": "log", "exponentformat": "power"},
        yaxis={"title": "false negative identification rate", "type": "log", "exponentformat": "power"},
        template="plotly_white",
    )
    return figure_page(figure)
