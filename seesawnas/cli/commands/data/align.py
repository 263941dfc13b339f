"""``seesawnas data align``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seesawnas.cli.commands.data.showing import Out, bar, check_out, images, show
from seesawnas.cli.options import Json


def align(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Folder of photographs, one sub-folder per identity.",
            show_default=False,
        ),
    ],
    landmarks: Annotated[
        Path,
        typer.Option(
            "--landmarks",
            metavar="FILE.csv",
            help="Lines of NAME/FILE,x1,y1,...,x5,y5: eyes, nose, mouth corners; left (as seen in "
            "the image) before right.",
            show_default=False,
        ),
    ],
    out: Out,
    json: Json = False,
) -> None:
    """Align faces by five landmarks to ArcFace's 112x112 template (similarity transform).

    Landmarks are in pixels of the image after EXIF rotation. Use any detector; seesawnas does not
    include one.

    Run the same command to resume an interrupted run.
    """
    # We found no maintained detector that includes its weights, and everything must work offline.
    from seesawnas.data import FolderSource, align_folder, read_landmarks

    known = read_landmarks(landmarks)
    check_out(folder, out)
    source = FolderSource(folder, least=0)
    with bar("aligning", len(source)) as advance:
        written, skipped = align_folder(source, known, out, advance)
    lines = [f"aligned     {images(written)}", f"wrote       {out}"]
    show({"files": [str(out)], "images": written, "landmarks": len(known)}, lines, skipped, json)
