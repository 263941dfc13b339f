"""``seesawnas identify``: a trained network identifies faces in a gallery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.model_options import (
    BatchSize,
    BlueFirst,
    Device,
    Flip,
    Model,
    Normalise,
    Output,
    Untrained,
    embed_shown,
    print_notes,
)
from seesawnas.cli.options import Json

if TYPE_CHECKING:
    from seesawnas.evaluation import Identification


def identify(
    model: Model,
    faces: Annotated[
        str,
        typer.Argument(
            metavar="FACES",
            help="A folder with one sub-folder per identity, a folder with train.rec, or a .rec "
            "file.",
            show_default=False,
        ),
    ],
    normalise: Normalise = None,
    bgr: BlueFirst = False,
    output: Output = None,
    flip: Flip = True,
    batch_size: BatchSize = 128,
    device: Device = "cpu",
    untrained: Untrained = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the DET curve as an HTML page.")
    ] = None,
    json: Json = False,
) -> None:
    """Evaluate identification (1:N) with a trained network: rank-1 and rank-5 accuracy, TPIR@FPIR.

    For each identity with two images or more, the first image is enrolled in the gallery and the
    others are probes. Non-mated probes are the images of identities with one image, and every probe
    a second time with its own identity removed from the gallery.
    """
    from seesawnas.data import open_images
    from seesawnas.evaluation import identify as measure
    from seesawnas.evaluation import open_model

    opened = open_model(
        model, normalise=normalise, bgr=bgr, output=output, device=device, untrained=untrained
    )
    print_notes(opened)
    images, labels, notes = open_images(faces, resolution=opened.size)
    embeddings, readable = embed_shown(opened, images, flip=flip, batch_size=batch_size)
    found = measure(embeddings[readable], labels[readable])
    name = Path(faces).name
    notes += images.unreadable_notes(readable) + found.cautions
    if html is not None:
        from seesawnas.io.files import write_atomically
        from seesawnas.report.plots.verification import identification_html

        write_atomically(html, identification_html(found, title=f"{opened.name} on {name}"))
    if json:
        from seesawnas.cli.views.output import print_json

        print_json(_values(found, opened.name, name, opened.notes + notes))
    else:
        _show(found, opened.name, notes)
        if html is not None:
            from seesawnas.cli.views.output import print_lines

            print_lines(f"wrote {html}")


def _values(
    found: Identification, model: str, folder: str, notes: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "model": model,
        "folder": folder,
        "enrolled": found.enrolled,
        "searches": found.searches,
        "unmated": found.unmated,
        "rank": {str(rank): share for rank, share in found.rank.items()},
        "tpir@fpir": dict(found.tpir_at_fpir),
        "thresholds": dict(found.thresholds),
        "notes": list(notes),
    }


def _show(found: Identification, model: str, notes: tuple[str, ...]) -> None:
    from seesawnas.cli.views.output import console, count, table

    out = console()
    columns = (
        "model",
        ">enrolled",
        ">probes",
        ">non-mated",
        *(f">rank {rank}" for rank in found.rank),
    )
    columns += tuple(f">TPIR@FPIR {rate}" for rate in found.tpir_at_fpir)
    shares = [f"{100 * share:.2f} %" for share in found.rank.values()]
    shares += [
        "not resolvable" if v is None else f"{100 * v:.2f} %" for v in found.tpir_at_fpir.values()
    ]
    out.print(
        table(
            columns,
            [(model, *map(count, (found.enrolled, found.searches, found.unmated)), *shares)],
        )
    )
    for note in notes:
        out.print(note, markup=False, soft_wrap=True)
