"""``seesawnas studies list`` and ``seesawnas studies show``."""

from __future__ import annotations

from typing import Annotated

import typer

from seesawnas.cli.options import Json, StudyName, StudyStorage


def list_studies(
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="URL",
            help="List the studies of this Optuna storage instead.",
            show_default="the folders under runs/",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List studies: kind, state, trials, best network, size on disk, last written.

    A study is running, finished (it did what was asked for) or stopped (something is left); one
    that cannot be read is listed with the reason.
    """
    from seesawnas.cli.views.output import print_json
    from seesawnas.cli.views.studies import print_studies
    from seesawnas.study.library.summary import list_studies as found

    studies = list(found(storage))
    if json:
        print_json([study.to_mapping() for study in studies])
    else:
        print_studies(studies, storage)


def show(study: StudyName, storage: StudyStorage = None, json: Json = False) -> None:
    """Show one study: its state, its starts, what it was asked for, its files.

    The study is not changed.
    """
    from seesawnas.cli.views.output import print_json
    from seesawnas.cli.views.studies import print_details
    from seesawnas.study.library.details import StudyDetails
    from seesawnas.study.library.places import StudyPlace

    with StudyPlace.find(study, storage) as place:
        details = StudyDetails.of(place)
    if json:
        print_json(details.to_mapping())
    else:
        print_details(details)
