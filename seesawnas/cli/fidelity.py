"""``seesawnas fidelity``: how well cheap proxies rank networks."""

from __future__ import annotations

import json as json_module
import signal
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from seesawnas.cli.options import complete_ref
from seesawnas.files import write_atomically

if TYPE_CHECKING:
    from seesawnas.search.panel import PanelRow, PanelSession


def fidelity(
    budget: Annotated[str, typer.Option(metavar="MADDS", help="Band of MAdds, such as 120M..150M.")],
    study: Annotated[str, typer.Option(metavar="NAME", help="Folder under runs/.")] = "fidelity",
    space: Annotated[
        str, typer.Option(metavar="REF", autocompletion=complete_ref, help="Search space: a YAML file or shipped name.")
    ] = "seesaw",
    data: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Folder of identities. Without it: small default faces.")
    ] = None,
    networks: Annotated[int, typer.Option(metavar="N", help="Networks, drawn uniformly within the budget.")] = 40,
    levels: Annotated[
        str, typer.Option(metavar="LIST", help="EPOCHSxPIXELS[:SHARE of the people], the reference first.")
    ] = "8x56,8x32,3x56",
    seeds: Annotated[int, typer.Option(metavar="K", help="Trainings of each network at each level.")] = 2,
    workers: Annotated[int, typer.Option(metavar="N", help="Trials at a time; they share the cores.")] = 2,
    seed: Annotated[int, typer.Option(metavar="S", help="Seeds networks, people and pairs.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False,
) -> None:
    """Measure how well cheap proxies rank the networks of a budget. The same command goes on where it was stopped."""
    from seesawnas.cost import Budget
    from seesawnas.search.panel import Level, Panel, opened
    from seesawnas.study import Proxy

    panel = Panel(
        budget=Budget.parse(budget),
        study=study,
        levels=tuple(Level.parse(text) for text in levels.split(",")),
        networks=networks,
        seeds=seeds,
        space=space,
        data=None if data is None else str(data),
        workers=workers,
        seed=seed,
        proxy=Proxy.for_data(data),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with opened(panel) as session:
        stopped = _watch(session, Console(stderr=True))
        rows = session.rows()
        write_atomically(panel.folder / "measurements.jsonl", "".join(json_module.dumps(_flat(r)) + "\n" for r in rows))
    if stopped:
        raise typer.Exit(130)
    if json:
        typer.echo(json_module.dumps({"rows": len(rows)}))


def _watch(session: PanelSession, screen: Console) -> bool:
    from seesawnas.cli.progress import say
    from seesawnas.study import Failed, Finished, Lost

    wanted, ended = session.panel.size, len(session.rows())
    say(screen, f"Study    {session.panel.folder}: {ended} of {wanted} trials finished before")
    try:
        with closing(session.run()) as events:
            for event in events:
                if isinstance(event, Finished):
                    ended += 1
                    scores = event.measurement.scores
                    what = f"accuracy {scores.accuracy:.4f}  AUC {scores.auc:.4f}  {event.measurement.seconds:.0f} s"
                    say(screen, f"trial {event.number:3d}  {what}  [{ended}/{wanted}]")
                elif isinstance(event, Failed | Lost):
                    say(screen, f"trial {event.number:3d}  {event.reason}")
    except KeyboardInterrupt:
        return True
    return False


def _flat(row: PanelRow) -> dict[str, Any]:
    values = asdict(row)
    return {**values, **values.pop("measurement")}
