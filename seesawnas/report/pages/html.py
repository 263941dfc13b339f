"""HTML pages that work offline.

Templates are filled, scripts allowed by their hashes, and everything from studies escaped.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from seesawnas.report.study.summary import CONVENTIONS
from seesawnas.text import plain, plain_json

TEMPLATES = "templates"
HEIGHT = 520


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure as a page holds it."""

    text: str
    height: int


def render(template: str, *, title: str, scripts: Sequence[str], **context: Any) -> str:
    """The page ``template``; ``scripts`` are whole texts, run in their order."""
    return (
        _environment()
        .get_template(template)
        .render(
            title=title,
            scripts=scripts,
            policy=policy(scripts),
            style=asset("page.css"),
            version=version("seesawnas"),
            conventions=CONVENTIONS,
            **context,
        )
    )


def policy(scripts: Sequence[str]) -> str:
    """The Content-Security-Policy: nothing from outside, no eval, and no script but these.

    Styles must be inline: plotly writes its own as it draws, and sets them on its elements.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
        for s in scripts
    )
    rest = "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {hashes}; {rest}"


def asset(name: str) -> str:
    """A script or a style in the folder of templates."""
    return (files("seesawnas.report") / TEMPLATES / name).read_text(encoding="utf-8")


def data_block(values: Any) -> str:
    """JSON that no markup can end, for a script element that holds data."""
    return plain_json(json.dumps(values, separators=(",", ":"))).replace("<", "\\u003c")


def packed(values: Any) -> str:
    """JSON, compressed: what a page holds of many networks, which are much alike."""
    text = plain_json(json.dumps(values, separators=(",", ":")))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def plot(figure: go.Figure | None, **layout: Any) -> Plot | None:
    """``figure`` for a page, which says its title in words and gives it its colours."""
    if figure is None:
        return None
    height = int(layout.pop("height", figure.layout.height or HEIGHT))
    legend = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"}
    shown: dict[str, Any] = {
        "margin": {"l": 62, "r": 16, "t": 56, "b": 56},
        "legend": legend,
        **layout,
    }
    made = go.Figure(figure).update_layout(
        template="none", title=None, height=height, autosize=True, **shown
    )
    made.update_xaxes(automargin=True).update_yaxes(automargin=True)
    return Plot(plain_json(str(made.to_json())).replace("<", "\\u003c"), height)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("seesawnas.report", TEMPLATES),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: Any) -> Any:
    """Every text that a template shows, cleaned; what it marks as safe is ours."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
