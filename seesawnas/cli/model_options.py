"""Arguments and options of the commands that run a trained network over pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seesawnas.data import EncodedImages
    from seesawnas.evaluation import FaceModel

Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A folder of `seesawnas train` or `seesawnas build --out`; an ONNX file; a TorchScript file, which is code.",
        show_default=False,
    ),
]
Normalise = Annotated[
    str | None,
    typer.Option(
        "--normalise",
        metavar="HOW",
        help="Input of an ONNX or TorchScript file: none (pixels 0..255 as they are); 0..1; 128 or 127.5, "
        "(pixel - 127.5) / HOW; imagenet; or MEAN,STD in pixels 0..255, also three means and three stds, red first.",
        show_default="what a folder says itself",
    ),
]
BlueFirst = Annotated[bool, typer.Option("--bgr", help="Give an ONNX or TorchScript file blue first instead of red.")]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="NAME",
        help="Output of an ONNX or TorchScript file that is the embedding.",
        show_default="the only one wider than a number",
    ),
]
Untrained = Annotated[
    bool, typer.Option("--untrained", help="Take a folder of random weights too, as `seesawnas build --out` writes it.")
]
Flip = Annotated[bool, typer.Option("--flip/--no-flip", help="Add the embedding of the mirror image.")]
BatchSize = Annotated[int, typer.Option("--batch-size", metavar="N", min=1, help="Images that run at a time.")]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="cpu, cuda or cuda:N.")]


def say_notes(model: FaceModel) -> None:
    """What there is to know of the model's file, on stderr, before it is believed."""
    from seesawnas.cli.views.output import screen
    from seesawnas.cli.views.progress import say

    say(screen(), *(f"{model.name}: {note}" for note in model.notes))


def embed_shown(
    model: FaceModel, pictures: EncodedImages, *, flip: bool, batch_size: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """``embed_pictures`` with a bar on a terminal's stderr while it runs."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from seesawnas.cli.views.output import screen
    from seesawnas.evaluation import embed_batches, gathered

    shown = screen()
    batches = embed_batches(model, pictures, flip=flip, batch_size=batch_size)
    total = -(-len(pictures) // batch_size)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bars:
        return gathered(bars.track(batches, total, description=model.name))
