"""A picture of the packages: which imports which, from the code.

    python -m docs.tools.packages docs/pictures/packages.svg

An arrow that follows from others is left out (the transitive reduction). A package stands as high
as the longest chain of imports below it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from graphlib import TopologicalSorter
from html import escape
from itertools import pairwise
from pathlib import Path

import grimp

ROOT = "seesawnas"
WIDTH, HEIGHT, GAP, RISE = 118, 34, 36, 66
INK, LINE, FILL = "#1b1f24", "#8c959f", "#eaf2f8"

Graph = Mapping[str, frozenset[str]]


def package_imports() -> Graph:
    """Each package of seesawnas, and those that it imports."""
    graph = grimp.build_graph(ROOT, exclude_type_checking_imports=True)
    names = sorted(graph.find_children(ROOT) - {f"{ROOT}.__main__"})
    return {
        name.removeprefix(f"{ROOT}."): frozenset(
            other.removeprefix(f"{ROOT}.")
            for other in names
            if other != name
            and graph.direct_import_exists(importer=name, imported=other, as_packages=True)
        )
        for name in names
    }


def reduced(imports: Graph) -> Graph:
    """The same order with the fewest arrows."""
    below: dict[str, frozenset[str]] = {}
    for name in TopologicalSorter(imports).static_order():
        below[name] = imports[name].union(*(below[other] for other in imports[name]))
    return {
        name: frozenset(
            other
            for other in others
            if not any(other in below[third] for third in others if third != other)
        )
        for name, others in imports.items()
    }


def rows_of(imports: Graph) -> list[list[str]]:
    """The packages by height, the lowest first.

    A line that passes a row has a place of its own in it, called by the two packages, so that it
    does not pass behind others.
    """
    height: dict[str, int] = {}
    for name in TopologicalSorter(imports).static_order():
        height[name] = 1 + max((height[other] for other in imports[name]), default=-1)
    rows: list[list[str]] = [[] for _ in range(1 + max(height.values()))]
    under: dict[str, list[str]] = {}
    for name, others in sorted(imports.items()):
        rows[height[name]].append(name)
        for other in sorted(others):
            chain = path_of(name, other, height)
            for upper, lower in pairwise(chain):
                under.setdefault(upper, []).append(lower)
            for level, step in enumerate(reversed(chain[1:-1]), height[other] + 1):
                rows[level].append(step)
    place: dict[str, float] = {}
    for row in rows:
        row.sort(key=lambda name: (_mean([place[one] for one in under.get(name, [])]), name))
        place |= {name: index - (len(row) - 1) / 2 for index, name in enumerate(row)}
    return rows


def path_of(name: str, other: str, height: Mapping[str, int]) -> list[str]:
    """What a line from ``name`` to ``other`` passes, both included, from the top."""
    between = range(height[name] - 1, height[other], -1)
    return [name, *(f"{name} {other} {level}" for level in between), other]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def drawing(imports: Graph) -> str:
    """The picture, as SVG."""
    arrows = reduced(imports)
    rows = rows_of(arrows)
    width = max(sum(map(_width, row)) + GAP * (len(row) + 1) for row in rows)
    height = len(rows) * RISE + GAP
    corner: dict[str, tuple[float, float]] = {}
    for level, row in enumerate(rows):
        x = (width - sum(map(_width, row)) - GAP * (len(row) - 1)) / 2
        for name in row:
            corner[name] = x, height - (level + 1) * RISE
            x += _width(name) + GAP
    rank = {name: level for level, row in enumerate(rows) for name in row}
    lines = [
        _line([corner[step] for step in path_of(name, other, rank)])
        for name, others in sorted(arrows.items())
        for other in sorted(others)
    ]
    boxes = [_box(name, *corner[name]) for name in sorted(arrows)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" '
            """font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif">""",
            "<title>The packages of seesawnas: lines lead down to what is imported</title>",
            f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


def _width(name: str) -> int:
    return WIDTH if " " not in name else 0


def _line(corners: list[tuple[float, float]]) -> str:
    """A line from the foot of the first box to the top of the last, past the places between."""
    (x, y), (to_x, to_y) = corners[0], corners[-1]
    points = [
        (x + WIDTH / 2, y + HEIGHT),
        *((between, top + step) for between, top in corners[1:-1] for step in (0, HEIGHT)),
        (to_x + WIDTH / 2, to_y),
    ]
    drawn = [f"M {points[0][0]:g} {points[0][1]:g}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        bend = (to_y - y) / 2
        drawn.append(f"C {x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}")
    return f'<path d="{" ".join(drawn)}" fill="none" stroke="{LINE}" stroke-width="1.4"/>'


def _box(name: str, x: float, y: float) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" '
        f'fill="{FILL}" stroke="{INK}"/>'
        f'<text x="{x + WIDTH / 2:g}" y="{y + HEIGHT / 2 + 5:g}" font-size="14" fill="{INK}" '
        f'text-anchor="middle">{escape(name)}</text>'
    )


def main() -> None:
    """Write the picture where the command line says."""
    Path(sys.argv[1]).write_text(drawing(package_imports()), encoding="utf-8")


if __name__ == "__main__":
    main()
