"""``seesawnas search``: an Optuna study of proxy-trained networks under a hard budget."""

from __future__ import annotations

import json as json_module
import re
import signal
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seesawnas.cli.options import complete_ref
from seesawnas.cli.output import console
from seesawnas.cost import Budget
from seesawnas.files import write_atomically
from seesawnas.units import format_quantity

if TYPE_CHECKING:
    from seesawnas.report.outcome import Outcome
    from seesawnas.search import SearchPlan

DEFAULT_TRIALS = 12


def search(
    budget: Annotated[
        str, typer.Option(metavar="BUDGET", help="MAdds ceiling, 150M, or band, 140M..150M; or '150M, params<=1.5M'.")
    ],
    space: Annotated[
        str,
        typer.Option(metavar="REF", autocompletion=complete_ref, help="Search space: a YAML file or a shipped name."),
    ] = "seesaw",
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

    proxy = Proxy.for_data(data, seed=seed)
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
    from seesawnas.cli.progress import say, watch
    from seesawnas.report.outcome import outcome_of, summary_of
    from seesawnas.search import opened

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite end is the same as Ctrl-C: nothing lost
    screen = Console(stderr=True)
    with opened(plan) as session:
        stopped = watch(session, screen)
        outcome = outcome_of(session.record)
        summary = summary_of(outcome, study=plan.folder.name, settings=_settings(plan))
        files = _write(plan, outcome, summary)
    if json:
        typer.echo(json_module.dumps({**summary, "files": files}))
    else:
        _show(console(), plan, outcome, files)
    if stopped:
        say(screen, f"Stopped with {summary['finished']} of {plan.trials} trials finished; the same command goes on.")
        raise typer.Exit(130)
    if outcome.best is None:
        say(screen, f"No trial is complete: all {len(outcome.failed)} failed.")
        raise typer.Exit(1)


def _settings(plan: SearchPlan) -> dict[str, Any]:
    return {
        "budget": plan.budget.setting(),
        "space": plan.space,
        "data": plan.data,
        "trials": plan.trials,
        "epochs": plan.proxy.recipe.epochs,
        "resolution": plan.proxy.resolution,
        "seed": plan.proxy.seed,
    }


def _write(plan: SearchPlan, outcome: Outcome, summary: dict[str, Any]) -> dict[str, str]:
    """Write the files to go on with; returns what each is, by name."""
    from seesawnas.report.outcome import best_yaml, write_plot

    files = {"summary": plan.folder / "summary.json"}
    if outcome.best is not None:
        files |= {"best": plan.folder / "best.yaml", "plot": plan.folder / "pareto.html"}
        write_atomically(files["best"], best_yaml(outcome, plan.folder.name))
        write_plot(files["plot"], outcome, title=plan.folder.name, budget=plan.budget)
    write_atomically(files["summary"], json_module.dumps(summary, indent=2) + "\n")
    return {name: str(path) for name, path in files.items()}


def _show(screen: Console, plan: SearchPlan, outcome: Outcome, files: dict[str, str]) -> None:
    from seesawnas.cli.progress import say

    if outcome.rows:
        screen.print(_ranking(outcome))
        front = ", ".join(f"{100 * r.accuracy:.2f} % at {format_quantity(r.madds)}" for r in outcome.front)
        say(screen, f"Pareto front (accuracy at MAdds): {front}")
    say(screen, *(f"trial {number} ({digest}) failed: {reason}" for number, digest, reason in outcome.failed))
    say(screen, "", "Files:", *(f"  {path}" for path in files.values()))
    if outcome.best is not None:
        best, out, name = map(quote, (files["best"], str(plan.folder / "best"), f"{plan.study}:best"))
        drawing = quote(str(plan.folder / "best.svg"))
        missing = "" if find_spec("optuna_dashboard") else "    # after: pip install optuna-dashboard"
        shown = f"dashboard {quote(plan.study)}{missing}"
        nexts = f"build {best} --out {out}", f"build {name} --diagram {drawing}", shown
        say(screen, "Next:", *(f"  seesawnas {words}" for words in nexts))


def _ranking(outcome: Outcome) -> Table:
    table = Table(title="Ranked by verification accuracy, then AUC", title_justify="left", box=SIMPLE_HEAD)
    for name in ("rank", "trial", "network", "accuracy", "AUC", "MAdds", "params"):
        table.add_column(name, justify="left" if name == "network" else "right", no_wrap=True)
    front = {row.number for row in outcome.front}
    for rank, row in enumerate(outcome.rows, start=1):
        network = row.digest + (" *" if row.number in front else "") + (f"\n{row.name}" if row.name else "")
        accuracy = f"{100 * row.accuracy:.2f} ± {100 * row.std:.2f} %"
        counts = format_quantity(row.madds), format_quantity(row.params)
        table.add_row(str(rank), str(row.number), Text(network), accuracy, f"{row.auc:.4f}", *counts)
    table.caption = "* on the Pareto front of accuracy and MAdds; ± is the standard deviation over folds"
    table.caption_justify = "left"
    return table


def _default_name(budget: str, data: Path | None) -> str:
    parts = ["search", budget] + ([data.resolve().name] if data else [])
    return "_".join(re.sub(r"[^a-z0-9]+", "_", part.lower()).strip("_") for part in parts)
