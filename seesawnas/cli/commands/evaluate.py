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
    say_notes,
)
from seesawnas.cli.options import Json
from seesawnas.errors import InvalidInput
from seesawnas.text import short

if TYPE_CHECKING:
    from seesawnas.evaluation import FaceModel, HowToVerify, VerifiedSet

MOST_RESAMPLES = 100_000


def evaluate(
    model: Model,
    pairs: Annotated[
        str,
        typer.Option(
            metavar="FILE[,FILE...]",
            help="Verification sets: InsightFace's .bin, LFW's pairs.txt, a CSV of two paths and a label, or a folder of "
            "CFP's protocol (Protocol/Split/FP).",
            show_default=False,
        ),
    ],
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that the sets' picture paths start from.")
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Pairs are of templates (IJB): lines of image, template and media number."),
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
        int, typer.Option(metavar="N", min=0, help="Draws that the 95 % intervals come from; 0: none.")
    ] = 1000,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Seed of these draws.")] = 0,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write ROC curves and score histograms.")] = None,
    json: Json = False,
) -> None:
    """Verify pairs of faces with a trained network: accuracy over ten folds, AUC, EER, TAR@FAR, thresholds.

    A rate at which less than one pair of different people would be accepted is not resolvable, and said to be so.
    """
    from seesawnas.evaluation import HowToVerify, find_protocol, open_model, verify_set

    if resamples > MOST_RESAMPLES:
        raise InvalidInput(f"--resamples must be at most {MOST_RESAMPLES}, got {short(resamples)}")
    wanted = find_protocol(protocol)
    opened = open_model(model, normalise=normalise, bgr=bgr, output=output, device=device, untrained=untrained)
    say_notes(opened)
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
