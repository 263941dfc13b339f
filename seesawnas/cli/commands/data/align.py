"""``seesawnas data align``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seesawnas.cli.commands.data.showing import Out, bar, check_out, images, show
from seesawnas.cli.options import Json


def align(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder of identities, of photographs.", show_default=False)
    ],
    landmarks: Annotated[
        Path,
        typer.Option(
            "--landmarks",
            metavar="FILE.csv",
            help="Lines of NAME/FILE,x1,y1,...,x5,y5: eyes, nose, corners of the mouth, left first as one sees them.",
            show_default=False,
        ),
    ],
    out: Out,
    json: Json = False,
) -> None:
    """Turn, scale and shift faces so that five landmarks lie on ArcFace's 112x112 template.

    Landmarks, in pixels of the upright picture, come from a detector of your choice: seesawnas has none.

    An interrupted run goes on with the same command.
    """
    # No detector that is kept well comes with its weights, and a search must work without a network.
    from seesawnas.data import FolderSource, align_folder, read_landmarks

    known = read_landmarks(landmarks)
    check_out(folder, out)
    source = FolderSource(folder, least=0)
    with bar("aligning", len(source)) as advance:
        written, left_out = align_folder(source, known, out, advance)
    lines = [f"aligned     {images(written)}", f"wrote       {out}"]
    show({"files": [str(out)], "images": written, "landmarks": len(known)}, lines, left_out, json)
