"""``seesawnas search``: an Optuna study of proxy-trained networks under a hard budget."""

from __future__ import annotations

import json as json_module
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from seesawnas.cost import Budget

if TYPE_CHECKING:

    from seesawnas.search import SearchPlan

DEFAULT_TRIALS = 12


def search(
    budget: Annotated[str, typer.Option(help="MAdds ceiling such as 150M, or a band such as 140M..150M.")],
    space: Annotated[str, typer.Option(metavar="REF", help="Search space: a YAML file or a shipped name.")] = "seesaw",
    data: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Folder of identities. Without it: small default faces.")
    ] = None,
    trials: Annotated[int, typer.Option(metavar="N", help="Finished trials the study shall hold.")] = DEFAULT_TRIALS,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="Epochs of proxy training a trial.")] = None,
    resolution: Annotated[int | None, typer.Option(metavar="R", help="Side of the proxy's input in pixels.")] = None,
    workers: Annotated[int, typer.Option(metavar="N", help="Trials at a time; they share the cores.")] = 2,
    seed: Annotated[int, typer.Option(metavar="S", help="Seeds proposals, people, training and pairs.")] = 0,
    study: Annotated[
        str | None, typer.Option(metavar="NAME", help="Folder under runs/. Default: after budget and data.")
    ] = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Optuna storage, such as sqlite:///x.db. Default: a journal file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON on standard output.")] = False,
) -> None:
    """Search for networks under a hard MAdds budget, by proxy trials in a resumable Optuna study.

    The same command goes on where it was stopped, by Ctrl-C or worse.
    """
    from seesawnas.search import SearchPlan
    from seesawnas.study import Proxy

    proxy = Proxy(seed=seed)
    proxy = proxy if epochs is None else proxy.with_epochs(epochs)
    proxy = proxy if resolution is None else proxy.with_resolution(resolution)
    plan = SearchPlan(
        budget=Budget.parse(budget),
        study=study or _default_name(budget, data),
        space=space,
        data=None if data is None else str(data),
        trials=trials,
        workers=workers,
        proxy=proxy,
        storage=storage,
    )
    _carry_out(plan, json)


def _carry_out(plan: SearchPlan, json: bool) -> None:
    from seesawnas.search.result import result_of

    from seesawnas.cli.progress import watch
    from seesawnas.search import opened
    from seesawnas.study import storage_url

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite end is the same as Ctrl-C: nothing lost
    screen = Console(stderr=True)
    with opened(plan) as session:
        stopped = watch(session, screen)
        result = result_of(session.record)
        summary = _write(plan, session, result, storage_url(plan.storage, plan.folder))
    if json:
        typer.echo(json_module.dumps(summary))
    else:
        _show(Console(), plan, result, summary)
    if stopped:
        screen.print(f"Stopped; nothing is lost. The same command goes on: {summary['trials']['finished']} finished.")
        raise typer.Exit(130)


def _default_name(budget: str, data: Path | None) -> str:
    parts = ["search", budget] + ([data.resolve().name] if data else [])
    return "_".join(re.sub(r"[^a-z0-9]+", "_", part.lower()).strip("_") for part in parts)
