"""Published networks: results of papers after full training.

They are a layer separate from a study's proxy results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import plotly.graph_objects as go

from seesawnas.arch import ArchSpec
from seesawnas.cost import COSTS, cost
from seesawnas.report.network.published import KnownResult, known_results, list_accuracies
from seesawnas.report.plots.pareto import BLUE, GREY, ORANGE, PINK, plain
from seesawnas.space import load_point, shipped
from seesawnas.study import MAIN_COSTS


@dataclass(frozen=True, slots=True)
class PublishedNetwork:
    """A shipped search point with its costs, counted here, and the published accuracies.

    Accuracies are in percent, by test set.
    """

    ref: str
    spec: ArchSpec
    costs: dict[str, int]
    accuracies: dict[str, float]
    source: str

    @property
    def is_seesaw(self) -> bool:
        """Whether it is one of the Seesaw authors' own."""
        return "seesaw" in self.ref

    def words(self) -> str:
        """The published accuracies."""
        return list_accuracies(self.accuracies)


@lru_cache(maxsize=1)
def published_networks() -> tuple[PublishedNetwork, ...]:
    """Every network that ships, cheapest first."""
    found = []
    for ref in shipped("paper"):
        point = load_point(ref)
        total = cost(point.spec)
        costs = {name: int(getattr(total, name)) for name in COSTS}
        printed = dict(point.published.accuracies)
        found.append(PublishedNetwork(ref, point.spec, costs, printed, point.published.source))
    return tuple(sorted(found, key=lambda network: (network.costs["madds"], network.ref)))


def add_published(figure: go.Figure, cost_name: str, studied: Sequence[float]) -> None:
    """Put the published layer below the plot, on axes of its own.

    Full training on other faces is no proxy result.

    ``studied`` are the costs of the study's own networks: where they lie is shaded.
    """
    shown = [network for network in published_networks() if "lfw" in network.accuracies]
    figure.update_layout(
        yaxis={"domain": [0.46, 1.0]},
        xaxis2={"anchor": "y2", "title": {"text": COSTS[cost_name].axis}, "rangemode": "tozero"},
        yaxis2={"anchor": "x2", "domain": [0.0, 0.27], "title": {"text": "LFW (%)"}},
    )
    for name, marker, some in (
        (
            "published: Seesaw",
            {"color": PINK, "symbol": "diamond-open"},
            [n for n in shown if n.is_seesaw],
        ),
        (
            "published: others",
            {"color": ORANGE, "symbol": "square-open"},
            [n for n in shown if not n.is_seesaw],
        ),
    ):
        figure.add_trace(_points(some, cost_name, name, marker))
    known = [
        result
        for result in known_results()
        if cost_name in result.printed_costs and "lfw" in result.accuracies
    ]
    if known:  # of other costs nothing is printed
        figure.add_trace(_known_points(known, cost_name))
    low, high = min(studied) / 1e6, max(studied) / 1e6
    band = {"x0": low, "x1": high, "y0": 0, "y1": 1, "xref": "x2", "yref": "y2 domain"}
    figure.add_shape(type="rect", fillcolor=BLUE, opacity=0.12, line_width=0, layer="below", **band)
    text = "<b>As published</b>, full training; shaded: this study"
    place = {
        "x": 0,
        "y": 0.27,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 6,
    }
    figure.add_annotation(text=text, showarrow=False, align="left", name="published", **place)


def _points(
    networks: list[PublishedNetwork], cost_name: str, name: str, marker: dict[str, str]
) -> go.Scatter:
    return go.Scatter(
        x=[network.costs[cost_name] / 1e6 for network in networks],
        y=[network.accuracies["lfw"] for network in networks],
        xaxis="x2",
        yaxis="y2",
        name=name,
        mode="markers",
        marker={**marker, "size": 12, "line": {"width": 2.5}},
        customdata=[network.ref for network in networks],
        hovertext=[_hover(network) for network in networks],
        hoverinfo="text",
    )


def _known_points(results: Sequence[KnownResult], cost_name: str) -> go.Scatter:
    """Networks that cannot be built here: costs as printed too, and no details to open."""
    return go.Scatter(
        x=[result.printed_costs[cost_name] / 1e6 for result in results],
        y=[result.accuracies["lfw"] for result in results],
        xaxis="x2",
        yaxis="y2",
        name="published: results only",
        mode="markers",
        marker={"color": GREY, "symbol": "x-thin", "size": 9, "line": {"width": 2, "color": GREY}},
        hovertext=[_known_hover(result) for result in results],
        hoverinfo="text",
    )


def _known_hover(result: KnownResult) -> str:
    costs = result.printed_costs
    lines = [
        f"<b>{plain(result.name)}</b>, as published, costs too",
        list_accuracies(result.accuracies),
        ", ".join(COSTS[name].words(costs[name]) for name in MAIN_COSTS if name in costs),
        plain(result.source),
    ]
    return "<br>".join(lines)


def _hover(network: PublishedNetwork) -> str:
    lines = [
        f"<b>{plain(network.ref)}</b>, as published",
        network.words(),
        ", ".join(COSTS[name].words(network.costs[name]) for name in MAIN_COSTS),
    ]
    return "<br>".join(lines)
