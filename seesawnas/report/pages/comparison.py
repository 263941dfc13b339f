"""A comparison as one HTML file.

It shows the table with its differences marked, and the diagrams below each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from seesawnas.report.network.comparison import Comparison, shown
from seesawnas.report.network.diagram import diagram
from seesawnas.report.pages.html import asset, render
from seesawnas.space import SearchPoint


def comparison_html(found: Comparison, points: Sequence[SearchPoint]) -> str:
    """The page; it works offline and needs no plotly."""
    parts = [
        (part, [(row.name, shown(row), row.differs) for row in rows]) for part, rows in found.parts
    ]
    drawn = [
        (name, diagram(point.spec.renamed(name)))
        for name, point in zip(found.names, points, strict=True)
    ]
    return render(
        "compare.html",
        title=" and ".join(found.names) if len(found.names) == 2 else ", ".join(found.names),
        scripts=[asset("theme.js"), asset("compare.js")],
        names=found.names,
        sentence=found.sentence(),
        parts=parts,
        drawn=drawn,
    )
