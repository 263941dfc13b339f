"""A plotly figure as a self-contained page."""

from __future__ import annotations

import json

import plotly.graph_objects as go

from seesawnas.text import plain_json


def figure_page(figure: go.Figure) -> str:
    """A page of one figure, which works offline."""
    text = str(figure.to_json())
    clean = plain_json(text)
    shown = figure if clean == text else go.Figure(json.loads(clean))
    html: str = shown.to_html(include_plotlyjs=True, full_html=True)
    return html
