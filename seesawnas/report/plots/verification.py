"""ROC curves and score histograms of verified pairs as one HTML file that works offline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from seesawnas.evaluation import Identification, Protocol, VerifiedSet, curve
from seesawnas.report.plots.figure_page import figure_page
from seesawnas.report.plots.pareto import BLUE, GREEN, ORANGE, plain
from seesawnas.text import several

COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9")
POINTS = 2000
"""Of a curve that are drawn: millions of pairs would be a page of as many megabytes."""
BINS = 100


def verification_html(scored: Sequence[VerifiedSet], protocol: Protocol, *, title: str) -> str:
    """The ROC curves of all sets in one plot, and below it a histogram of each set.

    False accept rates are by powers of ten.
    """
    names = [plain(one.name) for one in scored]
    figure = make_subplots(rows=1 + len(scored), cols=1, subplot_titles=["ROC", *names])
    for place, one in enumerate(scored):
        figure.add_trace(_roc(one, COLOURS[place % len(COLOURS)]), row=1, col=1)
        for trace in _histograms(one, protocol, legend=place == 0):
            figure.add_trace(trace, row=2 + place, col=1)
        _mark_threshold(figure, one, row=2 + place)
        figure.update_xaxes(title_text=protocol.score, row=2 + place, col=1)
        figure.update_yaxes(title_text="fraction of pairs", row=2 + place, col=1)
    _title_roc(figure, row=1)
    figure.update_layout(
        title=f"{plain(title)}, {protocol.name} protocol",
        barmode="overlay",
        template="plotly_white",
        height=420 * (1 + len(scored)),
    )
    return figure_page(figure)


def comparison_html(
    models: Sequence[str], sets: Sequence[Sequence[VerifiedSet]], protocol: Protocol
) -> str:
    """The ROC curves of several models, one plot for each set.

    Args:
        models: Their names.
        sets: For each set, what each of the models scores on it.
        protocol: Of all of them.
    """
    titles = [plain(verified[0].name) for verified in sets]
    figure = make_subplots(rows=len(sets), cols=1, subplot_titles=titles)
    for row, verified in enumerate(sets, start=1):
        for place, (name, one) in enumerate(zip(models, verified, strict=True)):
            curve_of = _roc(one, COLOURS[place % len(COLOURS)], label=name)
            figure.add_trace(curve_of, row=row, col=1)
        _title_roc(figure, row)
    figure.update_layout(
        title=f"{several(len(models), 'model')}, {protocol.name} protocol",
        template="plotly_white",
        height=max(480, 420 * len(sets)),
    )
    return figure_page(figure)


def _title_roc(figure: go.Figure, row: int) -> None:
    figure.update_xaxes(
        title_text="false accept rate", type="log", exponentformat="power", row=row, col=1
    )
    figure.update_yaxes(title_text="true accept rate", row=row, col=1)


def thin_curve(
    far: NDArray[np.floating], tar: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """At most POINTS of the curve, evenly by the logarithm of the rate, both ends among them."""
    if len(far) <= POINTS:
        return far, tar
    wanted = np.geomspace(far[0], far[-1], POINTS)
    kept = np.unique(np.append(np.searchsorted(far, wanted).clip(0, len(far) - 1), len(far) - 1))
    return far[kept], tar[kept]


def _roc(one: VerifiedSet, colour: str, label: str | None = None) -> go.Scatter:
    """A curve by the name of its set, or, in a plot of one set, by the ``label`` of its model."""
    words = one.name if label is None else f"{label} on {one.name}"
    far, tar, _ = curve(one.distances, one.same)
    far, tar = thin_curve(far[far > 0], tar[far > 0])  # 0 has no place on a logarithmic axis
    return go.Scatter(
        x=far.tolist(),
        y=tar.tolist(),
        mode="lines",
        line={"color": colour, "shape": "hv"},
        name=f"{plain(words)}, AUC {one.evaluation.auc:.4f}",
        hovertemplate="FAR %{x:.2e}, TAR %{y:.4f}<extra></extra>",
    )


def _histograms(one: VerifiedSet, protocol: Protocol, *, legend: bool) -> list[Any]:
    scores = protocol.sign * one.distances
    edges = np.histogram_bin_edges(scores, BINS)
    return [
        _bars(scores[one.same], edges, "genuine pairs", BLUE, legend),
        _bars(scores[~one.same], edges, "impostor pairs", ORANGE, legend),
    ]


def _bars(
    scores: NDArray[np.floating], edges: NDArray[np.floating], name: str, colour: str, legend: bool
) -> go.Bar:
    # Counted here: a page with every score of millions of pairs in it would not open.
    counts = np.histogram(scores, edges)[0]
    return go.Bar(
        x=((edges[:-1] + edges[1:]) / 2).tolist(),
        y=(counts / max(len(scores), 1)).tolist(),
        width=float(edges[1] - edges[0]),
        marker={"color": colour},
        opacity=0.6,
        name=name,
        legendgroup=name,
        showlegend=legend,
    )


def _mark_threshold(figure: go.Figure, one: VerifiedSet, row: int) -> None:
    threshold = one.evaluation.thresholds["accuracy"]
    figure.add_vline(
        x=threshold,
        line_dash="dash",
        line_color="#777777",
        annotation_text=f"threshold {threshold:.3f}",
        row=row,
        col=1,
    )


def identification_html(found: Identification, *, title: str) -> str:
    """False negative against false positive identification rate, both by powers of ten."""
    far, tar, _ = curve(found.distances, found.mated)
    inside = (far > 0) & np.isfinite(far)
    fpir, tpir = thin_curve(far[inside], tar[inside])
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
        title=f"{plain(title)}: DET, {several(found.searches, 'probe')} among "
        f"{several(found.enrolled, 'identity', 'identities')}",
        xaxis={
            "title": "false positive identification rate",
            "type": "log",
            "exponentformat": "power",
        },
        yaxis={
            "title": "false negative identification rate",
            "type": "log",
            "exponentformat": "power",
        },
        template="plotly_white",
    )
    return figure_page(figure)
