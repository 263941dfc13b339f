"""``seesawnas fidelity``: how well cheap proxies rank networks."""

from __future__ import annotations

import json as json_module
import signal
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.options import Json, complete_ref, takes_options
from seesawnas.cli.views.compiling import compiling_shown
from seesawnas.cli.views.output import console, print_json, table
from seesawnas.cli.views.output import screen as shown_screen
from seesawnas.errors import StudyError
from seesawnas.io.files import write_atomically
from seesawnas.io.terminal import only_shown
from seesawnas.study.plan.options import EnginePlan
from seesawnas.text import several

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.console import Console

    from seesawnas.analysis.fidelity.agreement import Agreement, Noise
    from seesawnas.analysis.fidelity.level import Level
    from seesawnas.analysis.fidelity.panel import Panel, PanelSession

MEASUREMENTS = "measurements.jsonl"
LEVELS = "8x56,8x32,3x56"


@takes_options(EnginePlan)
def fidelity(
    budget: Annotated[
        str | None, typer.Option(metavar="MADDS", help="Band of MAdds, such as 120M..150M.", show_default="none")
    ] = None,
    study: Annotated[str, typer.Option(metavar="NAME", help="Folder under runs/.")] = "fidelity",
    space: Annotated[
        str, typer.Option(metavar="REF", autocompletion=complete_ref, help="Search space: a YAML file or shipped name.")
    ] = "seesaw",
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Folder of identities, or with train.rec; or a .rec. Without it: small default faces."
        ),
    ] = None,
    networks: Annotated[int, typer.Option(metavar="N", help="Networks, drawn uniformly within the budget.")] = 40,
    levels: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="EPOCHSxPIXELS[:SHARE of the people], the reference first.",
            show_default=f"{LEVELS}; of measurements alone, the costliest is the reference",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="K", help="Trainings of each network at each level.")] = 2,
    seed: Annotated[int, typer.Option(metavar="S", help="Seeds networks, people and pairs.")] = 0,
    score: Annotated[str, typer.Option(metavar="NAME", help="What ranks: accuracy, auc, separation ...")] = "auc",
    measurements: Annotated[
        list[Path] | None,
        typer.Option(
            "--measurements",
            metavar="FILE",
            help="Measurements made before: taken in, or, without a budget, judged. Repeatable.",
        ),
    ] = None,
    json: Json = False,
    **given: Any,
) -> None:
    """Measure how well cheap proxies rank the networks of a budget. The same command goes on where it was stopped.

    Every network is trained at every level from every seed; Kendall's tau says how far a level, after each epoch, orders
    them as the first level does from other seeds, where there are any. MAdds and params are the baselines that a proxy must
    beat.
    """
    from seesawnas.evaluation.metrics import METRICS
    from seesawnas.study.plan.settings import engine_of

    if score not in METRICS:
        raise StudyError(f"--score must be one of {', '.join(METRICS)}, got {score}")
    known = [line for path in measurements or () for line in _lines(path)]
    settings = engine_of(given)
    if budget is None:
        if measurements and not known:
            raise StudyError(f"{measurements[0]}: must hold measurements, got none")
        if not known:
            raise StudyError("--budget must be given, such as 120M..150M, unless --measurements are")
        _judge(known, None if levels is None else str(_levels(levels)[0]), None, score, json)
        return
    panel = _panel(
        budget=budget,
        study=study,
        levels=levels or LEVELS,
        networks=networks,
        seeds=seeds,
        space=space,
        data=None if data is None else str(data),
        engine=settings,
        seed=seed,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    only_shown()
    with compiling_shown(), opened_panel(panel) as session:
        stopped = _watch(session, known, shown_screen())
        lines = [json_module.dumps(row.to_mapping()) for row in session.rows()]
    write_atomically(panel.folder / MEASUREMENTS, "".join(line + "\n" for line in lines), within=panel.folder)
    if stopped:
        raise typer.Exit(130)
    _judge(_lines(panel.folder / MEASUREMENTS), str(panel.levels[0]), panel.folder, score, json)


def _panel(*, budget: str, levels: str, data: str | None, **rest: Any) -> Panel:
    from seesawnas.analysis.fidelity.panel import Panel
    from seesawnas.cost import Budget
    from seesawnas.study import Proxy

    return Panel(budget=Budget.parse(budget), levels=_levels(levels), data=data, proxy=Proxy.for_data(data), **rest)


def _levels(text: str) -> tuple[Level, ...]:
    from seesawnas.analysis.fidelity.level import Level

    return tuple(Level.parse(part) for part in text.split(","))


def opened_panel(panel: Panel) -> AbstractContextManager[PanelSession]:
    """``panel``, held and ready to run."""
    from seesawnas.analysis.fidelity.panel import opened

    return opened(panel)


def _lines(path: Path) -> list[dict[str, Any]]:
    from seesawnas.analysis.fidelity.measurements import read_measurements

    try:
        return read_measurements(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _judge(lines: list[dict[str, Any]], reference: str | None, folder: Path | None, score: str, json: bool) -> None:
    from seesawnas.analysis.fidelity.agreement import agreements, noises, reference_level
    from seesawnas.analysis.fidelity.measurements import PanelRow
    from seesawnas.evaluation.metrics import METRICS
    from seesawnas.report.plots.fidelity import fidelity_html

    rows = [PanelRow.from_mapping(line) for line in lines]
    reference = reference_level(rows, reference)
    found, noise = agreements(rows, score, reference), noises(rows, list(METRICS))
    result = {
        "score": score,
        "reference": reference,
        "agreements": [asdict(agreement) for agreement in found],
        "noise": [asdict(one) for one in noise],
    }
    if folder is not None:
        write_atomically(folder / "fidelity.json", json_module.dumps(result, indent=2) + "\n", within=folder)
        html = fidelity_html(found, title=folder.name, reference=reference, score=METRICS[score].title)
        write_atomically(folder / "fidelity.html", html, within=folder)
    if json:
        print_json(result)
    else:
        _show(found, noise, reference, folder)


def _show(found: list[Agreement], noise: list[Noise], reference: str, folder: Path | None) -> None:
    screen = console()
    rows = [
        (
            agreement.reading + (" (same run)" if agreement.same_run else ""),
            agreement.networks,
            f"{agreement.tau:.3f}",
            f"{agreement.low:.3f} .. {agreement.high:.3f}",
            agreement.reference_seeds,
            f"{agreement.seconds:.0f}" if agreement.seconds else "-",
            f"{agreement.tau / agreement.seconds * 60:.3f}" if agreement.seconds else "-",
        )
        for agreement in sorted(found, key=lambda agreement: agreement.seconds)
    ]
    columns = ("reading", ">networks", ">tau", ">95 % interval", ">reference seeds", ">seconds", ">tau a minute")
    title = f"Kendall's tau with {reference}, from other seeds where there are any"
    screen.print(table(columns, rows, title, spare=("tau a minute",)))
    if noise:
        rows_of_noise = [
            (n.level, n.score, n.networks, n.seeds, f"{n.between:.4f}", f"{n.within:.4f}", f"{n.reliability:.2f}")
            for n in noise
        ]
        names = ("level", "score", ">networks", ">seeds", ">between networks", ">between seeds", ">reliability")
        about = "Standard deviations, and the share that is the network's"
        screen.print(table(names, rows_of_noise, about, keys=2))
    for path in ("fidelity.html", "fidelity.json", MEASUREMENTS) if folder is not None else ():
        screen.print(f"{folder}/{path}", soft_wrap=True)


def _watch(session: PanelSession, known: list[dict[str, Any]], screen: Console) -> bool:
    from seesawnas.cli.views.progress import say
    from seesawnas.study import Failed, Finished, Lost

    wanted, ended = session.panel.size, len(session.rows())
    say(screen, f"Study    {session.panel.folder}: {ended} of {several(wanted, 'trial')} finished before")
    try:
        with closing(session.run(known)) as events:
            for event in events:
                if isinstance(event, Finished):
                    ended += 1
                    scores = event.measurement.scores
                    what = f"accuracy {scores.accuracy:.4f}  AUC {scores.auc:.4f}  {event.measurement.seconds:.0f} s"
                    say(screen, f"trial {event.number:3d}  {what}  [{ended}/{wanted}]")
                elif isinstance(event, Failed | Lost):
                    say(screen, f"trial {event.number:3d}  {event.reason}")
    except KeyboardInterrupt:
        say(screen, "Stopped; the same command goes on")
        return True
    return False
