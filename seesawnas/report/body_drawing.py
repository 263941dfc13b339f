"""Any body as a drawing: bars of channels in the order in which layers depend on each other, branches side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from seesawnas.arch import Block, Inputs, Shape, body_of
from seesawnas.arch.body import Body, shapes
from seesawnas.arch.layers import Add, Concat, Conv, Layer, Linear, Pool, Scale, Shuffle, Slice
from seesawnas.report.svg import FADED, INK, PAPER, RULE, Canvas, Point

ROW = 40.0
TOP = 34.0
BAR = 11.0
_SIDE, _GAP = 14.0, 6.0
_FILL, _JOIN = "#7a8794", "#8250df"


@dataclass(frozen=True, slots=True)
class Mark:
    """A layer that is drawn: its row, its place among those of the row, its words, channels, and the marks that it reads."""

    row: int
    place: int
    of: int
    words: str
    channels: int
    reads: tuple[int, ...]
    joins: bool


def body_height(block: Block, inputs: Inputs) -> float:
    """Pixels that :func:`draw_body` takes."""
    marks = _marks(body_of(block), inputs)
    return TOP + ROW * (1 + max(mark.row for mark in marks.values())) + 14.0


def draw_body(canvas: Canvas, at: Point, width: float, block: Block, inputs: Inputs) -> None:
    """Draw the body of ``block`` on ``inputs`` in the box whose top left corner is ``at``."""
    marks = _marks(body_of(block), inputs)
    widest = max(mark.channels for mark in marks.values())
    for mark in marks.values():
        for read in mark.reads:
            (x1, y1), (x2, y2) = (_center(at, width, one) for one in (marks[read], mark))
            middle = (y1 + BAR + y2) / 2
            canvas.path(
                f"M{x1:.1f},{y1 + BAR:.1f} C{x1:.1f},{middle:.1f} {x2:.1f},{middle:.1f} {x2:.1f},{y2:.1f}", RULE
            )
    for mark in marks.values():
        room = (width - 2 * _SIDE) / mark.of - _GAP
        size = max(3.0, room * mark.channels / widest)
        x, y = _center(at, width, mark)
        canvas.rect((x - size / 2, y), size, BAR, _JOIN if mark.joins else _FILL, stroke=PAPER, rx=2)
        words = f"{mark.words} · {mark.channels}" if mark.of <= 2 else mark.words
        small = 10 if mark.of <= 4 else 8
        canvas.text((x, y + BAR + 10), words, small, INK if mark.row == 0 else FADED, text_anchor="middle")


def _center(at: Point, width: float, mark: Mark) -> Point:
    share = (width - 2 * _SIDE) / mark.of
    return at[0] + _SIDE + share * (mark.place + 0.5), at[1] + TOP + ROW * mark.row


def _marks(body: Body, inputs: Inputs) -> dict[int, Mark]:
    """Marks by node, and those of what is read from before by -1, -2 ..."""
    found = shapes(body, inputs)
    parents = dict[int, tuple[int, ...]]()
    depth = {-1 - number: 0 for number in range(len(inputs))}
    shown = {-1 - number: -1 - number for number in range(len(inputs))}  # the mark that stands for a node
    for index, node in enumerate(body):
        read = tuple(dict.fromkeys(shown[each] for each in node.reads))
        if _words(node.layer, found[index]) is None:
            shown[index] = read[0]
            continue
        shown[index], parents[index] = index, read
        depth[index] = 1 + max(depth[each] for each in read)
    rows = {row: [index for _, index in group] for row, group in groupby(_sorted(depth), lambda pair: pair[0])}
    marks = {}
    for index, row in depth.items():
        place, of = rows[row].index(index), len(rows[row])
        if index < 0:
            shape = inputs[-index - 1]
            words = f"input {shape.channels}×{shape.height}×{shape.width}"
            marks[index] = Mark(row, place, of, words, shape.channels, (), False)
        else:
            layer = body[index].layer
            joins = isinstance(layer, Add | Concat | Scale)
            words = _words(layer, found[index]) or ""
            marks[index] = Mark(row, place, of, words, found[index].channels, parents[index], joins)
    return marks


def _sorted(depth: dict[int, int]) -> Iterator[tuple[int, int]]:
    yield from sorted((row, index) for index, row in depth.items())


def _words(layer: Layer, output: Shape) -> str | None:
    """A few words; None for a layer that is not drawn: batch norm and activation."""
    match layer:
        case Conv():
            size = "global" if layer.kernel is None else f"{layer.kernel[0]}×{layer.kernel[1]}"
            stride = "" if layer.stride == 1 else f" ↓{layer.stride}"
            if layer.groups == layer.outputs and layer.groups != 1:
                return f"dw {size}{stride}"
            groups = "" if layer.groups == 1 else f" /{layer.groups}"
            if isinstance(layer.groups, tuple):
                groups = f" {':'.join(map(str, layer.groups))}"
            return f"{size}{groups}{stride}"
        case Linear():
            return "linear"
        case Pool():
            return f"{layer.kind} pool" if layer.kernel is None else f"{layer.kind} {layer.kernel}×{layer.kernel}"
        case Shuffle():
            return f"shuffle {layer.groups}"
        case Slice():
            return "shift" if layer.shift else "slice"
        case Add():
            return "+"
        case Concat():
            return "concat"
        case Scale():
            return "× gate"
        case _:
            return None
