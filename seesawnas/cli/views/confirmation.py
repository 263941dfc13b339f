"""What ``seesawnas confirm`` prints: the live view, the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from rich.console import Console

from seesawnas.ablation import AblationResult, verdict_words
from seesawnas.ablation.result import RacePair
from seesawnas.cli.views.ablation import arms_table, failed_lines
from seesawnas.cli.views.output import table
from seesawnas.cli.views.progress import ProgressView, before, say, study_lines
from seesawnas.confirmation import ConfirmPlan, Session
from seesawnas.evaluation.metrics import METRICS
from seesawnas.text import several


def watched(session: Session) -> ProgressView:
    """The confirmation as the live view shows it."""
    plan, arms, record = session.plan, session.ready.arms, session.record
    names = ", ".join(arm.name for arm in arms.arms[1:])
    margin = f" by more than {plan.margin:g}" if plan.margin else ""
    budget = "" if plan.trainings is None else f", {several(plan.trainings, 'training run')} in all"
    lines = [
        f"Question is {arms.base.name} better than {names}{margin}, by "
        f"{METRICS[plan.metric].title}?",
        f"         paired by seed, looked at after each; at most {several(plan.seeds, 'seed')}"
        f"{budget}",
        *(f"         {note}" for note in arms.notes),
        *study_lines(
            session.ready.faces,
            plan.proxy,
            plan.engine,
            f"{plan.folder}{before(record, session.study.recovered)}",
            session.ready.teacher,
        ),
    ]
    return ProgressView(
        record=record,
        run=session.run,
        recover=session.study.recover,
        lines=lines,
        epochs=plan.proxy.recipe.epochs,
        wanted=plan.most_trainings,
        seconds=plan.seconds,
        word="training",
    )


def show(
    screen: Console,
    plan: ConfirmPlan,
    result: AblationResult,
    failed: Sequence[Mapping[str, Any]],
    files: Mapping[str, str],
) -> None:
    """Print the result."""
    screen.print(_pairs(result))
    screen.print(arms_table(result))
    say(screen, *verdict_words(result), *failed_lines(failed))
    say(screen, "", "Files:", *(f"  {path}" for path in files.values()))
    name = quote(plan.study)
    say(screen, "Next:", f"  seesawnas report {name}", f"  seesawnas dashboard {name}")


def _pairs(result: AblationResult) -> Any:
    assert result.race is not None
    metric = METRICS[result.metric].title
    columns = (
        "against",
        f">{metric}",
        f">{100 * result.confidence:g} % interval",
        ">seeds",
        "verdict",
        ">seeds needed",
    )
    rows = [_row(pair) for pair in result.race.pairs]
    title = f"{result.base} minus each other network, paired by seed"
    return table(columns, rows, title=title, spare=("seeds needed", "seeds"))


def _row(pair: RacePair) -> tuple[str, ...]:
    interval = (
        "" if pair.low is None or pair.high is None else f"{pair.low:+.4f} to {pair.high:+.4f}"
    )
    verdict = "not resolved" if pair.verdict == "not resolvable" else pair.verdict
    return (
        pair.rival,
        "" if pair.mean is None else f"{pair.mean:+.4f}",
        interval,
        str(pair.n),
        verdict,
        "" if pair.needed is None else f"about {pair.needed:,}",
    )
