"""Arguments and options of the commands that run a trained network on images."""

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
        help="A folder of `seesawnas train` or `seesawnas build --out`, or a file: ONNX (.onnx), "
        "ncnn (.ncnn.param, with .ncnn.bin beside it), ExecuTorch (.pte), or TorchScript (it "
        "contains code: open only files that you trust).",
        show_default=False,
    ),
]
Models = Annotated[
    list[Path],
    typer.Argument(
        metavar="MODEL...",
        help="Folders of `seesawnas train` or `seesawnas build --out`, or files: ONNX (.onnx), "
        "ncnn (.ncnn.param, with .ncnn.bin beside it), ExecuTorch (.pte), or TorchScript (it "
        "contains code: open only files that you trust). Several are compared in one table.",
        show_default=False,
    ),
]
Normalise = Annotated[
    str | None,
    typer.Option(
        "--normalise",
        metavar="HOW",
        help="Input normalisation of a file: none (pixels 0..255 unchanged); "
        "0..1; 128 or 127.5, "
        "that is (pixel - 127.5) / HOW; imagenet; or MEAN,STD in pixels 0..255 (or three means, "
        "then three stds, "
        "in RGB order).",
        show_default="stored in the model folder, or in the card of an exported file",
    ),
]
BlueFirst = Annotated[bool, typer.Option("--bgr", help="Feed a file channels in BGR order.")]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="NAME",
        help="Name of the embedding output of an ONNX or TorchScript file.",
        show_default="the only output that is a vector",
    ),
]
Untrained = Annotated[
    bool,
    typer.Option(
        "--untrained",
        help="Also accept a folder with random weights, as written by `seesawnas build --out`.",
    ),
]
Flip = Annotated[
    bool,
    typer.Option("--flip/--no-flip", help="Add the embedding of the horizontally flipped image."),
]
BatchSize = Annotated[
    int, typer.Option("--batch-size", metavar="N", min=1, help="Images per batch.")
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="cpu, cuda or cuda:N.")]


def print_notes(model: FaceModel) -> None:
    """Print the notes on the model's file on stderr, before its results."""
    from seesawnas.cli.views.output import screen
    from seesawnas.cli.views.progress import say

    say(screen(), *(f"{model.name}: {note}" for note in model.notes))


def embed_shown(
    model: FaceModel, images: EncodedImages, *, flip: bool, batch_size: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """``embed_images`` with a bar on a terminal's stderr while it runs."""
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from seesawnas.cli.views.output import screen
    from seesawnas.evaluation import embed_batches, gathered

    shown = screen()
    batches = embed_batches(model, images, flip=flip, batch_size=batch_size)
    total = -(-len(images) // batch_size)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bars:
        return gathered(bars.track(batches, total, description=model.name))
