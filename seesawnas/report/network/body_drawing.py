"""Any block as a drawing of its body: bars of channels to one scale, and what each reads."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from seesawnas.arch import Block, Inputs
from seesawnas.arch.layers import Conv, Linear, split_channels
from seesawnas.report.network.block_drawing import BAR, COLORS, PALETTE
from seesawnas.report.network.body_layout import Bar, Layout, laid_out
from seesawnas.report.network.svg import FADED, INK, PAPER, Canvas, Point

HEAD, GAP, LINE, FOOT = 40.0, 26.0, 11.5, 12.0
LEFT, RIGHT = 26.0, 12.0
_HALO: dict[str, Any] = {"paint_order": "stroke", "stroke": PAPER, "stroke_width": 3.0}


def body_height(block: Block, inputs: Inputs) -> float:
    """Pixels that :func:`draw_body` takes."""
    layout = laid_out(block, inputs)
    return HEAD + len(layout.rows) * _pitch(layout) - GAP + FOOT


def draw_body(
    canvas: Canvas, at: Point, width: float, block: Block, inputs: Inputs, largest: float
) -> None:
    """Draw ``block`` in the box whose top left corner is ``at``.

    ``largest`` is the most pixels that a channel may have.
    """
    layout = laid_out(block, inputs)
    room = width - LEFT - RIGHT
    scale = min(
        [
            largest,
            *((room / len(row) - 14) / max(bar.channels for bar in row) for row in layout.rows),
        ]
    )
    boxes = _boxes(layout, (at[0] + LEFT, at[1] + HEAD), room, scale)
    bars = [bar for row in layout.rows for bar in row]
    rows = {bar.index: number for number, row in enumerate(layout.rows) for bar in row}
    for bar in bars:
        for read in bar.reads:
            near = rows[bar.index] - rows[read] == 1
            _draw_read(
                canvas,
                at[0] + 12,
                boxes[read],
                boxes[bar.index],
                bar,
                near=near,
                from_input=read < 0,
            )
    for bar in bars:
        _draw_bar(canvas, boxes[bar.index], bar)


_Box = tuple[float, float, float]
"""(left, top, width) of a bar."""


def _pitch(layout: Layout) -> float:
    return BAR + layout.lines * LINE + GAP


def _boxes(layout: Layout, at: Point, room: float, scale: float) -> dict[int, _Box]:
    found: dict[int, _Box] = {}
    for number, row in enumerate(layout.rows):
        for place, bar in enumerate(row):
            width = max(2.0, bar.channels * scale)
            center = at[0] + room * (place + 0.5) / len(row)
            found[bar.index] = center - width / 2, at[1] + number * _pitch(layout), width
    return found


def _draw_read(
    canvas: Canvas,
    lane: float,
    source: _Box,
    target: _Box,
    bar: Bar,
    *,
    near: bool,
    from_input: bool,
) -> None:
    """Draw what is read: a convolution's trapezoid to the next row, otherwise a line.

    The line is at the left if a sum reads an input that is not near.
    """
    (left, top, width), (to, bottom, into) = source, target
    start, end = left + width / 2, to + into / 2
    if near and not bar.joins:
        corners = ((left, top + BAR), (left + width, top + BAR), (to + into, bottom), (to, bottom))
        canvas.shape(corners, PALETTE["conv"], fill_opacity=0.6)
    elif from_input and bar.joins and not near:
        steps = f"M{left:.1f},{top + BAR / 2} H{lane:.1f} V{bottom + BAR / 2} H{to:.1f}"
        canvas.path(steps, PALETTE["skip"], stroke_width=1.6)
    else:
        middle = (top + BAR + bottom) / 2
        # Around what lies between.
        bend = 0 if near or abs(start - end) > into else -0.75 * (into + 60)
        turns = f"{start + bend:.1f},{middle:.1f} {end + bend:.1f},{middle:.1f}"
        steps = f"M{start:.1f},{top + BAR} C{turns} {end:.1f},{bottom}"
        canvas.path(steps, FADED, stroke_width=1.2, stroke_opacity=0.7)


def _draw_bar(canvas: Canvas, box: _Box, bar: Bar) -> None:
    left, top, width = box
    if bar.joins or bar.layer is None:
        canvas.rect(
            (left, top),
            width,
            BAR,
            PAPER if bar.joins else PALETTE["full"],
            stroke=FADED,
            stroke_width=1,
        )
    else:
        for start, size, color in _groups(bar):
            at = (left + width * start / bar.channels, top)
            canvas.rect(at, width * size / bar.channels, BAR, color, stroke=PAPER, stroke_width=0.6)
    center = left + width / 2
    for number, line in enumerate(bar.lines):
        at = (center, top + BAR + 10 + number * LINE)
        canvas.text(at, line, 10, INK, text_anchor="middle", **_HALO)
    if bar.gate:
        words = _gate_words(bar)
        canvas.pill((left + width + 14 + 6.1 * len(words), top + BAR / 2), words, PALETTE["se"])


def _gate_words(bar: Bar) -> str:
    """By how much the channels are squeezed; to how many if that is no whole number."""
    times, left = divmod(bar.channels, bar.gate)
    return f"SE to {bar.gate}" if left else f"SE ÷{times}"


def _groups(bar: Bar) -> list[tuple[int, int, str]]:
    """The first channel, the number of channels and the colour of a convolution's few groups.

    Many groups, as of a depthwise one, are one grey.
    """
    if not isinstance(bar.layer, Conv) or (
        isinstance(bar.layer.groups, int) and bar.layer.groups > len(COLORS)
    ):
        grey = "full" if isinstance(bar.layer, Linear) else "conv"
        return [(0, bar.channels, PALETTE[grey])]
    sizes = split_channels(bar.channels, bar.layer.groups)
    colors = [PALETTE["full"]] if len(sizes) == 1 else COLORS
    return [
        (start, size, colors[place % len(colors)])
        for place, (start, size) in enumerate(zip([0, *accumulate(sizes)], sizes, strict=False))
    ]
