"""``diagram(spec)``: the network as one image, one column per stage.

A run of equal blocks is one box with its number. Inside, bars are channels, all to one scale:
input, middle, output. A colour is a group of the first pointwise conv. ``shuffle`` shows its lines;
``share`` shows the second conv's groups cut across the colours; and the output bar shows what each
of its groups has seen, in the shares in which it saw it. Blocks, stems and heads of other kinds are
drawn from their bodies, each box as high as its body asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from seesawnas.arch import ArchSpec, Block, Head, Inputs, SeesawBlock, Shape, Stem
from seesawnas.arch.blocks.parts import inputs_of
from seesawnas.cost import PartCost, cost, costs_by_stage
from seesawnas.report.network.block_drawing import (
    BLOCK_HEIGHT,
    COLORS,
    LEFT,
    PALETTE,
    RIGHT,
    Scale,
    block_title,
    draw_block,
    draw_chain,
    is_bottleneck,
)
from seesawnas.report.network.body_drawing import body_height, draw_body
from seesawnas.report.network.svg import FADED, INK, PAPER, RULE, Canvas
from seesawnas.text import short
from seesawnas.units import format_quantity

COLUMN, GAP, MARGIN = 330.0, 34.0, 28.0
TOP, HEADER, LEGEND, SPACE = 74.0, 76.0, 84.0, 22.0


@dataclass(frozen=True, slots=True)
class Box:
    """A run of ``times`` equal parts, where the first reads ``inputs``."""

    block: Block
    inputs: Inputs
    times: int = 1

    @property
    def is_known(self) -> bool:
        """Whether there is a special drawing for it."""
        return is_bottleneck(self.block) or type(self.block) in (Stem, Head)

    @property
    def height(self) -> float:
        """The height of the box in pixels."""
        return BLOCK_HEIGHT if self.is_known else body_height(self.block, self.inputs)


@dataclass(frozen=True, slots=True)
class Column:
    """One stage, the stem or the head: its heading, its cost, its boxes."""

    title: str
    part: PartCost
    boxes: tuple[Box, ...]

    @property
    def height(self) -> float:
        """Pixels of its boxes and the space below each."""
        return sum(box.height + SPACE for box in self.boxes)


def diagram(spec: ArchSpec) -> str:
    """The diagram of ``spec`` as SVG text."""
    columns = _columns(spec)
    widths = [
        width for b in spec.blocks for width in (b.inputs, getattr(b, "middle", 0), b.outputs)
    ]
    widest = max(*widths, getattr(spec.head, "width", spec.head.outputs), spec.embedding_size)
    scale = Scale(COLUMN - LEFT - RIGHT, widest)
    width = 2 * MARGIN + len(columns) * COLUMN + (len(columns) - 1) * GAP
    height = TOP + HEADER + max(column.height for column in columns) + LEGEND
    canvas = Canvas(width, height, spec.name or spec.digest())
    _draw_title(canvas, spec)
    for number, column in enumerate(columns):
        left = MARGIN + number * (COLUMN + GAP)
        _draw_header(canvas, left, column, cost(spec).madds, last=number == len(columns) - 1)
        _draw_boxes(canvas, left, column, spec, scale)
    _draw_legend(canvas, height - LEGEND + 26, spec)
    return canvas.markup()


def _columns(spec: ArchSpec) -> list[Column]:
    stem, *stages, head = costs_by_stage(spec)
    image = Shape(3, spec.input.height, spec.input.width)
    found = (image, *spec.shapes())
    columns = [Column("stem", stem, (Box(spec.stem, (image,)),))]
    for stage, part in zip(spec.stages, stages, strict=True):
        boxes, index = [], stage.first
        for block, run in groupby(stage.blocks):
            boxes.append(Box(block, inputs_of(block, found[: index + 2]), len(list(run))))
            index += boxes[-1].times
        columns.append(Column(part.name, part, tuple(boxes)))
    return [*columns, Column("head", head, (Box(spec.head, inputs_of(spec.head, found[:-1])),))]


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
    canvas.text(
        (left + COLUMN, TOP + 20), f"{channels} × {height} × {width}", 14, text_anchor="end"
    )
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
    top = TOP + HEADER
    for box in column.boxes:
        block = box.block
        _draw_card(canvas, left, top, box)
        title = block_title(block)
        if column.title in ("stem", "head"):
            title = (
                f"{column.title} · "
                f"{block.row()['activation'] if box.is_known else title.replace(' · ', ', ')}"
            )
        _draw_heading(canvas, left, top, title, box.times)
        if not box.is_known:
            draw_body(canvas, (left, top), COLUMN, block, box.inputs, scale(1))
        elif column.title == "stem":
            steps = (
                (3, "RGB"),
                (spec.stem.width, "conv 3×3 ↓2"),
                (spec.stem.width, "depthwise 3×3"),
            )
            draw_chain(canvas, (left, top), COLUMN, steps, scale)
        elif column.title == "head":
            draw_chain(canvas, (left, top), COLUMN, _head_steps(spec), scale)
        else:
            draw_block(canvas, (left, top), COLUMN, block, scale)
        top += box.height + SPACE


def _head_steps(spec: ArchSpec) -> tuple[tuple[int, str], ...]:
    height, width = spec.feature_size
    steps = [
        (spec.blocks[-1].outputs, f"{height} × {width} map"),
        (spec.head.width, "conv 1×1"),
        (spec.head.width, f"global {height}×{width}"),
    ]
    return (*steps, (spec.head.embedding, "linear")) if spec.head.embedding else tuple(steps)


def _draw_card(canvas: Canvas, left: float, top: float, box: Box) -> None:
    for behind in range(min(box.times, 3) - 1, -1, -1):
        at = (left + 4 * behind, top + 4 * behind)
        canvas.rect(at, COLUMN, box.height, PAPER if behind == 0 else "#f6f8fa", stroke=RULE, rx=7)


def _draw_heading(canvas: Canvas, left: float, top: float, title: str, times: int) -> None:
    canvas.text((left + 12, top + 21), short(title, 40), 13, font_weight="bold")
    if times > 1:
        canvas.pill((left + COLUMN - 10, top + 17), f"× {times}", INK)


_GROUPS = (
    "each colour is one group of the first 1×1 conv; widths are channels (to scale); grey: "
    "second 1×1 conv, a shape per group"
)
_MIXTURES = (
    "the output bar shows which input groups reach each output group: shuffle permutes "
    "the middle, share splits it apart"
)
_MARKS = (
    "squeeze-and-excitation ÷ reduction, or its channels; ↓2 is stride 2; "
    "the line at the left is the residual, dashed the skip branch"
)


def _draw_legend(canvas: Canvas, top: float, spec: ArchSpec) -> None:
    """Draw the legend of what is drawn.

    The lines on groups stand for the drawings made for bottlenecks; other blocks show each conv's.
    """
    for number, color in enumerate(COLORS[:2]):
        canvas.rect((MARGIN + 16 * number, top - 10), 14, 12, color)
    kinds = set(map(type, spec.blocks))
    lines = [
        _GROUPS
        if any(map(is_bottleneck, spec.blocks))
        else "each colour is one group of a conv; widths are channels (to scale)"
    ]
    lines += [_MIXTURES] if SeesawBlock in kinds else []
    for number, line in enumerate(lines):
        canvas.text((MARGIN + 42, top + 18 * number), line, 12, FADED)
    top += 18 * (len(lines) - 2)
    canvas.pill((MARGIN + 32, top + 37), "SE", PALETTE["se"])
    canvas.text((MARGIN + 42, top + 41), _MARKS, 12, FADED)
