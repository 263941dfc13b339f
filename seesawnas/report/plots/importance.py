"""Decisions by importance as bars.

Both methods stand side by side, the linear model's with its noise floor.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from seesawnas.analysis.importance import BandImportance, DecisionImportance, Importance
from seesawnas.analysis.importance_text import band_words
from seesawnas.report.plots.figure_page import figure_page
from seesawnas.report.plots.pareto import BLUE, ORANGE, plain
from seesawnas.text import several

SHOWN = 15
"""Decisions of a band that are drawn: the highest."""
_PALE = "#A6C8DE"  # below the floor
_VIEWS = ("drop of unseen R² without it (dashed: noise floor)", "PED-ANOVA, share")


def importance_figure(importance: Importance) -> go.Figure:
    """A row per band, a column per view; bars below the floor are pale."""
    bands = importance.bands
    drawn = [band.decisions[:SHOWN] for band in bands]
    figure = make_subplots(
        rows=len(bands),
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=0.16 / len(bands),
        row_heights=[len(some) + 2 for some in drawn],
        subplot_titles=[f"{view}<br>{band_words(band)}" for band in bands for view in _VIEWS],
    )
    for row, (band, some) in enumerate(zip(bands, drawn, strict=True), start=1):
        figure.add_trace(_drops(some), row=row, col=1)
        figure.add_trace(_shares(some), row=row, col=2)
        _floor(figure, band, row)
    figure.update_yaxes(autorange="reversed", automargin=True)
    height = sum(22 * len(some) + 130 for some in drawn) + 60
    title = f"{plain(importance.study)}: which decisions mattered"
    figure.update_layout(
        title=title, template="plotly_white", showlegend=False, height=height, bargap=0.25
    )
    return figure


def importance_html(importance: Importance) -> str:
    """An interactive page with :func:`importance_figure` that works offline."""
    return figure_page(importance_figure(importance))


def _drops(some: Sequence[DecisionImportance]) -> go.Bar:
    colors = [BLUE if one.clears else _PALE for one in some]
    return _bars(some, [one.drop for one in some], colors)


def _shares(some: Sequence[DecisionImportance]) -> go.Bar:
    return _bars(some, [one.ped_anova for one in some], [ORANGE] * len(some))


def _bars(
    some: Sequence[DecisionImportance], values: Sequence[float], colors: Sequence[str]
) -> go.Bar:
    return go.Bar(
        y=[plain(one.name) for one in some],
        x=[round(value, 5) for value in values],
        orientation="h",
        marker={"color": list(colors)},
        hovertext=[_hover(one) for one in some],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _hover(one: DecisionImportance) -> str:
    above = "above" if one.clears else "below"
    lines = [
        f"<b>{plain(one.name)}</b>, in {several(one.n, 'trial')}",
        f"R² drop {one.drop:.4f}, {above} the noise floor of {one.floor:.4f}; PED-ANOVA "
        f"{one.ped_anova:.3f}",
        *(
            f"{plain(str(option.option))}: {option.worth:+.4f}, {several(option.n, 'trial')}"
            for option in one.options
        ),
    ]
    return "<br>".join(lines)


def _floor(figure: go.Figure, band: BandImportance, row: int) -> None:
    if band.decisions:
        figure.add_vline(
            x=band.decisions[0].floor, line_dash="dash", line_color="#777777", row=row, col=1
        )
