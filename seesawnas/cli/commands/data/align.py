"""``seesawnas data align``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    out: Out,
    landmarks: Annotated[
        Path | None,
        typer.Option(
            "--landmarks",
            metavar="FILE.csv",
            help="Lines of NAME/FILE,x1,y1,...,x5,y5: eyes, nose, mouth corners; left (as seen in "
            "the image) before right.",
            show_default=False,
        ),
    ] = None,
    detect: Annotated[
        bool,
        typer.Option(
            "--detect",
            help="Find one face and its landmarks in each image (RetinaFace; the extra detect).",
        ),
    ] = False,
    central: Annotated[
        bool,
        typer.Option(
            "--central", help="Of several faces take the most central, not the largest (--detect)."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Align faces by five landmarks to ArcFace's 112x112 template (similarity transform).

    Landmarks are those of any detector (--landmarks), in pixels of the image after EXIF rotation,
    or are found here (--detect).

    Run the same command to resume an interrupted run.
    """
    from seesawnas.data import Choice, FolderSource, align_folder, open_finder, read_landmarks
    from seesawnas.errors import InvalidInput

    if detect == (landmarks is not None):
        got = "both" if detect else "none"
        raise InvalidInput(f"must have either --landmarks FILE.csv or --detect, got {got}")
    if central and not detect:
        raise InvalidInput("--central requires --detect, got --landmarks")
    known = None if landmarks is None else read_landmarks(landmarks)
    choice = Choice.CENTRAL if central else Choice.LARGEST
    finder = open_finder(choice) if known is None else None
    check_out(folder, out)
    source = FolderSource(folder, least=0)
    with bar("aligning", len(source)) as advance:
        written, skipped = align_folder(source, finder or known or {}, out, advance)
    lines = [f"aligned     {images(written)}", f"wrote       {out}"]
    values: dict[str, Any] = {"files": [str(out)], "images": written}
    if finder is None:
        values["landmarks"] = len(known or {})
    else:
        if finder.several:
            which = "most central" if central else "largest"
            found = f"{images(finder.several)} of this run"
            lines.append(f"chosen      the {which} of several faces: {found}")
        values |= {
            "detector": finder.name,
            "face": str(finder.choice),
            # Images that an interrupted run wrote are not searched again.
            "several_faces_in_this_run": finder.several,
            "without_face": finder.without,
        }
    show(values, lines, skipped, json)
