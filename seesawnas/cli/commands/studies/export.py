"""``seesawnas studies export``."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

from seesawnas.cli.options import Json, StudyName, StudyStorage


def export(
    study: StudyName,
    trial: Annotated[
        str | None,
        typer.Option(
            "--trial", metavar="N", help="One trial, by its number, or best.", show_default="all"
        ),
    ] = None,
    out: Annotated[
        str,
        typer.Option("--out", metavar="FILE", help="The file, such as trials.jsonl; - is stdout."),
    ] = "-",
    storage: StudyStorage = None,
    json: Json = False,
) -> None:
    """Write trials as JSON, one per line: network, options, scores, costs, learning curve.

    Repeats follow the trials, under the study NAME.repeats. With --out, --json prints what was
    written.
    """
    from seesawnas.cli.views.output import print_json, print_lines, screen
    from seesawnas.io.files import write_atomically
    from seesawnas.io.terminal import only_shown, write_stdout
    from seesawnas.study.library.export import exported_trials
    from seesawnas.study.library.places import StudyPlace
    from seesawnas.text import several

    with StudyPlace.find(study, storage) as place:
        lines = [json_module.dumps(values) for values in exported_trials(place, trial)]
        notes = [note for one in place.studies() for note in one.view().notes]
    text = "".join(f"{line}\n" for line in lines)
    if out == "-":
        write_stdout(text)
    else:
        write_atomically(out, text)
        only_shown()
        if json:
            print_json({"study": study, "trials": len(lines), "out": out})
        else:
            print_lines(f"wrote {several(len(lines), 'trial')} to {out}")
    for note in notes:
        screen().print(f"note: {note}", soft_wrap=True)
