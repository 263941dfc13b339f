"""``seesawnas data subset``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from seesawnas.cli.commands.data.showing import (
    FacesPath,
    Out,
    bar,
    check_out,
    images,
    people,
    resumed_line,
    show,
)
from seesawnas.cli.options import MAX_SEED, Json


class Form(StrEnum):
    """What to write."""

    REC = "rec"
    FOLDER = "folder"


def subset(
    path: FacesPath,
    out: Out,
    number: Annotated[
        int,
        typer.Option(
            "--identities",
            "--people",
            metavar="N",
            min=1,
            max=10**9,
            help="Number of identities.",
            show_default=False,
        ),
    ],
    to: Annotated[
        Form,
        typer.Option(
            "--to", help="rec: train.rec with its index; folder: one sub-folder per identity."
        ),
    ] = Form.REC,
    random: Annotated[
        bool,
        typer.Option(
            "--random/--first",
            help="Select identities at random (by --seed), or the first ones by label.",
        ),
    ] = True,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="S", min=0, max=MAX_SEED, help="Seed of the random selection."
        ),
    ] = 0,
    json: Json = False,
) -> None:
    """Write a subset of the identities of a large data set, for example for a search.

    Images are not re-encoded. With the same seed, a larger subset contains every smaller one.

    Run the same command to resume an interrupted run.
    """
    from seesawnas.data import (
        Preparation,
        first_identities,
        open_source,
        pack_rec,
        random_identities,
        write_folder,
    )

    check_out(path, out)
    source = open_source(path)
    some = (
        random_identities(source, number, seed=seed) if random else first_identities(source, number)
    )
    write = pack_rec if to is Form.REC else write_folder
    with bar("copying", len(some)) as advance:
        report = write(some, out, Preparation(as_is=True), advance)
    values = {
        "files": [str(file) for file in report.files],
        "people": report.people,
        "images": report.images,
        "of_people": len(source.names),
        "people_before": report.before,
        "seed": seed if random else None,
    }
    taken = f"{images(report.images)} of {people(report.people)}, of {len(source.names):,}"
    lines = [
        *resumed_line(report.before),
        f"copied      {taken}",
        *(f"wrote       {file}" for file in report.files),
    ]
    show(values, lines, report.skipped, json)
