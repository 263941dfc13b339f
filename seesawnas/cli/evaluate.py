"""``seesawnas eval``: a trained network on verification sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from seesawnas.cli.model_options import BatchSize, Device, Flip, Model, Normalise, embed_shown
from seesawnas.cli.options import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seesawnas.evaluation import FaceModel, Pairs, Protocol
    from seesawnas.report.verification_page import Scored


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
    protocol: Annotated[
        str, typer.Option(metavar="NAME", help="insightface (squared distance) or cosine.")
    ] = "insightface",
    flip: Flip = True,
    batch_size: BatchSize = 128,
    device: Device = "cpu",
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
    from seesawnas.evaluation import find_protocol, open_model

    wanted = find_protocol(protocol)
    opened = open_model(model, normalise=normalise, device=device)
    how = How(images, templates, wanted, flip, batch_size, resamples, seed)
    results = [_result(opened, path, how) for path in _paths(pairs)]
    if html is not None:
        from seesawnas.files import write_atomically
        from seesawnas.report.verification_page import verification_html

        write_atomically(html, verification_html([result.scored for result in results], wanted, title=opened.name))
    if json:
        from seesawnas.cli.output import print_json

        values = [to_mapping(opened, result, how) for result in results]
        print_json(values[0] if len(values) == 1 else values)
    else:
        from seesawnas.cli.evaluation_tables import print_evaluations

        print_evaluations(opened, results, how)
        if html is not None:
            print(f"wrote {html}")


MOST_RESAMPLED = 200_000
"""Pairs: a thousand draws of more take hours, and their intervals are short."""

Embedded: TypeAlias = "tuple[str, NDArray[np.float32], Pairs, dict[str, Any], tuple[str, ...]]"
"""A set's name, embeddings, the pairs of them, what else is known of the pairs, notes."""


@dataclass(frozen=True)
class How:
    """What holds for every set of one command."""

    images: Path | None
    templates: Path | None
    protocol: Protocol
    flip: bool
    batch_size: int
    resamples: int
    seed: int


@dataclass(frozen=True, eq=False)
class Result:
    """One set."""

    scored: Scored
    notes: tuple[str, ...]


def _paths(text: str) -> list[str]:
    from seesawnas.errors import InvalidInput

    paths = [path for path in (part.strip() for part in text.split(",")) if path]
    if not paths:
        raise InvalidInput("--pairs must name a verification set, got nothing")
    return paths


def _result(model: FaceModel, path: str, how: How) -> Result:
    import numpy as np

    from seesawnas.evaluation import evaluate
    from seesawnas.report.verification_page import Scored

    read = _pairs if how.templates is None else _templates
    name, embeddings, pairs, known, notes = read(model, path, how)
    resamples = how.resamples if len(pairs) <= MOST_RESAMPLED else 0
    evaluation = evaluate(embeddings, pairs, how.protocol, **known, resamples=resamples, seed=how.seed)
    if resamples < how.resamples:
        notes += (f"no intervals: more than {MOST_RESAMPLED:,} pairs",)
    if evaluation.one_sided_folds:
        notes += (f"folds that hold pairs of one kind alone: {evaluation.one_sided_folds} of {evaluation.folds}",)
    distances = np.asarray(how.protocol.distances(embeddings, pairs))
    return Result(Scored(name, distances, pairs.same, evaluation), notes)


def _pairs(model: FaceModel, path: str, how: How) -> Embedded:
    from seesawnas.data import read_pairs
    from seesawnas.evaluation import Pairs

    found = read_pairs(path, images=how.images, resolution=model.resolution)
    embeddings, readable = embed_shown(model, found.pictures, found.name, flip=how.flip, batch_size=how.batch_size)
    kept = found.without(readable)
    known = {"folds": kept.folds, "people": kept.people}
    return found.name, embeddings, Pairs(kept.left, kept.right, kept.same), known, kept.notes


def _templates(model: FaceModel, path: str, how: How) -> Embedded:
    """Pairs of templates, each one embedding made of those of its pictures."""
    from seesawnas.data import read_templates
    from seesawnas.evaluation import template_pairs

    assert how.templates is not None
    found = read_templates(path, how.templates, how.images, resolution=model.resolution)
    embeddings, readable = embed_shown(model, found.pictures, found.name, flip=how.flip, batch_size=how.batch_size)
    rows, pairs = template_pairs(found, embeddings, readable)
    notes = found.notes + found.pictures.unreadable_notes(readable)
    if len(pairs) < len(found.same):
        notes += (f"pairs left out for them: {len(found.same) - len(pairs):,} of {len(found.same):,}",)
    return found.name, rows, pairs, {}, notes


def to_mapping(model: FaceModel, result: Result, how: How) -> dict[str, Any]:
    """A set's result as --json prints it; keys are only ever added."""
    found = result.scored.evaluation
    return {
        "model": model.name,
        "set": result.scored.name,
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
        "bootstrap": {"level": 0.95, "draws": how.resamples, "of": found.resampled, "seed": how.seed},
        "notes": list(result.notes),
    }
