"""Any block's body as rows of bars: what is drawn, where, and what each reads. No canvas yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from seesawnas.arch import Block, Inputs, body_of
from seesawnas.arch.body import Body, read_shapes, shapes
from seesawnas.arch.layers import Act, Add, Concat, Conv, Layer, Linear, Norm, Pool
from seesawnas.arch.layers import Scale as Gating

ACROSS = 3
"""Bars side by side in one row; more of one depth go in further rows."""
_LETTERS = 19
_BEFORE = {-1: "input", -2: "input before"}


@dataclass(frozen=True, slots=True)
class Bar:
    """The channels of an input (``layer`` None) or after a layer.

    ``reads`` and ``index`` are as in the body.
    """

    index: int
    layer: Layer | None
    channels: int
    lines: tuple[str, ...]
    reads: tuple[int, ...]
    gate: int = 0
    """Hidden width of the squeeze-and-excitation that scales it; 0: none."""

    @property
    def joins(self) -> bool:
        """Whether several maps meet in it."""
        return isinstance(self.layer, Add | Concat)


@dataclass(frozen=True, slots=True)
class Layout:
    """``rows`` from the inputs down, each read by later rows alone."""

    rows: tuple[tuple[Bar, ...], ...]

    @property
    def lines(self) -> int:
        """The most lines that a label has."""
        return max(len(bar.lines) for row in self.rows for bar in row)


def laid_out(block: Block, inputs: Inputs) -> Layout:
    """The rows of ``block`` if it reads ``inputs``.

    Convolutions, poolings and joins; norms and activations are not drawn.
    """
    body = body_of(block)
    found = shapes(body, inputs)
    gates = _gates(body)
    hidden = {index for index, node in enumerate(body) if isinstance(node.layer, Norm | Act)}
    hidden |= {
        index
        for index, node in enumerate(body)
        if isinstance(node.layer, Gating) and index in gates
    }
    for members, _ in gates.values():
        hidden |= members
    used = sorted({read for node in body for read in node.reads if read < 0} or {-1}, reverse=True)
    bars = {read: _input(read, inputs) for read in used}
    gated = {
        _seen(body, hidden, body[index].reads[0]): width for index, (_, width) in gates.items()
    }
    for index, node in enumerate(body):
        if index not in hidden:
            read = read_shapes(node, found, inputs)
            reads = tuple(dict.fromkeys(_seen(body, hidden, one) for one in node.reads))
            words = node.layer.label(*read) + _stride_words(node.layer)
            label = tuple(wrap(words, _LETTERS))
            bars[index] = Bar(
                index, node.layer, found[index].channels, label, reads, gated.get(index, 0)
            )
    return Layout(tuple(_rows(bars)))


def _input(read: int, inputs: Inputs) -> Bar:
    words = _BEFORE.get(read, f"input {-read} before")
    channels = inputs[-read - 1].channels
    return Bar(read, None, channels, (f"{words} {channels}",), ())


def _seen(body: Body, hidden: set[int], read: int) -> int:
    """What is drawn of what is read: the layer before those that are not."""
    while read in hidden:
        read = body[read].reads[0]
    return read


def _gates(body: Body) -> dict[int, tuple[set[int], int]]:
    """Squeeze-and-excitations by the index of their scaling, with their nodes and hidden width."""
    found: dict[int, tuple[set[int], int]] = {}
    for index, node in enumerate(body):
        if isinstance(node.layer, Gating):
            source, gate = node.reads
            members: set[int] = set()
            widths = []
            while (
                gate >= 0
                and gate != source
                and isinstance(body[gate].layer, Pool | Linear | Conv | Act | Norm)
            ):
                members.add(gate)
                layer = body[gate].layer
                widths += [layer.outputs] if isinstance(layer, Linear | Conv) else []
                gate = body[gate].reads[0]
            if gate == source and widths:
                found[index] = members, min(widths)
    return found


def _rows(bars: Mapping[int, Bar]) -> Sequence[tuple[Bar, ...]]:
    """By depth, those that read the leftmost first, and no more than ``ACROSS`` in a row."""
    depths: dict[int, int] = {}
    for index in sorted(bars):
        depths[index] = 1 + max((depths[read] for read in bars[index].reads), default=-1)
    rows: list[tuple[Bar, ...]] = []
    places: dict[int, float] = {}
    for depth in range(max(depths.values()) + 1):
        level = [index for index in sorted(bars, reverse=depth == 0) if depths[index] == depth]
        level.sort(key=lambda index: _middle([places[read] for read in bars[index].reads]))
        for first in range(0, len(level), ACROSS):
            row = level[first : first + ACROSS]
            places |= {index: (place + 0.5) / len(row) for place, index in enumerate(row)}
            rows.append(tuple(bars[index] for index in row))
    return rows


def _middle(places: Sequence[float]) -> float:
    return sum(places) / len(places) if places else 0.0


def _stride_words(layer: Layer) -> str:
    return f" ↓{layer.stride}" if isinstance(layer, Conv | Pool) and layer.stride > 1 else ""
