"""``seesawnas compare``: networks side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seesawnas.cli.completion import complete_network
from seesawnas.cli.options import Json, StudyStorage
from seesawnas.errors import InvalidInput
from seesawnas.study import find_network

if TYPE_CHECKING:
    from seesawnas.report.network.comparison import Comparison


def compare(
    refs: Annotated[
        list[str],
        typer.Argument(
            metavar="REF",
            help="Two or more networks: paper/NAME, a YAML file, or a trial of a study "
            "(STUDY:NUMBER or STUDY:best).",
            autocompletion=complete_network,
            show_default=False,
        ),
    ],
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="FILE", help="Write an HTML page with the diagrams; it works offline."
        ),
    ] = None,
    latency_model: Annotated[
        str | None,
        typer.Option(
            "--latency-model",
            metavar="FILE",
            help="A model of `seesawnas latency fit`, such as latency.yaml: predicts the latency "
            "of each stage.",
            show_default=False,
        ),
    ] = None,
    storage: StudyStorage = None,
    json: Json = False,
) -> None:
    """Compare networks stage by stage, with their costs; differences are marked."""
    from seesawnas.cli.views.output import print_lines
    from seesawnas.cost import LatencyModel
    from seesawnas.report.network.comparison import compare as lay

    if len(refs) < 2:
        raise InvalidInput(f"compare must have at least two networks, got only {refs[0]}")
    points = [find_network(ref, storage) for ref in refs]
    model = None if latency_model is None else LatencyModel.read(latency_model)
    found = lay(points, refs, model)
    if html is not None:
        from seesawnas.io.files import write_atomically
        from seesawnas.report.pages.comparison import comparison_html

        write_atomically(html, comparison_html(found, points))
    if json:
        from seesawnas.cli.views.output import print_json

        print_json(found.to_mapping())
    else:
        _show(found)
        if html is not None:
            print_lines(f"wrote {html}")


def _show(found: Comparison) -> None:
    from rich.text import Text

    from seesawnas.cli.views.output import console, table
    from seesawnas.report.network.comparison import is_cost, shown

    out = console()
    out.print(found.sentence(), markup=False)
    made = table(("part", "", "", *found.names), [], keys=3)
    for part, rows in found.parts:
        for place, row in enumerate(rows):
            style = "bold yellow" if row.differs else ""
            cells = (
                Text(cell, style, justify="right" if is_cost(row) else "left")
                for cell in shown(row)
            )
            mark = Text("≠" if row.differs else "", style)
            last = place == len(rows) - 1
            made.add_row(
                Text(part if place == 0 else "", "bold"), row.name, mark, *cells, end_section=last
            )
    out.print(made)
    out.print("≠ marks differences; cost changes are relative to the first network.", markup=False)
