"""The picture of bench_scale.py: how much of their time workers train, by how many there are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_LEFT, _TOP, _WIDTH, _HEIGHT = 70, 40, 480, 280
_MOST = 5
"""Powers of ten of workers."""
LENGTH = 60.0
"""Seconds of the trials that are shown."""


@dataclass(frozen=True)
class Series:
    """One kind of driver: its seconds a trial, and what was found.

    ``points`` are workers with trials of :data:`LENGTH` seconds, or what stands for them, and the
    share of their time in which they train.
    """

    work: float
    points: Sequence[tuple[float, float]]


def utilisation(workers: float, length: float, work: float) -> float:
    """The share of their time in which workers train that have one driver.

    A driver that is less than fully busy hardly delays them; one that is gives out a trial every
    ``work`` seconds, however many wait.

    Args:
        workers: How many there are.
        length: Seconds of a trial.
        work: Seconds of the driver for a trial.
    """
    return min(length / (workers * work), length / (length + work))


def draw(series: Mapping[str, Series]) -> str:
    """The picture as SVG: a curve computed from each driver's work, and points that were found."""
    parts = [*_axes("share of time in which workers train, trials of a minute")]
    for row, (name, one) in enumerate(series.items()):
        colour = _COLOURS[row % len(_COLOURS)]
        powers = [power / 20 for power in range(20 * _MOST + 1)]
        curve = [(10**power, utilisation(10**power, LENGTH, one.work)) for power in powers]
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, curve))
        parts.append(
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        words = f"{name}, {1e3 * one.work:.0f} ms a trial"
        parts.append(_text(_LEFT + 14, _TOP + 200 + 20 * row, words, colour))
        for point in one.points:
            x, y = _place(point)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
    return "\n".join([_HEAD, *parts, "</svg>", ""])


_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 380" font-family="sans-serif" '
    'font-size="13">\n<rect width="600" height="380" fill="white"/>'
)


def _place(point: Sequence[float]) -> tuple[float, float]:
    workers, share = point
    return _LEFT + _WIDTH * math.log10(workers) / _MOST, _TOP + _HEIGHT * (1 - share)


def _axes(title: str) -> Iterable[str]:
    yield _text(_LEFT, 24, title)
    for power in range(_MOST + 1):
        x, y = _place((10**power, 0.0))
        yield _line(x, _TOP, x, y)
        yield _text(x, y + 20, f"{10**power:,}", anchor="middle")
    for step in range(5):
        x, y = _place((1, step / 4))
        yield _line(x, y, x + _WIDTH, y)
        yield _text(x - 8, y + 4, f"{step / 4:.0%}", anchor="end")
    yield _text(
        _LEFT + _WIDTH / 2, _TOP + _HEIGHT + 44, "workers (GPUs); dots: simulated", anchor="middle"
    )


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="#dddddd"/>'


def _text(x: float, y: float, words: str, colour: str = "#333333", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{words}</text>'
