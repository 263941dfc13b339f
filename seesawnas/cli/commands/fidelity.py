"""``seesawnas fidelity``: how well cheap proxies rank networks."""

from __future__ import annotations

import json as json_module
import signal
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from seesawnas.analysis.fidelity.plan import FidelityPlan, plan_of
from seesawnas.cli.options import Json, takes_options
from seesawnas.cli.views.compiling import compiling_shown
from seesawnas.cli.views.output import console, print_json, table
from seesawnas.cli.views.output import screen as shown_screen
from seesawnas.errors import StudyError
from seesawnas.io.files import write_atomically
from seesawnas.io.terminal import only_shown
from seesawnas.text import several

if TYPE_CHECKING:
    from rich.console import Console

    from seesawnas.analysis.fidelity.agreement import Agreement, Noise
    from seesawnas.analysis.fidelity.measurements import PanelRow
    from seesawnas.analysis.fidelity.panel import FidelitySession

MEASUREMENTS = "measurements.jsonl"


@takes_options(FidelityPlan, whole=True)
def fidelity(json: Json = False, **given: Any) -> None:
    """Measure how well cheap proxies rank networks within a budget.

    Run the same command again to resume, or give --study alone: the study keeps its settings.

    Every network is trained at every fidelity level with every seed. For each level and epoch,
    Kendall's tau compares its ranking with that of the first (reference) level, using other seeds
    if there are any. Rankings by MAdds and by params are shown as baselines.
    """
    plan = _plan(given)
    known = [line for path in plan.measurements for line in _lines(Path(path))]
    if plan.budget is not None:
        _carry_out(plan, known, json)
    elif known:
        _judge(plan, known, None, json)
    else:
        raise StudyError(f"{plan.measurements[0]}: must hold measurements, got none")


def _plan(given: dict[str, Any]) -> FidelityPlan:
    if "budget" in given or "measurements" in given or "study" not in given:
        return plan_of(given)
    from seesawnas.study.library.files import started_study

    return plan_of(given, started_study(given))


def _carry_out(plan: FidelityPlan, known: list[dict[str, Any]], json: bool) -> None:
    from seesawnas.analysis.fidelity.panel import opened

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    only_shown()
    with compiling_shown(), opened(plan) as session:
        stopped = _watch(session, known, shown_screen())
        lines = [json_module.dumps(row.to_mapping()) for row in session.rows()]
    write_atomically(
        plan.folder / MEASUREMENTS, "".join(line + "\n" for line in lines), within=plan.folder
    )
    if stopped:
        raise typer.Exit(130)
    _judge(plan, _lines(plan.folder / MEASUREMENTS), plan.folder, json)


def _lines(path: Path) -> list[dict[str, Any]]:
    from seesawnas.analysis.fidelity.measurements import read_measurements

    try:
        return read_measurements(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None


def _judge(
    plan: FidelityPlan, lines: list[dict[str, Any]], folder: Path | None, json: bool
) -> None:
    from seesawnas.analysis.fidelity.agreement import agreements, noises, reference_level
    from seesawnas.analysis.fidelity.measurements import PanelRow
    from seesawnas.evaluation.metrics import METRICS
    from seesawnas.report.plots.fidelity import fidelity_html

    rows = [PanelRow.from_mapping(line) for line in lines]
    score, reference = plan.score, reference_level(rows, _reference(plan, rows))
    found, noise = agreements(rows, score, reference), noises(rows, list(METRICS))
    result = {
        "score": score,
        "reference": reference,
        "teachers": _teachers(rows),
        "agreements": [asdict(agreement) for agreement in found],
        "noise": [asdict(one) for one in noise],
    }
    if folder is not None:
        write_atomically(
            folder / "fidelity.json", json_module.dumps(result, indent=2) + "\n", within=folder
        )
        html = fidelity_html(
            found, title=folder.name, reference=reference, score=METRICS[score].title
        )
        write_atomically(folder / "fidelity.html", html, within=folder)
    if json:
        print_json(result)
    else:
        _show(found, noise, reference, folder)


def _teachers(rows: list[PanelRow]) -> list[dict[str, Any]]:
    """What ``rows`` learn from and how, as JSON values; None is not known."""
    found = {(row.teacher, row.distill, row.distill_weight) for row in rows if row.teacher}
    return [
        {"teacher": teacher, "loss": loss or None, "weight": weight}
        for teacher, loss, weight in sorted(found, key=str)
    ]


def _reference(plan: FidelityPlan, rows: list[PanelRow]) -> str | None:
    """The level that is given first, as ``rows`` name it; None if none is given."""
    from seesawnas.analysis.fidelity.measurements import TAUGHT

    if not plan.levels:
        return None
    plain, known = str(plan.levels[0]), {row.level for row in rows}
    names = (plain + TAUGHT, plain) if plan.teacher else (plain, plain + TAUGHT)
    return next((name for name in names if name in known), plain)


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
    columns = (
        "proxy",
        ">networks",
        ">tau",
        ">95 % interval",
        ">reference seeds",
        ">seconds",
        ">tau per minute",
    )
    title = f"Kendall's tau with {reference} (from other seeds, if any)"
    screen.print(table(columns, rows, title, spare=("tau per minute",)))
    if noise:
        rows_of_noise = [
            (
                n.level,
                n.score,
                n.networks,
                n.seeds,
                f"{n.between:.4f}",
                f"{n.within:.4f}",
                f"{n.reliability:.2f}",
            )
            for n in noise
        ]
        names = (
            "level",
            "score",
            ">networks",
            ">seeds",
            ">between networks",
            ">between seeds",
            ">reliability",
        )
        about = "Standard deviation of the score, and share of its variance between networks"
        screen.print(table(names, rows_of_noise, about, keys=2))
    for path in ("fidelity.html", "fidelity.json", MEASUREMENTS) if folder is not None else ():
        screen.print(f"{folder}/{path}", soft_wrap=True)


def _watch(session: FidelitySession, known: list[dict[str, Any]], screen: Console) -> bool:
    from seesawnas.cli.views.progress import say
    from seesawnas.cli.views.training import teacher_lines
    from seesawnas.study import Failed, Finished, Lost
    from seesawnas.train.full import TeacherEmbedded, TeacherNoted, TeacherReady

    wanted, ended = session.plan.size, len(session.rows())
    teacher = session.study.teacher
    say(
        screen,
        *([] if teacher is None else [f"Teacher  {teacher.label}"]),
        f"Study    {session.plan.folder}: {ended} of {several(wanted, 'trial')} finished before",
    )
    try:
        with closing(session.run(known)) as events:
            for event in events:
                if isinstance(event, Finished):
                    ended += 1
                    scores = event.measurement.scores
                    what = (
                        f"accuracy {scores.accuracy:.4f}  AUC {scores.auc:.4f}  "
                        f"{event.measurement.seconds:.0f} s"
                    )
                    say(screen, f"trial {event.number:3d}  {what}  [{ended}/{wanted}]")
                elif isinstance(event, Failed | Lost):
                    say(screen, f"trial {event.number:3d}  {event.reason}")
                elif isinstance(event, TeacherEmbedded | TeacherNoted | TeacherReady):
                    say(screen, *teacher_lines(event))
    except KeyboardInterrupt:
        say(screen, "Stopped. Run the same command to resume.")
        return True
    return False
