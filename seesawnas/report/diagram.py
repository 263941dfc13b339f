"""``diagram(spec)``: the network as one picture, a column a stage.

A run of equal blocks is one box with its number. Inside, bars are channels, all to one scale: input, middle, output. A colour
is a group of the first pointwise conv. ``shuffle`` shows its lines; ``share`` shows the second conv's groups cut across the
colours; and the output bar shows what each of its groups has seen, in the shares in which it saw it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from seesawnas.arch import ArchSpec, Block
from seesawnas.cost import PartCost, cost, costs_by_stage
from seesawnas.report.block_drawing import (
    BLOCK_HEIGHT,
    COLORS,
    LEFT,
    PALETTE,
    RIGHT,
    Scale,
    block_title,
    draw_block,
    draw_chain,
)
from seesawnas.report.svg import FADED, INK, PAPER, RULE, Canvas
from seesawnas.units import format_quantity

COLUMN, GAP, MARGIN = 330.0, 34.0, 28.0
TOP, HEADER, LEGEND = 74.0, 76.0, 84.0


@dataclass(frozen=True, slots=True)
class Column:
    """One stage, the stem or the head: its heading, its cost, its boxes (block, how many)."""

    title: str
    part: PartCost
    boxes: tuple[tuple[Block | None, int], ...]


def diagram(spec: ArchSpec) -> str:
    """SVG text."""
    columns = _columns(spec)
    widths = [width for block in spec.blocks for width in (block.inputs, block.middle, block.outputs)]
    scale = Scale(COLUMN - LEFT - RIGHT, max(*widths, spec.head.width, spec.embedding_size))
    tallest = max(len(column.boxes) for column in columns)
    width = 2 * MARGIN + len(columns) * COLUMN + (len(columns) - 1) * GAP
    height = TOP + HEADER + tallest * (BLOCK_HEIGHT + 22) + LEGEND
    canvas = Canvas(width, height, spec.name or spec.digest())
    _draw_title(canvas, spec)
    for number, column in enumerate(columns):
        left = MARGIN + number * (COLUMN + GAP)
        _draw_header(canvas, left, column, cost(spec).madds, last=number == len(columns) - 1)
        _draw_boxes(canvas, left, column, spec, scale)
    _draw_legend(canvas, height - LEGEND + 26)
    return canvas.markup()


def _columns(spec: ArchSpec) -> list[Column]:
    stem, *stages, head = costs_by_stage(spec)
    columns = [Column("stem", stem, ((None, 1),))]
    for stage, part in zip(spec.stages, stages, strict=True):
        boxes = tuple((block, len(list(run))) for block, run in groupby(stage.blocks))
        columns.append(Column(part.name, part, boxes))
    return [*columns, Column("head", head, ((None, 1),))]


def _draw_title(canvas: Canvas, spec: ArchSpec) -> None:
    total = cost(spec)
    canvas.text((MARGIN, 36), spec.name or f"network {spec.digest()}", 22, font_weight="bold")
    facts = (
        f"{format_quantity(total.madds)} MAdds",
        f"{format_quantity(total.params)} params",
        f"input 3 × {spec.input.height} × {spec.input.width}",
        f"embedding {spec.embedding_size}",
        f"digest {spec.digest()}",
    )
    canvas.text((MARGIN, 58), "  ·  ".join(facts), 13, FADED)


def _draw_header(canvas: Canvas, left: float, column: Column, madds: int, last: bool) -> None:
    channels, height, width = column.part.output
    share = column.part.cost.madds / madds
    canvas.text((left, TOP + 20), column.title, 16, font_weight="bold")
    canvas.text((left + COLUMN, TOP + 20), f"{channels} × {height} × {width}", 14, text_anchor="end")
    counts = f"{format_quantity(column.part.cost.madds)} MAdds, {share:.0%}"
    canvas.text((left, TOP + 38), counts, 12, FADED)
    params = f"{format_quantity(column.part.cost.params)} params"
    canvas.text((left + COLUMN, TOP + 38), params, 12, FADED, text_anchor="end")
    canvas.rect((left, TOP + 47), COLUMN, 5, "#eaeef2", rx=2.5)
    canvas.rect((left, TOP + 47), max(3.0, COLUMN * share), 5, FADED, rx=2.5)
    if not last:
        x, y = left + COLUMN + GAP / 2, TOP + 26
        canvas.path(f"M{x - 6},{y - 8} L{x + 6},{y} L{x - 6},{y + 8}", RULE, stroke_width=2.5)


def _draw_boxes(canvas: Canvas, left: float, column: Column, spec: ArchSpec, scale: Scale) -> None:
    for number, (block, times) in enumerate(column.boxes):
        top = TOP + HEADER + number * (BLOCK_HEIGHT + 22)
        _draw_card(canvas, left, top, times)
        if block is not None:
            _draw_heading(canvas, left, top, block_title(block), times)
            draw_block(canvas, (left, top), COLUMN, block, scale)
        elif column.title == "stem":
            _draw_heading(canvas, left, top, f"stem · {spec.stem.activation}", 1)
            width = spec.stem.width
            steps = ((3, "RGB"), (width, "conv 3×3 ↓2"), (width, "depthwise 3×3"))
            draw_chain(canvas, (left, top), COLUMN, steps, scale)
        else:
            _draw_heading(canvas, left, top, f"head · {spec.head.activation}", 1)
            draw_chain(canvas, (left, top), COLUMN, _head_steps(spec), scale)


def _head_steps(spec: ArchSpec) -> tuple[tuple[int, str], ...]:
    height, width = spec.feature_size
    steps = [
        (spec.blocks[-1].outputs, f"{height} × {width} map"),
        (spec.head.width, "conv 1×1"),
        (spec.head.width, f"global {height}×{width}"),
    ]
    return (*steps, (spec.head.embedding, "linear")) if spec.head.embedding else tuple(steps)


def _draw_card(canvas: Canvas, left: float, top: float, times: int) -> None:
    for behind in range(min(times, 3) - 1, -1, -1):
        at = (left + 4 * behind, top + 4 * behind)
        canvas.rect(at, COLUMN, BLOCK_HEIGHT, PAPER if behind == 0 else "#f6f8fa", stroke=RULE, rx=7)


def _draw_heading(canvas: Canvas, left: float, top: float, title: str, times: int) -> None:
    canvas.text((left + 12, top + 21), title, 13, font_weight="bold")
    if times > 1:
        canvas.pill((left + COLUMN - 10, top + 17), f"× {times}", INK)


def _draw_legend(canvas: Canvas, top: float) -> None:
    for number, color in enumerate(COLORS[:2]):
        canvas.rect((MARGIN + 16 * number, top - 10), 14, 12, color)
    lines = (
        "a colour is a group of the first 1×1 conv; widths are channels, to scale; grey: the second 1×1 conv, a shape a group",
        "the output bar shows how much of each colour its groups have seen: shuffle permutes the middle, share cuts across it",
    )
    canvas.text((MARGIN + 42, top), lines[0], 12, FADED)
    canvas.text((MARGIN + 42, top + 18), lines[1], 12, FADED)
    canvas.pill((MARGIN + 32, top + 37), "SE", PALETTE["se"])
    marks = "squeeze-and-excitation ÷ reduction; ↓2 is stride 2; the line at the left is the residual, dashed the skip branch"
    canvas.text((MARGIN + 42, top + 41), marks, 12, FADED)
