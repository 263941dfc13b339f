"""``seesawnas eval``: a trained network on verification sets."""

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
from seesawnas.errors import InvalidInput
from seesawnas.text import short

if TYPE_CHECKING:
    from seesawnas.evaluation import FaceModel, HowToVerify, VerifiedSet


def evaluate(
    model: Model,
    pairs: Annotated[
        str,
        typer.Option(
            metavar="FILE[,FILE...]",
            help="Verification sets: an InsightFace .bin, LFW's pairs.txt, a CSV of two paths and "
            "a label, or a folder of "
            "the CFP protocol (Protocol/Split/FP).",
            show_default=False,
        ),
    ],
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder that the image paths of the verification sets are relative to.",
        ),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Pairs are of IJB templates: a file with image, template number and media number "
            "on each line.",
        ),
    ] = None,
    normalise: Normalise = None,
    bgr: BlueFirst = False,
    output: Output = None,
    protocol: Annotated[
        str, typer.Option(metavar="NAME", help="insightface (squared distance) or cosine.")
    ] = "insightface",
    flip: Flip = True,
    batch_size: BatchSize = 128,
    device: Device = "cpu",
    untrained: Untrained = False,
    resamples: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Bootstrap resamples for the 95 % intervals; 0: no intervals."
        ),
    ] = 1000,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Seed of the resamples.")] = 0,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write ROC curves and score histograms as an HTML page."),
    ] = None,
    json: Json = False,
) -> None:
    """Verify pairs of faces with a trained network.

    Reported are accuracy over ten folds, AUC, EER, TAR@FAR and thresholds.

    A rate is shown as "not resolvable" if less than one impostor pair would be accepted at it.
    """
    from seesawnas.evaluation import HowToVerify, find_protocol, open_model, verify_set
    from seesawnas.evaluation.benchmark import MAX_RESAMPLES

    if resamples > MAX_RESAMPLES:
        raise InvalidInput(f"--resamples must be at most {MAX_RESAMPLES}, got {short(resamples)}")
    wanted = find_protocol(protocol)
    opened = open_model(
        model, normalise=normalise, bgr=bgr, output=output, device=device, untrained=untrained
    )
    print_notes(opened)
    how = HowToVerify(images, templates, wanted, flip, batch_size, resamples, seed, embed_shown)
    found = [verify_set(opened, path, how) for path in _paths(pairs)]
    if html is not None:
        from seesawnas.io.files import write_atomically
        from seesawnas.report.plots.verification import verification_html

        write_atomically(html, verification_html(found, wanted, title=opened.name))
    if json:
        from seesawnas.cli.views.output import print_json

        values = [_values(opened, one, how) for one in found]
        print_json(values[0] if len(values) == 1 else values)
    else:
        from seesawnas.cli.views.evaluation import print_evaluations

        print_evaluations(opened, found, how)
        if html is not None:
            from seesawnas.cli.views.output import print_lines

            print_lines(f"wrote {html}")


def _paths(text: str) -> list[str]:
    paths = [path for path in (part.strip() for part in text.split(",")) if path]
    if not paths:
        raise InvalidInput("--pairs must name a verification set, got nothing")
    return paths


def _values(model: FaceModel, verified: VerifiedSet, how: HowToVerify) -> dict[str, Any]:
    """A set's result as --json prints it; keys are only ever added."""
    found = verified.evaluation
    return {
        "model": model.name,
        "set": verified.name,
        "protocol": found.protocol,
        "flip": how.flip,
        "pairs": found.pairs,
        "same": found.same,
        "folds": found.folds,
        "accuracy": found.accuracy,
        "std": found.std,
        "auc": found.auc,
        "eer": found.eer,
        "tar@far": dict(found.tar_at_far),
        "not_resolvable": [rate for rate, value in found.tar_at_far.items() if value is None],
        "thresholds": dict(found.thresholds),
        "intervals": dict(found.intervals),
        "bootstrap": {"level": 0.95, "draws": found.draws, "of": found.resampled, "seed": how.seed},
        "notes": [*model.notes, *verified.notes],
    }
