"""A bottleneck as a drawing: bars of channels, the convs between them, SE and the shortcut.

It is for the two kinds whose groups have a special drawing;
:mod:`seesawnas.report.network.body_drawing` draws any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

from seesawnas.arch import Block, InvertedBottleneck, SeesawBlock
from seesawnas.arch.layers import split_channels
from seesawnas.arch.table import block_words
from seesawnas.report.network.svg import FADED, INK, PAPER, Canvas, Point

# Okabe and Ito's colours: distinguishable with every kind of colour vision.
COLORS = ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442")
LIGHT = ("#E69F00", "#CC79A7", "#56B4E9", "#F0E442")  # those that dark text reads on
PALETTE = {"full": "#7a8794", "conv": "#d0d7de", "se": "#8250df", "skip": "#24292f"}
BAR = 15.0


BLOCK_HEIGHT = 226.0
LEFT, RIGHT = 46.0, 84.0  # room beside the bars for the shortcut and for words
INPUT, MIDDLE, SHUFFLED, OUTPUT = 44.0, 92.0, 136.0, 192.0  # tops of the bars within the box
MAX_STRIPES, LINES = 48, 24


@dataclass(frozen=True, slots=True)
class Scale:
    """Pixels for channels: the drawing's widest bar, of ``widest`` channels, takes ``pixels``."""

    pixels: float
    widest: int

    def __call__(self, channels: float) -> float:
        """Pixels of ``channels``."""
        return self.pixels * channels / self.widest


def is_bottleneck(block: Block) -> bool:
    """Whether :func:`draw_block` knows the block's body.

    A kind that derives from these may have any other.
    """
    return type(block) in (InvertedBottleneck, SeesawBlock)


def block_title(block: Block) -> str:
    """Words such as ``share 1:3 · swish``.

    For a kind without an activation, what else it says, or how many channels it gives.
    """
    row = block.row()
    split = f" {':'.join(map(str, block.split))}" if "split" in row else ""
    kind = block.kind if "split" in row else block_words(block).rpartition(":")[2]
    said = row.get("activation") or ", ".join(
        f"{name} {value}" for name, value in list(row.items())[:2]
    )
    return f"{kind}{split} · {said or f'{block.outputs} channels'}"


def draw_block(canvas: Canvas, at: Point, width: float, block: Block, scale: Scale) -> None:
    """Draw ``block`` in the box whose top left corner is ``at``."""
    center, top, right = _center(at, width), at[1], at[0] + width - 12
    split, project = _splits(block)
    is_shuffled = isinstance(block, SeesawBlock) and block.mixing == "shuffle"
    seen = _seen(block, split)
    colors = _colors(split)
    _draw_shortcut(
        canvas, at, block, center - scale(block.inputs) / 2, center - scale(block.outputs) / 2
    )
    _draw_convs(
        canvas,
        center,
        top + INPUT + BAR,
        top + MIDDLE,
        _bars(block.inputs, split),
        _bars(block.middle, split),
        scale,
        colors,
    )
    last = SHUFFLED if is_shuffled else MIDDLE
    greys = [PALETTE["conv"]] * len(project)
    reads, writes = _bars(block.middle, project), _bars(block.outputs, project)
    _draw_convs(
        canvas, center, top + last + BAR, top + OUTPUT, reads, writes, scale, greys, outline=FADED
    )
    _draw_sizes(canvas, center, top + last + BAR + 12, reads, [FADED] * len(project), scale)
    _draw_bar(canvas, center, top + INPUT, _bars(block.inputs, split), colors, scale)
    _draw_bar(canvas, center, top + MIDDLE, _bars(block.middle, split), colors, scale)
    if is_shuffled:
        _draw_shuffle(canvas, center, top, seen, len(split), colors, scale)
    _draw_mixture(
        canvas, center, top + OUTPUT, writes, _mixtures(seen, reads, len(split)), colors, scale
    )
    _draw_notes(canvas, right, top, block)


def draw_chain(
    canvas: Canvas, at: Point, width: float, steps: Sequence[tuple[int, str]], scale: Scale
) -> None:
    """Draw plain layers, (channels, words) each, in the box whose top left corner is ``at``."""
    center, gap = _center(at, width), (OUTPUT - INPUT) / (len(steps) - 1)
    tops = [at[1] + INPUT + gap * number for number in range(len(steps))]
    for (before, _), (after, _), top, bottom in zip(steps, steps[1:], tops, tops[1:], strict=False):
        _draw_convs(
            canvas, center, top + BAR, bottom, [(0, before)], [(0, after)], scale, [PALETTE["full"]]
        )
    for (channels, words), top in zip(steps, tops, strict=True):
        _draw_bar(canvas, center, top, [(0, channels)], [PALETTE["full"]], scale)
        canvas.text(
            (at[0] + width - 12, top + 9), str(channels), 12, text_anchor="end", font_weight="bold"
        )
        canvas.text((at[0] + width - 12, top + 22), words, 10, FADED, text_anchor="end")


def _center(at: Point, width: float) -> float:
    return at[0] + (LEFT + width - RIGHT) / 2


def _splits(block: Block) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return (block.split, block.project_split) if isinstance(block, SeesawBlock) else ((1,), (1,))


def _colors(split: tuple[int, ...]) -> list[str]:
    return (
        [PALETTE["full"]]
        if len(split) == 1
        else [COLORS[i % len(COLORS)] for i in range(len(split))]
    )


def _bars(channels: int, split: tuple[int, ...]) -> list[tuple[int, int]]:
    """The first channel and the number of channels of each group."""
    sizes = split_channels(channels, split)
    return list(zip([0, *accumulate(sizes)], sizes, strict=False))


def _seen(block: Block, split: tuple[int, ...]) -> list[int]:
    """The first conv's group at each middle channel, as the second conv meets them."""
    owners = [
        group for group, (_, size) in enumerate(_bars(block.middle, split)) for _ in range(size)
    ]
    if isinstance(block, SeesawBlock) and block.mixing == "shuffle":
        step = block.middle // len(split)
        return [owners[group * step + i] for i in range(step) for group in range(len(split))]
    return owners


def _mixtures(seen: list[int], reads: list[tuple[int, int]], groups: int) -> list[list[float]]:
    """What each group of the second conv reads of the first conv's groups.

    For each, the share of each of the first conv's groups in what it reads.
    """
    return [
        [seen[first : first + size].count(group) / size for group in range(groups)]
        for first, size in reads
    ]


def _draw_convs(
    canvas: Canvas,
    center: float,
    top: float,
    bottom: float,
    reads: list[tuple[int, int]],
    writes: list[tuple[int, int]],
    scale: Scale,
    fills: list[str],
    outline: str = "none",
) -> None:
    upper, lower = center - scale(_total(reads)) / 2, center - scale(_total(writes)) / 2
    for (first, size), (start, made), fill in zip(reads, writes, fills, strict=True):
        corners = (
            (upper + scale(first), top),
            (upper + scale(first + size), top),
            (lower + scale(start + made), bottom),
            (lower + scale(start), bottom),
        )
        canvas.shape(
            corners,
            fill,
            fill_opacity=0.32 if outline == "none" else 0.55,
            stroke=outline,
            stroke_width=0.8,
        )


def _draw_bar(
    canvas: Canvas,
    center: float,
    top: float,
    bars: list[tuple[int, int]],
    colors: list[str],
    scale: Scale,
) -> None:
    left = center - scale(_total(bars)) / 2
    for (first, size), color in zip(bars, colors, strict=True):
        canvas.rect(
            (left + scale(first), top), scale(size), BAR, color, stroke=PAPER, stroke_width=0.8
        )
    _draw_sizes(
        canvas,
        center,
        top + 11.5,
        bars,
        [INK if color in LIGHT else PAPER for color in colors],
        scale,
    )


def _draw_sizes(
    canvas: Canvas,
    center: float,
    baseline: float,
    bars: list[tuple[int, int]],
    inks: list[str],
    scale: Scale,
) -> None:
    """The channels of each group, if there are groups and the number fits."""
    left = center - scale(_total(bars)) / 2
    for (first, size), ink in zip(bars, inks, strict=True):
        if len(bars) > 1 and scale(size) >= 7 * len(str(size)) + 1:
            canvas.text(
                (left + scale(first + size / 2), baseline),
                str(size),
                10.5,
                ink,
                text_anchor="middle",
            )


def _draw_shuffle(
    canvas: Canvas,
    center: float,
    top: float,
    seen: list[int],
    groups: int,
    colors: list[str],
    scale: Scale,
) -> None:
    middle, step = len(seen), len(seen) // groups
    left = center - scale(middle) / 2
    shown = range(0, middle, max(1, middle // LINES))
    for source in shown:
        target = source % step * groups + source // step
        start, end = left + scale(source + 0.5), left + scale(target + 0.5)
        ends = f"M{start:.1f},{top + MIDDLE + BAR} L{end:.1f},{top + SHUFFLED}"
        canvas.path(ends, colors[seen[target]], stroke_width=1.1)
    for first, last, group in _stripes(seen, groups):
        canvas.rect((left + scale(first), top + SHUFFLED), scale(last - first), BAR, colors[group])


def _stripes(seen: list[int], groups: int) -> Iterator[tuple[float, float, int]]:
    """Stripes, each (from, to, group) in channels.

    If channels are too many to be distinguished, fewer and wider ones stand for them.
    """
    step = len(seen) // groups
    periods = max(1, min(step, MAX_STRIPES // groups))
    shown = [
        seen[period * step // periods * groups + group]
        for period in range(periods)
        for group in range(groups)
    ]
    width, position = len(seen) / len(shown), 0
    for group, run in groupby(shown):
        length = len(list(run))
        yield position * width, (position + length) * width, group
        position += length


def _draw_mixture(
    canvas: Canvas,
    center: float,
    top: float,
    bars: list[tuple[int, int]],
    mixtures: list[list[float]],
    colors: list[str],
    scale: Scale,
) -> None:
    left = center - scale(_total(bars)) / 2
    for (first, size), mixture in zip(bars, mixtures, strict=True):
        for above, share, color in zip([0.0, *accumulate(mixture)], mixture, colors, strict=False):
            canvas.rect((left + scale(first), top + BAR * above), scale(size), BAR * share, color)
        canvas.rect(
            (left + scale(first), top), scale(size), BAR, "none", stroke=FADED, stroke_width=0.8
        )


def _draw_notes(canvas: Canvas, right: float, top: float, block: Block) -> None:
    bold: dict[str, Any] = {"text_anchor": "end", "font_weight": "bold"}
    canvas.text((right, top + INPUT + 11), str(block.inputs), 12, **bold)
    canvas.text((right, top + MIDDLE + 9), str(block.middle), 12, **bold)
    stride = " ↓2" if block.stride == 2 else ""
    canvas.text(
        (right, top + MIDDLE + 22),
        f"{block.kernel}×{block.kernel}{stride}",
        11,
        FADED,
        text_anchor="end",
    )
    if block.se:
        canvas.pill((right, top + MIDDLE + 40), f"SE ÷{block.se}", PALETTE["se"])
    canvas.text((right, top + OUTPUT + 11), str(block.outputs), 12, **bold)


def _draw_shortcut(canvas: Canvas, at: Point, block: Block, start: float, end: float) -> None:
    if not block.is_residual and block.skip == "none":
        return
    x, above, below = at[0] + 16, at[1] + INPUT + BAR / 2, at[1] + OUTPUT + BAR / 2
    style: dict[str, Any] = (
        {"stroke_width": 1.6}
        if block.is_residual
        else {"stroke_width": 1.6, "stroke_dasharray": "5 3"}
    )
    canvas.path(f"M{start:.1f},{above} H{x} V{below} H{end:.1f}", PALETTE["skip"], **style)
    canvas.circle((end - 12, below), 6, PAPER, stroke=PALETTE["skip"], stroke_width=1.4)
    canvas.path(
        f"M{end - 15.5:.1f},{below} h7 M{end - 12:.1f},{below - 3.5} v7",
        PALETTE["skip"],
        stroke_width=1.4,
    )
    words = (
        "residual"
        if block.is_residual
        else {"conv": "conv 1×1 ↓2", "maxpool_conv": "max pool, conv 1×1"}[block.skip]
    )
    middle = (above + below) / 2
    spot = f"rotate(-90 {x + 12:.1f} {middle:.1f})"
    canvas.text((x + 12, middle), words, 10, FADED, text_anchor="middle", transform=spot)


def _total(bars: list[tuple[int, int]]) -> int:
    return bars[-1][0] + bars[-1][1]
