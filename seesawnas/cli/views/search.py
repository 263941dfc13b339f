"""What ``seesawnas search`` prints when it is done: the ranking, the front, what ended early, the next commands."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from shlex import quote

from rich.console import Console

from seesawnas.cli.views.fitting import FittedTable
from seesawnas.cli.views.output import found
from seesawnas.cli.views.progress import Watched, before, say, study_lines
from seesawnas.cost import COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.study.outcome import Outcome, mean_words
from seesawnas.report.study.ranking import cost_words, metric_words
from seesawnas.report.study.rows import RankedRow, front_objectives
from seesawnas.search import SearchPlan, Session
from seesawnas.text import several

STOPPED_SHOWN = 10


def show(screen: Console, plan: SearchPlan, outcome: Outcome, files: dict[str, str]) -> None:
    """Print the outcome."""
    if outcome.rows:
        screen.print(_ranking(outcome))
        say(screen, *_front(outcome))
    say(screen, *_stopped(outcome))
    say(screen, *(f"trial {number} ({digest}) failed: {reason}" for number, digest, reason in outcome.failed))
    say(screen, "", "Files:", *(f"  {path}" for path in files.values()))
    if outcome.best is not None:
        out, name = quote(str(plan.folder / "best")), quote(f"{plan.study}:best")
        drawing = quote(str(plan.folder / "best.svg"))
        data = "FACES" if plan.data is None else quote(plan.data)
        nexts = (
            f"train {name} --data {data} --out {out}",
            f"build {name} --diagram {drawing}",
            f"report {quote(plan.study)}",
        )
        missing = "" if find_spec("optuna_dashboard") else "    # after: pip install optuna-dashboard"
        shown = f"dashboard {quote(plan.study)}{missing}"
        say(screen, "Next:", *(f"  seesawnas {words}" for words in (*nexts, shown)))


def _ranking(outcome: Outcome) -> FittedTable:
    numbers = [f">{head}" for head in _heads(outcome)]
    columns = (">rank", ">trial", "network", *numbers)
    made = FittedTable(columns, _title(outcome), keys=3, spare=("params",), caption=_caption(outcome))
    front = {row.number for row in outcome.front}
    for rank, row in enumerate(outcome.rows, start=1):
        network = row.digest + (" *" if row.number in front else "") + (f"\n{row.name}" if row.name else "")
        made.add_row(rank, row.number, network, *_cells(outcome, row))
    return made


def _title(outcome: Outcome) -> str:
    quality = outcome.objectives.quality
    if outcome.repeated:
        return f"Ranked by {METRICS[quality].title}: repeated networks first, by their mean over new seeds"
    return f"Ranked by {METRICS[quality].title}{', then AUC' if quality != 'auc' else ''}"


def _heads(outcome: Outcome) -> list[str]:
    heads = ["mean", "seeds"] if outcome.repeated else []
    return [
        *heads,
        *(METRICS[name].label for name in outcome.objectives.shown_metrics),
        *(COSTS[name].title for name in outcome.objectives.shown_costs),
    ]


def _cells(outcome: Outcome, row: RankedRow) -> Iterator[str]:
    if outcome.repeated:
        yield "" if row.repeats is None else mean_words(row.repeats, outcome.objectives.quality)
        yield "" if row.repeats is None else str(row.repeats.n)
    for name in outcome.objectives.shown_metrics:
        yield metric_words(row, name)
    for name in outcome.objectives.shown_costs:
        yield cost_words(row, name)


def _caption(outcome: Outcome) -> str:
    objectives = front_objectives(outcome.objectives)
    names = [METRICS[objectives.quality].label, *(COSTS[name].title for name in objectives.costs)]
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    text = f"* on the Pareto front of {listed}; ± is the standard deviation over folds"
    return (
        f"{text};\n± of a mean is its standard error over seeds, the search's own not among them"
        if outcome.repeated
        else text
    )


def _front(outcome: Outcome) -> Iterator[str]:
    objectives = front_objectives(outcome.objectives)
    points = (
        f"{METRICS[objectives.quality].format(row.objective(objectives.quality))} at "
        + ", ".join(cost_words(row, name) for name in objectives.costs)
        for row in outcome.front
    )
    costs = ", ".join(COSTS[name].title for name in objectives.costs)
    joined = ", ".join(points) if len(objectives.costs) == 1 else "; ".join(points)
    yield f"Pareto front ({METRICS[objectives.quality].label} at {costs}): {joined}"


def _stopped(outcome: Outcome) -> Iterator[str]:
    """Those that got furthest; all of them are in the summary."""
    stopped, quality = outcome.stopped, outcome.objectives.quality
    if not stopped:
        return
    yield f"{several(len(stopped), 'trial')} {'was' if len(stopped) == 1 else 'were'} stopped early, and not ranked:"
    for row in sorted(stopped, key=lambda row: (-row.epoch, -row.value))[:STOPPED_SHOWN]:
        score = f"{METRICS[quality].label} {row.value:.4f}"
        yield f"  trial {row.number} ({row.digest}) after epoch {row.epoch} at {score}"
    if len(stopped) > STOPPED_SHOWN:
        yield f"  and {len(stopped) - STOPPED_SHOWN} more, in the summary"


def watched(session: Session) -> Watched:
    """The search, and the repeats that follow it."""
    plan, record = session.plan, session.record
    space = f"Space    {plan.space}: {found(session.ready.feasible)} within {plan.budget.words}"
    where = f"{plan.folder}{before(record, session.study.recovered)}"
    best, seeds = several(plan.repeat_top, "network"), several(plan.repeats, "new seed")
    return Watched(
        record=record,
        run=session.run,
        recover=session.study.recover,
        lines=[space, *study_lines(session.ready.faces, plan.proxy, plan.engine, where)],
        epochs=plan.proxy.recipe.epochs,
        wanted=plan.rules.trials,
        seconds=plan.rules.seconds,
        repeats=session.repeats,
        repeats_line=f"Repeats  the best {best} again, from {seeds} each",
    )
