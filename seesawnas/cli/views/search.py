"""What ``seesawnas search`` prints when it is done: the ranking, the front, what ended early, the next commands."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from shlex import quote

from rich.console import Console

from seesawnas.cli.views.fitting import FittedTable
from seesawnas.cli.views.output import found
from seesawnas.cli.views.progress import Watched, before, say, study_lines
from seesawnas.report.study.outcome import Outcome, mean_words
from seesawnas.report.study.rows import RankedRow, front_objectives, written
from seesawnas.search import SearchPlan, Session
from seesawnas.study import COSTS, QUALITIES
from seesawnas.text import several
from seesawnas.units import format_quantity

SHORT = {"accuracy": "accuracy", "auc": "AUC", "tar_at_far_1e_2": "TAR@FAR 1e-2", "tar_at_far_1e_3": "TAR@FAR 1e-3"}
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
        return f"Ranked by {QUALITIES[quality]}: repeated networks first, by their mean over new seeds"
    return f"Ranked by {QUALITIES[quality]}{', then AUC' if quality != 'auc' else ''}"


def _measures(outcome: Outcome) -> list[str]:
    """The columns of qualities: the study's own first."""
    return list(dict.fromkeys([outcome.objectives.quality, "accuracy", "auc"]))


def _costs(outcome: Outcome) -> list[str]:
    return list(dict.fromkeys(["madds", "params", *outcome.objectives.costs]))


def _heads(outcome: Outcome) -> list[str]:
    heads = ["mean", "seeds"] if outcome.repeated else []
    return [*heads, *(SHORT.get(name, name) for name in _measures(outcome)), *(COSTS[name] for name in _costs(outcome))]


def _cells(outcome: Outcome, row: RankedRow) -> Iterator[str]:
    if outcome.repeated:
        yield "" if row.repeats is None else mean_words(row.repeats, outcome.objectives.quality)
        yield "" if row.repeats is None else str(row.repeats.n)
    for name in _measures(outcome):
        value = written(name, row.objective(name))
        yield f"{100 * row.accuracy:.2f} ± {100 * row.std:.2f} %" if name == "accuracy" else value
    for name in _costs(outcome):
        yield format_quantity(int(row.objective(name)))


def _caption(outcome: Outcome) -> str:
    objectives = front_objectives(outcome.objectives)
    names = [SHORT.get(objectives.quality, objectives.quality), *(COSTS[name] for name in objectives.costs)]
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
        f"{written(objectives.quality, row.objective(objectives.quality))} at "
        + ", ".join(format_quantity(int(row.objective(name))) for name in objectives.costs)
        for row in outcome.front
    )
    costs = ", ".join(COSTS[name] for name in objectives.costs)
    joined = ", ".join(points) if len(objectives.costs) == 1 else "; ".join(points)
    yield f"Pareto front ({SHORT.get(objectives.quality, objectives.quality)} at {costs}): {joined}"


def _stopped(outcome: Outcome) -> Iterator[str]:
    """Those that got furthest; all of them are in the summary."""
    stopped, quality = outcome.stopped, outcome.objectives.quality
    if not stopped:
        return
    yield f"{several(len(stopped), 'trial')} {'was' if len(stopped) == 1 else 'were'} stopped early, and not ranked:"
    for row in sorted(stopped, key=lambda row: (-row.epoch, -row.value))[:STOPPED_SHOWN]:
        score = f"{SHORT.get(quality, quality)} {row.value:.4f}"
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
