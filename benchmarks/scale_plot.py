"""The picture of bench_scale.py: how much of their time workers train, by how many there are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

_COLOURS = {60.0: "#0072B2", 600.0: "#D55E00", 1800.0: "#009E73"}
"""By seconds of a trial."""
_LEFT, _TOP, _WIDTH, _HEIGHT = 70, 40, 480, 280
_MOST = 5
"""Powers of ten of workers."""


def utilisation(workers: float, length: float, work: float) -> float:
    """The share of their time in which workers train that have one driver.

    A driver that is less than fully busy hardly delays them; one that is gives out a trial every
    ``work`` seconds, however many wait.

    Args:
        workers: How many there are.
        length: Seconds of a trial.
        work: Seconds of the driver for a trial.
    """
    return min(1.0, length / (workers * work), length / (length + work))


def draw(work: float, points: Iterable[tuple[int, float, float]]) -> str:
    """The picture as SVG: curves computed from ``work``, the driver's seconds a trial, and points.

    Args:
        work: Seconds of the driver for a trial.
        points: Workers, seconds of a trial and measured utilisation.
    """
    parts = [*_axes(f"one driver of {1e3 * work:.0f} ms a trial: computed, and simulated (dots)")]
    for row, (length, colour) in enumerate(_COLOURS.items()):
        powers = [power / 20 for power in range(20 * _MOST + 1)]
        curve = [(10**power, utilisation(10**power, length, work)) for power in powers]
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, curve))
        parts.append(
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(
            _text(_LEFT + 14, _TOP + 200 + 20 * row, f"trials of {length / 60:.0f} min", colour)
        )
    for workers, length, measured in points:
        x, y = _place((workers, measured))
        colour = _COLOURS.get(length, "#555555")
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
    yield _text(_LEFT + _WIDTH / 2, _TOP + _HEIGHT + 44, "workers (GPUs)", anchor="middle")


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="#dddddd"/>'


def _text(x: float, y: float, words: str, colour: str = "#333333", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{words}</text>'
