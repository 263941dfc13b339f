"""``seesawnas export``: a trained network for a phone's runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.completion import complete_network
from seesawnas.cli.options import Json, StudyStorage
from seesawnas.errors import InvalidInput
from seesawnas.study import find_network
from seesawnas.text import one_of, short

if TYPE_CHECKING:
    from seesawnas.device.export import ExportOptions
    from seesawnas.nn import FaceNetwork

_FILE = "File"
_CHECK = "Check"
MAX_BATCH = 1024


def export(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="A folder of `seesawnas train`; with --untrained any REF.",
            autocompletion=complete_network,
            show_default=False,
        ),
    ],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="onnx, ncnn, executorch or torchscript.",
            rich_help_panel=_FILE,
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The model's file; its card is written beside it.",
            rich_help_panel=_FILE,
            show_default="the network's name, in the model's folder",
        ),
    ] = None,
    int8: Annotated[
        bool,
        typer.Option(
            "--int8",
            help="Quantise to eight bits (onnx and executorch).",
            rich_help_panel=_FILE,
        ),
    ] = False,
    normalise: Annotated[
        str,
        typer.Option(
            "--normalise",
            metavar="WHERE",
            help="inside: the file takes pixels 0..255; outside: it takes normalised images.",
            rich_help_panel=_FILE,
        ),
    ] = "outside",
    l2: Annotated[
        bool,
        typer.Option("--l2", help="Give embeddings of length 1.", rich_help_panel=_FILE),
    ] = False,
    batch: Annotated[
        str,
        typer.Option(
            "--batch",
            metavar="N",
            help="Images at a time, or dynamic (onnx and torchscript).",
            rich_help_panel=_FILE,
        ),
    ] = "1",
    lowering: Annotated[
        str,
        typer.Option(
            "--lowering",
            metavar="HOW",
            help="How convolutions over uneven groups run: separate, each group by itself; dense, "
            "as one with zeros between the groups; auto, whichever the runtime was measured to "
            "run faster, with --int8 whichever is smaller; measured, whichever runs this network "
            "fastest here.",
            rich_help_panel=_FILE,
        ),
    ] = "auto",
    calibrate: Annotated[
        str | None,
        typer.Option(
            "--calibrate",
            metavar="FACES",
            help="Faces to calibrate --int8 on, and to compare the file with torch on: a folder "
            "with one sub-folder per identity, or a .rec.",
            rich_help_panel=_CHECK,
            show_default="the default set",
        ),
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            "--pairs",
            metavar="FILE[,FILE...]",
            help="Verification sets to score both on, as `seesawnas eval` takes them.",
            rich_help_panel=_CHECK,
            show_default=False,
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="DIR",
            help="Folder that the image paths of the verification sets are relative to.",
            rich_help_panel=_CHECK,
        ),
    ] = None,
    untrained: Annotated[
        bool,
        typer.Option(
            "--untrained",
            help="Also export random weights, to measure their speed. The limits of --int8, on "
            "cosine and AUC, do not apply to them.",
            rich_help_panel=_CHECK,
        ),
    ] = False,
    storage: StudyStorage = None,
    json: Json = False,
) -> None:
    """Write a trained network as a file of a phone's runtime.

    The file is opened in that runtime, and kept only if its embeddings of real faces agree with
    torch's. A card beside it says what it is, how good, and how to feed it.
    """
    options = _options(format, int8, normalise, l2, batch, pairs, images, lowering)
    from seesawnas.data import load_faces
    from seesawnas.device.export import export as write
    from seesawnas.device.formats import find_format

    network, training, is_trained, folder = _network(ref, untrained, storage)
    inputs = network.spec.input
    faces = load_faces(calibrate, resolution=(inputs.height, inputs.width))
    if out is None and folder is not None:
        # With the suffix: a folder of the name may lie there, as the best network of a training.
        out = folder / f"{folder.resolve().name}{find_format(format).suffixes[0]}"
    from seesawnas.cli.views.device import print_export, steps_shown
    from seesawnas.cli.views.output import print_json

    with steps_shown() as say:
        done = write(network, out, options, faces, trained=is_trained, training=training, say=say)
    if json:
        print_json({**done.card, "written": [str(path) for path in done.files]})
    else:
        print_export(done)


def _options(
    format: str,
    int8: bool,
    normalise: str,
    l2: bool,
    batch: str,
    pairs: str | None,
    images: Path | None,
    lowering: str,
) -> ExportOptions:
    from seesawnas.device.export import LOWERINGS, ExportOptions
    from seesawnas.device.formats import find_format

    find_format(format)
    if normalise not in ("inside", "outside"):
        raise InvalidInput(f"--normalise must be inside or outside, got {short(normalise)}")
    if lowering not in LOWERINGS:
        raise InvalidInput(f"--lowering {one_of(LOWERINGS, lowering)}")
    sets = tuple(filter(None, (part.strip() for part in (pairs or "").split(","))))
    where: Any = normalise
    how: Any = lowering
    return ExportOptions(format, int8, where, l2, _batch(batch), sets, images, how)


def _batch(text: str) -> int | None:
    if text == "dynamic":
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_BATCH):
        raise InvalidInput(
            f"--batch must be a whole number from 1 to {MAX_BATCH}, or dynamic, got {short(text)}"
        )
    return int(text)


def _network(
    ref: str, untrained: bool, storage: str | None
) -> tuple[FaceNetwork, dict[str, Any] | None, bool, Path | None]:
    """(network, what is known of its training, whether it is trained, its folder)."""
    import torch

    from seesawnas.nn import build, is_trained, load_model
    from seesawnas.nn.weights import WEIGHTS
    from seesawnas.train.full.artifacts import read_training

    folder = Path(ref)
    if (folder / WEIGHTS).is_file():
        trained = is_trained(folder)
        if not trained and not untrained:
            _refuse(ref)
        about = read_training(folder) if trained else None
        training = None
        if about is not None:
            end = "scores" if "scores" in about else "best"
            kept = ("recipe", "data", "seed", end, "versions", "distillation", "init", "freeze")
            training = {key: about[key] for key in kept if key in about}
        return load_model(folder, untrained=True), training, trained, folder
    spec = find_network(ref, storage).spec
    if not untrained:
        _refuse(ref)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build(spec).eval(), None, False, None


def _refuse(ref: str) -> None:
    raise InvalidInput(
        f"{ref}: must be a trained network's folder, got random weights; train the network first "
        "(seesawnas train), or give --untrained to measure its speed"
    )
