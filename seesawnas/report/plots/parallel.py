"""Parallel coordinates of a study's decisions.

There is a row per decision, its options from left to right, and a line per network.

Rows are horizontal, so that the names of 24 decisions are easy to read. Lines are plain SVG:
plotly's own parallel coordinates need WebGL, and functions made at run time, which the report's
security policy forbids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import plotly.graph_objects as go

from seesawnas.cost import ALL_COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.plots.pareto import BLUE, GREEN, GREY, plain
from seesawnas.report.study.ranking import metric_words
from seesawnas.study import ResultRow, StudyView, options_of
from seesawnas.text import several

BEST, OTHERS = 25, 100
"""Lines that are drawn: the best, and others evenly by rank.

More would hide each other; option texts are of all trials.
"""
ROW = 38  # pixels
LABELLED = 9  # options of a row that are named


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A row of the plot: where in [0, 1] each network lies, None if it has no such decision."""

    name: str
    places: tuple[float | None, ...]
    marks: tuple[tuple[float, str, str], ...]
    """(place, label, hover text)"""


def parallel_figure(study: StudyView, rows: Sequence[ResultRow]) -> go.Figure | None:
    """The plot; None if there are fewer than two networks with decisions to compare."""
    trials = {trial.number: trial for trial in study.trials}
    inside = [row for row in rows if trials[row.number].params]
    shown = _thinned(inside)
    if len(shown) < 2:
        return None
    params = [trials[row.number].params for row in inside]
    options: dict[str, tuple[Any, ...]] = {}
    for row in inside:
        for name, distribution in trials[row.number].distributions.items():
            options.setdefault(name, options_of(distribution))
    kept = {row.number for row in shown}
    drawn = [place for place, row in enumerate(inside) if row.number in kept]
    coordinates = [
        _decision(name, options[name], params, inside, study.metric, drawn)
        for name in sorted(options, key=_order)
        if len(options[name]) > 1
    ]
    coordinates += [_scale(inside, name, study.metric, drawn) for name in ("madds", study.metric)]
    return _figure(coordinates, shown, len(inside), study.metric)


def _thinned(rows: Sequence[ResultRow]) -> list[ResultRow]:
    best, rest = rows[:BEST], rows[BEST:]
    step = max(1, -(-len(rest) // OTHERS))
    return [*best, *rest[::step]]


def _order(name: str) -> tuple[Any, ...]:
    """A key that sorts stages.2 before stages.10, and network-wide decisions first."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in name.split("."))


def _decision(
    name: str,
    options: tuple[Any, ...],
    params: Sequence[Mapping[str, Any]],
    rows: Sequence[ResultRow],
    quality: str,
    drawn: Sequence[int],
) -> Coordinate:
    places = {str(option): number / (len(options) - 1) for number, option in enumerate(options)}
    every = max(1, -(-len(options) // LABELLED))
    marks = []
    for number, option in enumerate(options):
        found = [
            row
            for row, chosen in zip(rows, params, strict=True)
            if str(chosen.get(name)) == str(option)
        ]
        text = plain(str(option))
        marks.append(
            (
                places[str(option)],
                text if number % every == 0 else "",
                _words(name, text, found, quality),
            )
        )
    chosen = (str(params[place].get(name)) for place in drawn)
    return Coordinate(plain(name), tuple(places.get(option) for option in chosen), tuple(marks))


def _words(name: str, option: str, found: Sequence[ResultRow], quality: str) -> str:
    if not found:
        return f"<b>{plain(name)} = {option}</b><br>no complete trial"
    values = [row.objective(quality) for row in found]
    mean, best = METRICS[quality].format(fmean(values)), METRICS[quality].format(max(values))
    trials = several(len(found), "trial")
    return f"<b>{plain(name)} = {option}</b><br>{trials}, mean {mean}, best {best}"


def _scale(rows: Sequence[ResultRow], name: str, quality: str, drawn: Sequence[int]) -> Coordinate:
    values = [row.objective(name) for row in rows]
    low, high = min(values), max(values)
    places = tuple((values[place] - low) / ((high - low) or 1.0) for place in drawn)
    title = ALL_COSTS[name].title if name in ALL_COSTS else METRICS[name].label
    ends = [
        ALL_COSTS[name].format(value) if name in ALL_COSTS else METRICS[name].format(value)
        for value in (low, high)
    ]
    marks = tuple(
        (float(end), ends[end], f"<b>{title}</b>: {('least', 'most')[end]} {ends[end]}")
        for end in (0, 1)
    )
    return Coordinate(f"<b>{title}</b>", places, marks)


def _figure(
    coordinates: Sequence[Coordinate], shown: Sequence[ResultRow], every: int, quality: str
) -> go.Figure:
    figure = go.Figure()
    which = range(len(shown))
    if len(shown) > BEST:
        others = f"{len(shown) - BEST} of the {every - BEST} others"
        figure.add_trace(_lines(coordinates, which[BEST:], others, GREY, 0.7, 0.4))
    figure.add_trace(
        _lines(coordinates, which[1:BEST], f"ranked 2 to {min(BEST, len(shown))}", BLUE, 1.2, 0.8)
    )
    named = f"best: {plain(shown[0].label)}, {metric_words(shown[0], quality)}"
    figure.add_trace(_lines(coordinates, which[:1], named, GREEN, 3.5, 1.0))
    figure.add_trace(_marks(coordinates))
    figure.update_layout(
        template="plotly_white",
        height=ROW * len(coordinates) + 130,
        hovermode="closest",
        annotations=list(_labels(coordinates)),
        xaxis={"visible": False, "range": [-0.08, 1.08], "fixedrange": True},
        yaxis={
            "tickvals": list(range(len(coordinates))),
            "ticktext": [plain(coordinate.name) for coordinate in coordinates],
            "range": [len(coordinates) - 0.3, -0.9],
            "fixedrange": True,
            "zeroline": False,
        },
    )
    return figure


def _labels(coordinates: Sequence[Coordinate]) -> Iterator[dict[str, Any]]:
    """The options' names, on a ground of the page's colour, so that no line crosses a word.

    The page's script knows that colour.
    """
    for number, coordinate in enumerate(coordinates):
        for place, label, _ in coordinate.marks:
            if label:
                at = {"x": place, "y": number, "yshift": 13, "showarrow": False, "borderpad": 1}
                yield {**at, "text": label, "name": "option", "font": {"size": 11}}


def _lines(
    coordinates: Sequence[Coordinate],
    which: Sequence[int],
    name: str,
    color: str,
    width: float,
    opacity: float,
) -> go.Scatter:
    x: list[float | None] = []
    y: list[float | None] = []
    for line in which:
        jitter = (
            (line * 0.618034 + 0.5) % 1 - 0.5
        ) * 0.07  # lines of equal options lie side by side, not on each other
        for number, coordinate in enumerate(coordinates):
            if (place := coordinate.places[line]) is not None:
                x.append(round(place + jitter * (number < len(coordinates) - 2), 4))
                y.append(number)
        x.append(None)
        y.append(None)
    return go.Scatter(
        x=x,
        y=y,
        name=name,
        mode="lines",
        opacity=opacity,
        line={"color": color, "width": width},
        hoverinfo="skip",
    )


def _marks(coordinates: Sequence[Coordinate]) -> go.Scatter:
    marks = [
        (number, *mark)
        for number, coordinate in enumerate(coordinates)
        for mark in coordinate.marks
    ]
    return go.Scatter(
        x=[place for _, place, _, _ in marks],
        y=[number for number, *_ in marks],
        hovertext=[words for *_, words in marks],
        hoverinfo="text",
        mode="markers",
        marker={"size": 7, "color": GREY, "line": {"width": 1, "color": "#ffffff"}},
        cliponaxis=False,
        showlegend=False,
        name="options",
    )
