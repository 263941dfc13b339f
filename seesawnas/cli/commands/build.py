"""``seesawnas build``: show, write, draw or check one network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.options import MAX_SEED, Json, PointRef, StudyStorage
from seesawnas.study import find_network

if TYPE_CHECKING:
    from seesawnas.space import SearchPoint

WEIGHTS = "model.safetensors"
RANDOM = "  (random weights; use `seesawnas train` to train them)"


def build(
    ref: PointRef,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write spec.yaml, model.safetensors (random weights) and summary.json.",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", min=0, max=MAX_SEED, help="Seed of the random weights."
        ),
    ] = 0,
    diagram: Annotated[
        Path | None,
        typer.Option("--diagram", metavar="FILE", help="Write a diagram of the network as SVG."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Check the counts with fvcore and torch; exit code 1 if they differ."
        ),
    ] = False,
    storage: StudyStorage = None,
    json: Json = False,
) -> None:
    """Show a network stage by stage, with its costs and published values.

    Optionally write it, draw it or check it.
    """
    point = find_network(ref, storage)
    values = _values(point, check)
    written = _write(point, out, seed, diagram)
    if written:
        from seesawnas.io.terminal import only_shown

        only_shown()
    _show(values, json)
    if not json:
        from seesawnas.cli.views.output import print_lines

        print_lines(*(f"wrote {path}{RANDOM if path.name == WEIGHTS else ''}" for path in written))
    if check and not values["check"]["agrees"]:
        raise typer.Exit(1)


def _values(point: SearchPoint, check: bool) -> dict[str, Any]:
    from seesawnas.report.network.summary import sheet

    values = sheet(point)
    if check:
        from dataclasses import asdict

        from seesawnas.report.network.build import check as count_again

        values["check"] = asdict(count_again(point.spec))
    return values


def _write(point: SearchPoint, out: Path | None, seed: int, diagram: Path | None) -> list[Path]:
    written = []
    if diagram is not None:
        from seesawnas.io.files import write_atomically
        from seesawnas.report.network.diagram import diagram as draw

        write_atomically(diagram, draw(point.spec))
        written.append(diagram)
    if out is not None:
        from seesawnas.report.network.build import write_bundle

        written += write_bundle(point, out, seed)
    return written


def _show(values: dict[str, Any], json: bool) -> None:
    if json:
        from seesawnas.cli.views.output import print_json

        print_json(values)
    else:
        from seesawnas.cli.views.network import print_sheet

        print_sheet(values)
