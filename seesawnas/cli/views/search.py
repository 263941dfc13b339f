"""What ``seesawnas search`` prints when it is done.

The ranking, the front, what ended early, the next commands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from shlex import quote
from typing import Any

from rich.console import Console

from seesawnas.cli.views.fitting import FittedTable
from seesawnas.cli.views.output import found
from seesawnas.cli.views.progress import ProgressView, before, say, study_lines
from seesawnas.cost import ALL_COSTS
from seesawnas.cost.latency import MeasureLatency
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.study.outcome import Outcome
from seesawnas.report.study.ranking import (
    Ranking,
    cost_words,
    latencies_words,
    mean_words,
    objective_names,
)
from seesawnas.search import SearchPlan, Session
from seesawnas.study import ResultRow
from seesawnas.text import several

MAX_STOPPED_SHOWN = 10


def show(
    screen: Console,
    plan: SearchPlan,
    outcome: Outcome,
    files: dict[str, str],
    learnt: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Print the outcome; ``learnt`` is what came of each prior, as the summary has it."""
    if outcome.ranking.rows:
        screen.print(_ranking(outcome.ranking))
        say(screen, *_front(outcome.ranking))
    if learnt:
        trusts = (f"{prior['name']} {prior['trust']:.2f}" for prior in learnt)
        say(screen, f"Trust in earlier studies, 0 to 1: {', '.join(trusts)}")
    say(screen, *_measured(outcome), *_stopped(outcome))
    say(
        screen,
        *(
            f"trial {number} ({digest}) is not ranked: {reason}"
            for number, digest, reason in outcome.missed
        ),
    )
    say(
        screen,
        *(
            f"trial {number} ({digest}) failed: {reason}"
            for number, digest, reason in outcome.failed
        ),
    )
    say(screen, "", "Files:", *(f"  {path}" for path in files.values()))


def show_next(screen: Console, plan: SearchPlan) -> None:
    """Print the commands that go on with the best network of a study."""
    out, name = quote(str(plan.folder / "best")), quote(f"{plan.study}:best")
    drawing = quote(str(plan.folder / "best.svg"))
    data = "FACES" if plan.data is None else quote(plan.data)
    training = f"train {name} --data {data} --recipe small --out {out}"
    nexts = (
        f"{training}    # --recipe paper: for millions",
        f"build {name} --diagram {drawing}",
        f"report {quote(plan.study)}",
    )
    missing = "" if find_spec("optuna_dashboard") else "    # after: pip install optuna-dashboard"
    shown = f"dashboard {quote(plan.study)}{missing}"
    say(screen, "Next:", *(f"  seesawnas {words}" for words in (*nexts, shown)))


def _measured(outcome: Outcome) -> Iterator[str]:
    if outcome.measured:
        yield f"Measured latency: {latencies_words(outcome.measured)}"


def _ranking(ranking: Ranking) -> FittedTable:
    again = [">mean", ">seeds"] if ranking.is_repeated else []
    columns = (
        ">rank",
        ">trial",
        "network",
        *again,
        *(f">{head}" for head in ranking.measured_heads),
    )
    made = FittedTable(
        columns, _title(ranking), keys=3, spare=("params",), caption=_caption(ranking)
    )
    for line in ranking.lines:
        row = line.row
        network = (
            row.digest + (" *" if line.on_front else "") + (f"\n{row.name}" if row.name else "")
        )
        made.add_row(line.rank, row.number, network, *_repeated(ranking, row), *line.measured)
    return made


def _title(ranking: Ranking) -> str:
    metric = METRICS[ranking.objectives.metric]
    if ranking.is_repeated:
        return f"Ranked by {metric.title}: repeated networks first, by their mean over new seeds"
    return f"Ranked by {metric.title}{', then AUC' if metric.name != 'auc' else ''}"


def _repeated(ranking: Ranking, row: ResultRow) -> tuple[str, ...]:
    if not ranking.is_repeated:
        return ()
    if row.repeats is None:
        return "", ""
    return mean_words(row.repeats, ranking.objectives.metric), str(row.repeats.n)


def _caption(ranking: Ranking) -> str:
    front = objective_names(ranking.objectives, in_short=True)
    text = f"* on the Pareto front of {front}; ± is the standard deviation over folds"
    again = ";\n± of a mean is its standard error over the new seeds"
    return f"{text}{again}" if ranking.is_repeated else text


def _front(ranking: Ranking) -> Iterator[str]:
    shown = ranking.objectives.of_front
    metric = METRICS[shown.metric]
    points = (
        f"{metric.format(row.objective(metric.name))} at "
        f"{', '.join(cost_words(row, name) for name in shown.costs)}"
        for row in ranking.pareto
    )
    costs = ", ".join(ALL_COSTS[name].title for name in shown.costs)
    joined = ", ".join(points) if len(shown.costs) == 1 else "; ".join(points)
    yield f"Pareto front ({metric.label} at {costs}): {joined}"


def _stopped(outcome: Outcome) -> Iterator[str]:
    """Those that got furthest; all of them are in the summary."""
    stopped, quality = outcome.stopped, outcome.ranking.objectives.metric
    if not stopped:
        return
    yield (
        f"{several(len(stopped), 'trial')} {'was' if len(stopped) == 1 else 'were'} stopped "
        "early and not ranked:"
    )
    for row in sorted(stopped, key=lambda row: (-(row.stopped_after or 0), -row.value))[
        :MAX_STOPPED_SHOWN
    ]:
        score = f"{METRICS[quality].label} {row.value:.4f}"
        yield f"  trial {row.number} ({row.digest}) after epoch {row.stopped_after} at {score}"
    if len(stopped) > MAX_STOPPED_SHOWN:
        yield f"  and {len(stopped) - MAX_STOPPED_SHOWN} more, in the summary"


def watched(
    session: Session, measure: MeasureLatency | None = None, seconds: float | None = None
) -> ProgressView:
    """The search, the measuring of its best by ``measure``, and the repeats that follow it.

    ``seconds`` is the time of this run; what the plan says if it is None.
    """
    plan, record = session.plan, session.record
    space = f"Space    {plan.space}: {found(session.ready.feasible)} within {plan.budget.words}"
    decisions = session.ready.feasible.decisions
    learnt = [f"Learns   from {prior.words(decisions)}" for prior in session.ready.priors]
    where = f"{plan.folder}{before(record, session.study.recovered)}"
    best, seeds = several(plan.repeat_top, "network"), several(plan.repeats, "new seed")
    return ProgressView(
        record=record,
        run=lambda: session.run(measure, seconds=seconds),
        recover=session.study.recover,
        lines=[
            space,
            *learnt,
            *study_lines(
                session.ready.faces, plan.proxy, plan.engine, where, session.ready.teacher
            ),
        ],
        epochs=plan.proxy.recipe.epochs,
        wanted=plan.rules.trials,
        seconds=seconds or plan.seconds,
        repeats=session.repeats,
        repeats_line=f"Repeats  the best {best}, with {seeds} each",
    )
