"""``seesawnas eval``: a trained network on verification sets."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.model_options import (
    BatchSize,
    BlueFirst,
    Device,
    Flip,
    Models,
    NormaliseEach,
    Output,
    Untrained,
    embed_shown,
    model_names,
    open_models,
    print_notes,
)
from seesawnas.cli.options import Json
from seesawnas.errors import InvalidInput

if TYPE_CHECKING:
    from seesawnas.device.latency.measuring import TimedModels
    from seesawnas.evaluation import FaceModel, HowToVerify, VerifiedSet
    from seesawnas.evaluation.comparison import ComparedModel, ComparedSet


def evaluate(
    models: Models,
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
    normalise: NormaliseEach = None,
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
    latency: Annotated[
        str | None,
        typer.Option(
            metavar="RUNTIME",
            help="Also measure how long the models take, side by side, as `seesawnas latency` does "
            "with its defaults: onnxruntime, openvino, ncnn, executorch or torch.",
            show_default=False,
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write ROC curves and score histograms as an HTML page."),
    ] = None,
    json: Json = False,
) -> None:
    """Verify pairs of faces with trained networks.

    Reported are accuracy over ten folds, AUC, EER, TAR@FAR and thresholds; of several models also
    params, MAdds and file sizes, and the differences to the first model on the same pairs.

    A rate is shown as "not resolvable" if less than one impostor pair would be accepted at it.
    """
    from seesawnas.device.latency.protocol import check_halves
    from seesawnas.evaluation import HowToVerify, find_protocol

    wanted = find_protocol(protocol)
    how = HowToVerify(images, templates, wanted, flip, batch_size, resamples, seed, embed_shown)
    sets = _paths(pairs)
    opened = open_models(models, normalise or [], bgr, output, device, untrained)
    timed = None if latency is None else _time_models(models, opened, latency)
    for one in opened:
        print_notes(one)
    if len(opened) == 1:
        _evaluate_one(opened[0], sets, how, html, timed, json)
    else:
        _compare(models, opened, sets, how, html, timed, json)
    if timed is not None:
        check_halves(timed.latencies)


def _evaluate_one(
    model: FaceModel,
    sets: list[str],
    how: HowToVerify,
    html: Path | None,
    timed: TimedModels | None,
    json: bool,
) -> None:
    from seesawnas.cli.views.evaluation import print_evaluations, print_latency
    from seesawnas.cli.views.output import print_json
    from seesawnas.evaluation import verify_set

    found = [verify_set(model, path, how) for path in sets]
    if html is not None:
        from seesawnas.report.plots.verification import verification_html

        _write(html, verification_html(found, how.protocol, title=model.name))
    if json:
        more = {} if timed is None else {"latency": {**_ms(timed, 0), **timed.about()}}
        values = [{**_values(model, one, how), **more} for one in found]
        print_json(values[0] if len(values) == 1 else values)
    else:
        print_evaluations(model, found, how)
        if timed is not None:
            print_latency(timed)
        _tell(html)


def _compare(
    paths: list[Path],
    models: list[FaceModel],
    sets: list[str],
    how: HowToVerify,
    html: Path | None,
    timed: TimedModels | None,
    json: bool,
) -> None:
    from seesawnas.cli.views.evaluation import print_comparison
    from seesawnas.cli.views.output import print_json
    from seesawnas.evaluation import verify_set
    from seesawnas.evaluation.comparison import ComparedModel, ComparedSet
    from seesawnas.evaluation.models.facts import model_facts

    names = model_names(paths, models)
    compared = [
        ComparedModel(name, str(path), model, model_facts(path))
        for name, path, model in zip(names, paths, models, strict=True)
    ]
    found = [ComparedSet([verify_set(model, path, how) for model in models]) for path in sets]
    if html is not None:
        from seesawnas.report.plots.verification import comparison_html

        _write(html, comparison_html(names, [one.verified for one in found], how.protocol))
    if json:
        print_json(_comparison_values(compared, found, how, timed))
    else:
        print_comparison(compared, found, how, timed)
        _tell(html)


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


def _comparison_values(
    models: list[ComparedModel],
    sets: list[ComparedSet],
    how: HowToVerify,
    timed: TimedModels | None,
) -> dict[str, Any]:
    """Several models' results as --json prints them; keys are only ever added."""
    about = [
        {
            "model": one.name,
            "path": one.path,
            "params": one.facts.params,
            "madds": one.facts.madds,
            "bytes": one.facts.size,
            "input": [*one.model.size],
            "latency": None if timed is None else _ms(timed, place),
        }
        for place, one in enumerate(models)
    ]
    results = [
        {
            **_values(one.model, verified, how),
            "model": one.name,
            "difference": difference and {k: v and asdict(v) for k, v in difference.items()},
        }
        for compared in sets
        for one, verified, difference in zip(
            models, compared.verified, compared.differences, strict=True
        )
    ]
    return {
        "models": about,
        "results": results,
        "differences_to": models[0].name,
        "timing": None if timed is None else timed.about(),
    }


def _ms(timed: TimedModels, place: int) -> dict[str, Any]:
    return timed.latencies[place].to_mapping()


def _write(html: Path, page: str) -> None:
    from seesawnas.io.files import write_atomically

    write_atomically(html, page)


def _tell(html: Path | None) -> None:
    if html is not None:
        from seesawnas.cli.views.output import print_lines

        print_lines(f"wrote {html}")


def _paths(text: str) -> list[str]:
    """The verification sets, which are all there.

    Raises:
        InvalidInput: If there are none; with a line for each that is not there.
    """
    from seesawnas.evaluation.benchmark import check_sets

    paths = [path for path in (part.strip() for part in text.split(",")) if path]
    if not paths:
        raise InvalidInput("--pairs must name a verification set, got nothing")
    check_sets(paths)
    return paths


def _time_models(paths: list[Path], models: list[FaceModel], runtime: str) -> TimedModels:
    """How long the models take, measured side by side before they are evaluated."""
    import tempfile

    from seesawnas.cli.views.device import rounds_shown, steps_shown
    from seesawnas.device.latency.measuring import NetworkTimer, time_models
    from seesawnas.device.latency.prepare import model_file
    from seesawnas.device.latency.runtimes import check_runtime

    check_runtime(runtime, "--latency")
    timer = NetworkTimer.open(runtime)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        with steps_shown() as say:
            for number, (path, model) in enumerate(zip(paths, models, strict=True)):
                say(f"writing {path} for {runtime}")
                place = Path(folder) / str(number)
                place.mkdir()
                files.append(
                    model_file(str(path), runtime, place, option="--latency", size=model.size)
                )
        return rounds_shown(time_models(timer, files))
