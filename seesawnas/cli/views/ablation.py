"""What ``seesawnas ablate`` prints: the design, the live view, the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from statistics import fmean, stdev
from typing import Any

from rich.console import Console

from seesawnas.ablation import (
    AblationPlan,
    AblationResult,
    ArmResult,
    Arms,
    Effect,
    Estimate,
    Session,
    verdict_words,
)
from seesawnas.ablation.session import PreparedRun
from seesawnas.cli.views.output import count, table
from seesawnas.cli.views.progress import ProgressView, before, say, study_lines
from seesawnas.cost import COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.text import several


def watched(session: Session) -> ProgressView:
    """The ablation as the live view shows it."""
    plan, arms, record = session.plan, session.ready.arms, session.record
    networks, seeds = several(len(arms.networks), "network"), several(plan.seeds, "seed")
    design = (
        f"Design   {arms.design.kind}: {networks} with {seeds} each, compared with {arms.base.name}"
    )
    where = f"{plan.folder}{before(record, session.study.recovered)}"
    return ProgressView(
        record=record,
        run=session.run,
        recover=session.study.recover,
        lines=[
            design,
            *_notes(arms),
            *study_lines(
                session.ready.faces, plan.proxy, plan.engine, where, session.ready.teacher
            ),
        ],
        epochs=plan.proxy.recipe.epochs,
        wanted=session.wanted,
        seconds=plan.seconds,
        word="training",
    )


def show_design(screen: Console, plan: AblationPlan, ready: PreparedRun, cost: Estimate) -> None:
    """Print what would be trained and the estimated time."""
    arms, base = ready.arms, ready.arms.arms[0].cost
    columns = ("arm", "network", ">MAdds", ">change", ">params", ">change")
    rows = [
        (
            arm.name,
            arm.digest,
            count(arm.cost.madds),
            _change(arm.cost.madds, base.madds),
            count(arm.cost.params),
            _change(arm.cost.params, base.params),
        )
        for arm in arms.arms
    ]
    screen.print(table(columns, rows, title=f"{arms.design.kind} over {arms.base.name}"))
    say(screen, *_notes(arms), *_fraction(arms.design.resolution, arms.design.aliases))
    say(
        screen,
        f"{several(len(arms.networks), 'network')} x {several(plan.seeds, 'seed')} = "
        f"{several(cost.trials, 'training run')}",
    )
    say(screen, f"Looks: with {', '.join(str(n) for n, _ in plan.planned_looks)} seeds")
    say(screen, f"Faces: {ready.faces.summary}")
    if ready.teacher is not None:
        say(screen, f"Teacher: {ready.teacher.label}; it embeds each image once, before the first")
    say(
        screen,
        f"about {_hours(cost.hours)} on this machine, {cost.at_a_time} in parallel: about "
        f"{cost.seconds:.0f} s "
        f"per training run of the base, mean MAdds of all arms {cost.relative:.2f} times the "
        "base's",
    )


def design_values(plan: AblationPlan, arms: Arms, cost: Estimate) -> dict[str, Any]:
    """The design as JSON values; the keys are stable."""
    return {
        "base": arms.base.name,
        "design": arms.design.kind,
        "factors": [[factor, list(levels)] for factor, levels in arms.design.factors],
        "resolution": arms.design.resolution,
        "aliases": list(arms.design.aliases),
        "matched": plan.matched,
        "seeds": list(plan.training_seeds),
        "planned_looks": [list(look) for look in plan.planned_looks],
        "arms": [
            {
                "name": arm.name,
                "levels": dict(arm.levels),
                "digest": arm.digest,
                "madds": arm.cost.madds,
                "params": arm.cost.params,
            }
            for arm in arms.arms
        ],
        "notes": list(arms.notes),
        "trials": cost.trials,
        "seconds_a_training": cost.seconds,
        "at_a_time": cost.at_a_time,
        "hours": cost.hours,
    }


def show(
    screen: Console,
    plan: AblationPlan,
    result: AblationResult,
    failed: Sequence[Mapping[str, Any]],
    files: Mapping[str, str],
) -> None:
    """Print the result."""
    screen.print(_effects(result))
    screen.print(arms_table(result))
    say(screen, *verdict_words(result), *_fraction(result.resolution, result.aliases))
    say(screen, *failed_lines(failed))
    say(screen, "", "Files:", *(f"  {path}" for path in files.values()))
    name = quote(plan.study)
    say(screen, "Next:", f"  seesawnas report {name}", f"  seesawnas dashboard {name}")


def failed_lines(failed: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line per training that failed, as the session has them."""
    for one in failed:
        yield (
            f"training run {one['number']} ({one['arm']}, {one['variant']}) failed: {one['reason']}"
        )


def _effects(result: AblationResult) -> Any:
    interval = f">{100 * result.confidence:g} % interval"
    columns = (
        "factor",
        "level",
        "against",
        f">{METRICS[result.metric].title}",
        interval,
        ">p (Holm)",
        ">seeds",
        "verdict",
    )
    rows = [
        (
            *_effect(effect),
            COSTS["madds"].format_change(effect.madds),
            COSTS["params"].format_change(effect.params, 3),
        )
        for effect in result.effects
    ]
    title = (
        f"Effects on {METRICS[result.metric].title}, "
        f"{'at equal MAdds, ' if result.matched else ''}paired by seed"
    )
    return table(
        (*columns, ">MAdds", ">params"),
        rows,
        title=title,
        keys=2,
        spare=("against", "params", "MAdds", "seeds"),
    )


def _effect(effect: Effect) -> tuple[str, ...]:
    mean = "" if effect.mean is None else f"{effect.mean:+.4f}"
    interval = (
        ""
        if effect.low is None or effect.high is None
        else f"{effect.low:+.4f} to {effect.high:+.4f}"
    )
    p = "" if effect.p_holm is None else f"{effect.p_holm:.3f}"
    return (
        effect.factor,
        effect.level,
        effect.base,
        mean,
        interval,
        p,
        str(effect.n),
        _verdict(effect),
    )


def _verdict(effect: Effect) -> str:
    needed = f": about {several(effect.needed, 'seed')}" if effect.needed else ""
    return f"{effect.verdict}{needed}"


def arms_table(result: AblationResult) -> Any:
    """The networks, with their means over seeds and costs."""
    columns = (
        "arm",
        "network",
        f">mean {METRICS[result.metric].title}",
        ">± standard error",
        ">seeds",
        ">MAdds",
        ">params",
    )
    rows = [
        (arm.name, arm.digest, *_mean(arm), len(arm.values), count(arm.madds), count(arm.params))
        for arm in result.arms
    ]
    return table(
        columns, rows, title=f"Networks (base: {result.base})", spare=("network", "params")
    )


def _mean(arm: ArmResult) -> tuple[str, str]:
    values = [value for _, value in arm.values]
    error = f"{stdev(values) / len(values) ** 0.5:.4f}" if len(values) > 1 else ""
    return (f"{fmean(values):.4f}" if values else ""), error


def _notes(arms: Arms) -> Iterator[str]:
    for note in arms.notes:
        yield f"         {note}"


def _fraction(resolution: str | None, aliases: Sequence[str]) -> Iterator[str]:
    if resolution is not None:
        named = "; ".join(aliases) or "none up to two-way interactions"
        yield f"Fractional design of resolution {resolution}. Aliased effects: {named}."


def _change(value: float, base: float) -> str:
    return f"{100 * (value / base - 1):+.1f} %"


def _hours(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 1 else several(max(1, round(60 * hours)), "minute")
