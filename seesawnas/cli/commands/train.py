"""``seesawnas train``."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from seesawnas.cli.options import MAX_SEED, Json, PointRef, find_network
from seesawnas.cli.views.output import print_json
from seesawnas.errors import RunError, TrialError
from seesawnas.io.terminal import only_shown
from seesawnas.units import parse_duration

if TYPE_CHECKING:
    from seesawnas.train import Recipe
    from seesawnas.train.full import TrainPlan

_AT_ONCE = 2.0  # seconds
HOW, WHERE = "How it is trained", "Where it runs"


def _option(name: str, metavar: str, panel: str, text: str, **more: Any) -> Any:
    return typer.Option(name, metavar=metavar, rich_help_panel=panel, help=text, **more)


def train(
    ref: PointRef,
    data: Annotated[
        str, typer.Option("--data", metavar="PATH", help="Faces to train on: a folder with a sub-folder a person.")
    ],
    recipe: Annotated[
        str, _option("--recipe", "REF", HOW, "A shipped recipe, paper or small, or a YAML file.")
    ] = "paper",
    epochs: Annotated[
        int | None, _option("--epochs", "N", HOW, "Epochs.", min=1, max=100_000, show_default="the recipe's")
    ] = None,
    batch_size: Annotated[
        int | None,
        _option(
            "--batch-size",
            "N",
            HOW,
            "Images per step, over all processes.",
            min=2,
            max=1_000_000,
            show_default="the recipe's",
        ),
    ] = None,
    resolution: Annotated[
        int | None,
        _option(
            "--resolution",
            "R",
            HOW,
            "Longer side of the input in pixels.",
            min=8,
            max=4096,
            show_default="the network's",
        ),
    ] = None,
    seed: Annotated[int, _option("--seed", "S", HOW, "Seeds weights and order.", min=0, max=MAX_SEED)] = 0,
    precision: Annotated[str, _option("--precision", "NAME", HOW, "fp32, bf16 or fp16.")] = "fp32",
    accumulate: Annotated[
        int, _option("--accumulate", "N", HOW, "Pieces that a batch is computed in, to fit memory.", min=1, max=10_000)
    ] = 1,
    val: Annotated[
        str, _option("--val", "FILES", HOW, "Verification sets to score on after every epoch: lfw.bin,cfp_fp.bin.")
    ] = "",
    out: Annotated[
        Path | None, _option("--out", "DIR", WHERE, "Folder of the training.", show_default="runs/train_NAME")
    ] = None,
    workers: Annotated[
        int | None,
        _option(
            "--workers", "N", WHERE, "Processes that read pictures.", min=0, max=1024, show_default="as many as fit"
        ),
    ] = None,
    device: Annotated[
        str | None, _option("--device", "NAME", WHERE, "cpu, cuda or cuda:1.", show_default="a GPU where there is one")
    ] = None,
    save_every: Annotated[
        str, _option("--save-every", "T", WHERE, "Time between two checkpoints; one follows each epoch, too.")
    ] = "10m",
    json: Json = False,
) -> None:
    """Train a network on faces, by a recipe. The same command goes on where it was stopped, by Ctrl-C or worse.

    torchrun starts it on several GPUs: torchrun --nproc-per-node 4 -m seesawnas train ...
    """
    from seesawnas.data import open_source

    changes = {"epochs": epochs, "batch_size": batch_size}
    chosen = _recipe(recipe, {name: value for name, value in changes.items() if value is not None})
    about = {"seed": seed, "workers": workers, "device": device, "parts": accumulate, "precision": precision}
    plan = _plan(ref, chosen, resolution, out, benchmarks=_paths(val), **about, save=save_every)
    _carry_out(plan, open_source(data), json)


def _paths(text: str) -> tuple[str, ...]:
    return tuple(path for path in (part.strip() for part in text.split(",")) if path)


def _recipe(ref: str, changes: dict[str, Any]) -> Recipe:
    from seesawnas.train import read_recipe

    return replace(read_recipe(ref), **changes)


def _plan(ref: str, recipe: Recipe, resolution: int | None, out: Path | None, *, save: str, **rest: Any) -> TrainPlan:
    from seesawnas.io.files import expanded
    from seesawnas.train import Precision
    from seesawnas.train.full import TrainPlan, default_folder

    if rest["precision"] not in get_args(Precision):
        raise RunError(f"--precision must be one of {', '.join(get_args(Precision))}, got {rest['precision']}")
    try:
        seconds = parse_duration(save)
    except ValueError as error:
        raise RunError(f"--save-every {error}") from None
    spec = find_network(ref).spec
    folder = default_folder(spec.name or spec.digest()) if out is None else expanded(out)
    spec = spec if resolution is None else spec.at_side(resolution)
    return TrainPlan(spec, recipe, folder, save_seconds=seconds, **rest)


def _carry_out(plan: TrainPlan, source: Any, json: bool) -> None:
    from seesawnas.cli.views.training import announce, show_result, watch
    from seesawnas.train.full import Completed, opened

    only_shown()
    with _polite_end() as stopped, opened(plan, source) as session:
        screen = announce(plan, source, session)
        try:
            last = watch(session, screen, lambda: bool(stopped))
        except TrialError as error:
            screen.print(f"Stopped: {error}; {_left(plan.folder / 'checkpoints')}", soft_wrap=True)
            raise typer.Exit(1) from None
    if not isinstance(last, Completed):
        raise typer.Exit(130)
    if session.team.rank == 0:
        if json:
            print_json({**last.about, "files": list(map(str, last.files))})
        else:
            show_result(plan, last)


def _left(checkpoints: Path) -> str:
    is_kept = any(checkpoints.glob("*.safetensors"))
    return f"the last good checkpoint is kept in {checkpoints}" if is_kept else "there is no checkpoint yet"


@contextmanager
def _polite_end() -> Iterator[list[float]]:
    """When Ctrl-C, or SIGTERM, came is put into the list, for the step under way to be finished; a later one interrupts."""
    asked: list[float] = []

    def note(number: int, _: Any) -> None:
        # At once a second time: the terminal tells all its processes, and torchrun tells each of its own again.
        if asked and time.monotonic() - asked[0] > _AT_ONCE:
            raise KeyboardInterrupt
        asked.append(time.monotonic())

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
