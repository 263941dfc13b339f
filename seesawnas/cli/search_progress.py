"""A search as the live view shows it."""

from __future__ import annotations

from seesawnas.cli.output import found
from seesawnas.cli.progress import Watched, before, study_lines
from seesawnas.search import Session
from seesawnas.wording import several


def watched(session: Session) -> Watched:
    """The search, and the repeats that follow it."""
    plan, record = session.plan, session.record
    space = f"Space    {plan.space}: {found(session.ready.feasible)} within {plan.budget.words}"
    where = f"{plan.folder}{before(record, session.recovered)}"
    best, seeds = several(plan.repeat_top, "network"), several(plan.repeats, "new seed")
    return Watched(
        record=record,
        run=session.run,
        recover=session.recover,
        lines=[space, *study_lines(session.ready.faces, plan.proxy, plan.engine, where)],
        epochs=plan.proxy.recipe.epochs,
        wanted=plan.rules.trials,
        seconds=plan.rules.seconds,
        repeats=session.repeats,
        repeats_line=f"Repeats  the best {best} again, from {seeds} each",
    )
