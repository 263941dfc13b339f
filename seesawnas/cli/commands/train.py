"""``seesawnas train``."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from seesawnas.cli.options import Json, PointRef, StudyStorage, takes_options
from seesawnas.cli.views.output import print_json
from seesawnas.errors import TrialError
from seesawnas.io.terminal import only_shown
from seesawnas.study import find_network
from seesawnas.train.full.plan import TrainPlan

_AT_ONCE = 2.0  # seconds


@takes_options(TrainPlan, whole=True)
def train(ref: PointRef, storage: StudyStorage = None, json: Json = False, **given: Any) -> None:
    """Train a network on face images with a recipe.

    Run the same command again to resume after Ctrl-C or a crash.

    To use several GPUs: torchrun --nproc-per-node 4 -m seesawnas train ...
    """
    _carry_out(_plan(ref, given, storage), json)


def _plan(ref: str, given: dict[str, Any], storage: str | None = None) -> TrainPlan:
    from seesawnas.plan.documents import plan_of_options

    return plan_of_options(TrainPlan, {"spec": find_network(ref, storage).spec, **given})


def _carry_out(plan: TrainPlan, json: bool) -> None:
    from seesawnas.cli.views.training import announce, show_result, watch
    from seesawnas.train.full import Completed, opened

    opening = opened(plan)  # Ctrl-C still interrupts here: to list many faces takes long
    only_shown()
    with _polite_end() as stopped, opening as session:
        screen = announce(plan, session)
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
    return (
        f"the last good checkpoint is kept in {checkpoints}"
        if is_kept
        else "there is no checkpoint yet"
    )


@contextmanager
def _polite_end() -> Iterator[list[float]]:
    """A list of the times at which Ctrl-C, or SIGTERM, came.

    So the step under way can be finished; a later signal interrupts.
    """
    asked: list[float] = []

    def note(number: int, _: Any) -> None:
        # At once a second time: the terminal tells all its processes, and torchrun tells each of
        # its own again.
        if asked and time.monotonic() - asked[0] > _AT_ONCE:
            raise KeyboardInterrupt
        asked.append(time.monotonic())

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
