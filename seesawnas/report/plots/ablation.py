"""An ablation as plots.

A forest of effects with their intervals and costs, and how factors depend on each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, groupby
from statistics import fmean, stdev
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from seesawnas.ablation.result import AblationResult, ArmResult, Effect, Interaction, Verdict
from seesawnas.cost import COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.plots.pareto import BLUE, GREEN, GREY, ORANGE, PINK, SKY, YELLOW, plain
from seesawnas.report.study.ablation import effect_words
from seesawnas.text import several

STYLES: dict[Verdict, tuple[str, str]] = {
    "better": (GREEN, "triangle-up"),
    "worse": (ORANGE, "triangle-down"),
    "equivalent": (PINK, "diamond"),
    "not resolvable": (GREY, "circle-open"),
    "same network": (BLUE, "line-ns"),
}
"""Colour and shape: each alone distinguishes them."""
LINES = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
MOST_PAIRS = 12


def forest_figure(result: AblationResult, *, costs: bool = True) -> go.Figure | None:
    """Effects grouped by factor, with ``costs`` the change in MAdds and params beside them.

    None if nothing is measured.
    """
    if not any(effect.mean is not None for effect in result.effects):
        return None
    effects = [
        effect
        for factor, _ in result.factors
        for effect in result.effects
        if effect.factor == factor
    ]
    beside = (COSTS["madds"], COSTS["params"]) if costs else ()
    widths = [0.6, 0.2, 0.2] if costs else [1.0]
    figure = make_subplots(
        cols=len(widths), shared_yaxes=True, column_widths=widths, horizontal_spacing=0.03
    )
    _add_points(figure, effects, result.metric)
    for column, kind in enumerate(beside, start=2):
        changes = [getattr(effect, kind.name) / kind.SCALE for effect in effects]
        figure.add_trace(_bars(changes, kind.title), row=1, col=column)
        figure.update_xaxes(title_text=f"Δ {kind.column}", range=_room(changes), row=1, col=column)
    figure.update_xaxes(title_text=_effect_title(result), row=1, col=1)
    labels = [
        f"<b>{plain(one.factor)}</b>  {plain(one.base)} → {plain(one.level)}" for one in effects
    ]
    _finish(figure, labels, [effect.factor for effect in effects])
    return figure


def interaction_forest(result: AblationResult) -> go.Figure | None:
    """Interactions with their intervals; None if there are none."""
    found = result.interactions
    if not any(interaction.mean is not None for interaction in found):
        return None
    figure = make_subplots(cols=1)
    _add_points(figure, found, result.metric)
    figure.update_xaxes(title_text=f"difference of differences, {METRICS[result.metric].unit}")
    labels = [
        f"<b>{plain(' × '.join(one.factors))}</b>  {plain(', '.join(one.levels))}" for one in found
    ]
    _finish(figure, labels, [str(one.factors) for one in found])
    return figure


def interaction_plots(result: AblationResult) -> go.Figure | None:
    """For each pair of factors with an interaction, the mean quality at each level of one.

    There is a line per level of the other.
    """
    pairs = list(
        dict.fromkeys(interaction.factors for interaction in result.interactions)
    ) or _crossed(result)
    if not (pairs := pairs[:MOST_PAIRS]):
        return None
    columns = min(2, len(pairs))
    titles = [f"{plain(first)} × {plain(second)}" for first, second in pairs]
    rows = -(-len(pairs) // columns)
    spacing = {"vertical_spacing": min(0.3, 0.42 / rows), "horizontal_spacing": 0.12}
    figure = make_subplots(rows=rows, cols=columns, subplot_titles=titles, **spacing)
    for place, pair in enumerate(pairs):
        row, column = place // columns + 1, place % columns + 1
        for trace in _lines(result, pair, f"legend{place + 1 if place else ''}"):
            figure.add_trace(trace, row=row, col=column)
        figure.update_xaxes(title_text=plain(pair[0]), type="category", row=row, col=column)
        figure.update_yaxes(title_text=METRICS[result.metric].axis, row=row, col=column)
    _place_legends(figure, pairs)
    figure.update_layout(template="plotly_white", height=340 * rows + 60)
    return figure


def _add_points(figure: go.Figure, effects: Sequence[Effect | Interaction], quality: str) -> None:
    for verdict in STYLES:
        places = [
            n
            for n, effect in enumerate(effects)
            if effect.verdict == verdict and effect.mean is not None
        ]
        if places:
            figure.add_trace(
                _points([effects[n] for n in places], places, verdict, quality), row=1, col=1
            )
    for place, effect in enumerate(effects):
        if effect.mean is None:
            figure.add_annotation(
                x=0, y=place, text="not measured yet", showarrow=False, xshift=8, xanchor="left"
            )


def _points(
    effects: Sequence[Effect | Interaction], places: Sequence[int], verdict: Verdict, quality: str
) -> go.Scatter:
    color, symbol = STYLES[verdict]
    scale = METRICS[quality].scale
    means = [scale * (effect.mean or 0.0) for effect in effects]
    ends = [(_or(effect.low, effect.mean), _or(effect.high, effect.mean)) for effect in effects]
    return go.Scatter(
        x=means,
        y=list(places),
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [scale * high - mean for (_, high), mean in zip(ends, means, strict=True)],
            "arrayminus": [mean - scale * low for (low, _), mean in zip(ends, means, strict=True)],
            "color": color,
            "thickness": 2,
            "width": 5,
        },
        mode="markers",
        name=verdict,
        marker={"color": color, "symbol": symbol, "size": 12, "line": {"width": 2, "color": color}},
        hovertext=[_hover(effect, quality) for effect in effects],
        hoverinfo="text",
    )


def _bars(values: list[float], title: str) -> go.Bar:
    return go.Bar(
        x=values,
        y=list(range(len(values))),
        orientation="h",
        text=[f"{value:+.2f}" if abs(value) >= 0.005 else "0" for value in values],
        textposition="outside",
        cliponaxis=False,
        marker={"color": SKY, "line": {"width": 0}},
        hovertemplate=f"Δ {title} %{{x:+.3f}} M<extra></extra>",
        showlegend=False,
        name=title,
    )


def _room(changes: Sequence[float]) -> list[float]:
    """The axis of the bars, with room for the numbers beside them."""
    low, high = min([0.0, *changes]), max([0.0, *changes])
    span = (high - low) or 1.0
    return [low - 0.35 * span, high + 0.35 * span]


def _hover(effect: Effect | Interaction, quality: str) -> str:
    named = (
        f"{effect.factor}: {effect.base} → {effect.level}"
        if isinstance(effect, Effect)
        else f"{' × '.join(effect.factors)}: {', '.join(effect.levels)}"
    )
    lines = [f"<b>{plain(named)}</b>: {effect.verdict}", effect_words(effect, quality)]
    if effect.p is not None:
        holm = "" if effect.p_holm is None else f", {effect.p_holm:.3g} after Holm"
        lines.append(f"p {effect.p:.3g}{holm}; {several(effect.n, 'pair')}")
    if isinstance(effect, Effect) and effect.needed is not None:
        lines.append(f"about {several(effect.needed, 'seed')} would resolve an effect of this size")
    return "<br>".join(lines)


def _effect_title(result: AblationResult) -> str:
    metric = METRICS[result.metric]
    unit = ", percentage points" if metric.is_percent else ""
    return f"change in {metric.title}{unit}, with its {result.confidence:.0%} interval"


def _finish(figure: go.Figure, labels: Sequence[str], groups: Sequence[str]) -> None:
    """The names at the left, a band for every other group, the line at 0."""
    rows = len(labels)
    figure.add_vline(x=0, line_width=1.5, line_color=GREY)
    for number, (_, run) in enumerate(groupby(range(rows), lambda row: groups[row])):
        places = list(run)
        if number % 2:
            ends = {"y0": places[0] - 0.5, "y1": places[-1] + 0.5}
            figure.add_hrect(**ends, fillcolor=GREY, opacity=0.1, line_width=0, layer="below")
    figure.update_yaxes(
        range=[rows - 0.5, -0.5], tickvals=list(range(rows)), showgrid=False, zeroline=False
    )
    figure.update_yaxes(ticktext=list(labels), col=1)
    figure.update_layout(template="plotly_white", height=36 * rows + 150, bargap=0.45)


def _crossed(result: AblationResult) -> list[tuple[str, str]]:
    """Pairs of factors that the design varies together; none if it varies one at a time."""
    if result.design == "one-at-a-time":
        return []
    return list(combinations([factor for factor, _ in result.factors], 2))


def _lines(result: AblationResult, pair: tuple[str, str], legend: str) -> Iterator[go.Scatter]:
    levels = dict(result.factors)
    scale = METRICS[result.metric].scale
    for place, second in enumerate(levels[pair[1]]):
        means: list[float | None] = []
        errors: list[float] = []
        for first in levels[pair[0]]:
            values = [
                scale * value for value in _values(result.arms, {pair[0]: first, pair[1]: second})
            ]
            means.append(fmean(values) if values else None)
            errors.append(stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0)
        color, symbol = LINES[place % len(LINES)], SYMBOLS[place % len(SYMBOLS)]
        style: dict[str, Any] = {
            "line": {"color": color, "width": 2},
            "marker": {"symbol": symbol, "size": 9},
        }
        yield go.Scatter(
            x=[plain(level) for level in levels[pair[0]]],
            y=means,
            error_y={"type": "data", "array": errors, "thickness": 1.5},
            name=f"{plain(pair[1])} = {plain(second)}",
            mode="lines+markers",
            legend=legend,
            **style,
        )


def _values(arms: Sequence[ArmResult], wanted: dict[str, str]) -> list[float]:
    """A mean over the arms for each seed that all of them have.

    The seeds give the certainty of an effect.
    """
    inside = [dict(arm.values) for arm in arms if wanted.items() <= dict(arm.levels).items()]
    seeds = set.intersection(*map(set, inside)) if inside else set()
    return [fmean(values[seed] for values in inside) for seed in sorted(seeds)]


def _place_legends(figure: go.Figure, pairs: Sequence[tuple[str, str]]) -> None:
    """Place each plot's own legend between the plot and its title."""
    figure.update_annotations(yshift=24, x=0, xanchor="left", font_size=14)
    for place in range(len(pairs)):
        axis = str(place + 1) if place else ""
        x, y = figure.layout[f"xaxis{axis}"].domain, figure.layout[f"yaxis{axis}"].domain
        at = {"x": x[0], "y": y[1], "xanchor": "left", "yanchor": "bottom", "orientation": "h"}
        figure.update_layout({f"legend{axis}": {**at, "bgcolor": "rgba(0,0,0,0)"}})
        figure.layout.annotations[place].x = x[0]


def _or(value: float | None, other: float | None) -> float:
    return (other or 0.0) if value is None else value
