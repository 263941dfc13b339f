"""Arguments and options of the commands that run a trained network on images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seesawnas.errors import InvalidInput
from seesawnas.text import short

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seesawnas.data import EncodedImages
    from seesawnas.evaluation import FaceModel

_FORMATS = (
    "ONNX (.onnx), ncnn (.ncnn.param, with .ncnn.bin beside it), ExecuTorch (.pte), or TorchScript "
    "(it contains code: open only files that you trust)."
)
_NORMALISATIONS = (
    "Input normalisation of a file: none (pixels 0..255 unchanged); 0..1; 128 or 127.5, that is "
    "(pixel - 127.5) / HOW; imagenet; or MEAN,STD in pixels 0..255 (or three means, then three "
    "stds, in RGB order)."
)
_STORED = "stored in the model folder, or in the card of an exported file"
Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help=f"A folder of `seesawnas train` or `seesawnas build --out`, or a file: {_FORMATS}",
        show_default=False,
    ),
]
Models = Annotated[
    list[Path],
    typer.Argument(
        metavar="MODEL...",
        help=f"Folders of `seesawnas train` or `seesawnas build --out`, or files: {_FORMATS} "
        "Several are compared in one table.",
        show_default=False,
    ),
]
Normalise = Annotated[
    str | None,
    typer.Option(
        "--normalise",
        metavar="HOW",
        help=_NORMALISATIONS,
        show_default=_STORED,
    ),
]
NormaliseEach = Annotated[
    list[str] | None,
    typer.Option(
        "--normalise",
        metavar="HOW",
        help=f"{_NORMALISATIONS} Of several models it is for the files without a card; MODEL=HOW "
        "is for one, and may be given more than once.",
        show_default=_STORED,
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


def model_names(paths: list[Path], models: list[FaceModel]) -> list[str]:
    """Of the files or folders; as they were given, if two have the same name."""
    names = [model.name for model in models]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def open_models(
    paths: list[Path],
    normalise: list[str],
    bgr: bool,
    output: str | None,
    device: str,
    untrained: bool,
) -> list[FaceModel]:
    """All models, open; nothing is evaluated if one of them cannot be.

    Raises:
        InvalidInput: With a line for each of them.
    """
    from seesawnas.evaluation import open_model
    from seesawnas.io.files import named_twice

    if (same := named_twice(paths)) is not None:
        raise InvalidInput(f"MODEL must name each model once, got {' and '.join(same)}")
    how = _normalisations(paths, normalise)
    if len(paths) > 1:
        foreign = [path for path in paths if _is_foreign(path)]
        given = {"--normalise": None in how, "--bgr": bgr, "--output": output is not None}
        named = [name for name, is_given in given.items() if is_given]
        if named and not foreign:
            raise InvalidInput(
                f"{', '.join(named)}: only for files without a card, got none of them"
            )
    else:
        foreign = paths
    models, faults = [], list[str]()
    for path in paths:
        is_foreign = path in foreign
        try:
            models.append(
                open_model(
                    path,
                    normalise=how.get(path, how.get(None) if is_foreign else None),
                    bgr=bgr and is_foreign,
                    output=output if is_foreign else None,
                    device=device,
                    untrained=untrained,
                )
            )
        except InvalidInput as error:
            faults += str(error).splitlines()
    if faults:
        raise InvalidInput("\n".join(faults))
    return models


def _is_foreign(path: Path) -> bool:
    """Whether nothing but options says how the model at ``path`` is fed."""
    from seesawnas.evaluation.models.card import read_card
    from seesawnas.io.files import expanded

    found = expanded(path)
    try:
        return not found.is_dir() and read_card(found) is None
    except InvalidInput:
        return False  # which opening it says


def _normalisations(paths: list[Path], given: list[str]) -> dict[Path | None, str]:
    """HOW by the model that it is for; by None, if it is for all.

    Raises:
        InvalidInput: If a model has two, or MODEL is none of them.
    """
    found: dict[Path | None, str] = {}
    for text in given:
        name, equals, how = text.rpartition("=")
        model = Path(name) if equals else None
        if model is not None and model not in paths:
            raise InvalidInput(f"--normalise must be HOW or MODEL=HOW, got {short(text)}")
        if model in found:
            rule = "must be given once for each model"
            raise InvalidInput(f"--normalise {rule}, got {short(found[model])} and {short(how)}")
        found[model] = how
    return found


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
