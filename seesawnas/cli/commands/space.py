"""``seesawnas space``: size, costs and decisions of a search space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seesawnas.cli.options import BudgetText, Json, SpaceRef, read_budget

if TYPE_CHECKING:
    from seesawnas.cost import Budget
    from seesawnas.space import Acceptance, Decision, FeasibleSet


def space(ref: SpaceRef, budget: BudgetText = None, json: Json = False) -> None:
    """Count the networks of a search space exactly, and show their costs.

    The networks are counted in total and within a budget.
    """
    from seesawnas.cli.views.compiling import compiling_shown
    from seesawnas.cli.views.output import print_json
    from seesawnas.space import FeasibleSet, load_space

    limit = read_budget(budget) if budget is not None else None
    with compiling_shown():
        feasible = FeasibleSet(load_space(ref), limit)
    if json:
        print_json(_values(feasible))
    else:
        _print_tables(feasible)


def _values(feasible: FeasibleSet) -> dict[str, Any]:
    budget = feasible.budget
    return {
        "name": feasible.space.name,
        "size": feasible.size,
        "feasible": feasible.count if feasible.is_counted() else None,
        "within_madds": feasible.within_madds,
        "acceptance": _acceptance(feasible.acceptance) if feasible.acceptance else None,
        "min_madds": feasible.min_madds,
        "max_madds": feasible.max_madds,
        "budget": budget.setting() if budget else None,
        "limits": {limit.name: [limit.low, limit.high] for limit in budget.limits}
        if budget
        else {},
        "decisions": [{"name": d.name, "options": list(d.options)} for d in feasible.decisions],
    }


def _acceptance(found: Acceptance) -> dict[str, Any]:
    """The estimate of ``feasible`` if it is not counted, with Wilson's 95 % intervals."""
    return {
        "accepted": found.accepted,
        "drawn": found.drawn,
        "rate": found.rate,
        "rate_interval": list(found.interval),
        "feasible_estimate": found.count,
        "feasible_interval": list(found.count_interval),
    }


def _print_tables(feasible: FeasibleSet) -> None:
    from seesawnas.cli.views.output import console, count, table
    from seesawnas.cost import LATENCY

    out = console()
    rows: list[tuple[str, str, str]] = [("networks", count(feasible.size), "")]
    if feasible.budget is not None:
        rows += _within(feasible, feasible.budget)
    rows.append(("lowest cost", count(feasible.min_madds), "MAdds"))
    rows.append(("highest cost", count(feasible.max_madds), "MAdds"))
    if feasible.latency_ends is not None:
        low, high = map(LATENCY.format, feasible.latency_ends)
        rows.append(("lowest predicted latency", low, ""))
        rows.append(("highest predicted latency", high, ""))
    out.print(table(("space", f">{feasible.space.name or feasible.space.source}", ""), rows))
    decisions = [
        (decision.name, len(decision.options), _options(decision))
        for decision in feasible.decisions
    ]
    if decisions:
        out.print(table(("decision", ">options", ""), decisions))


def _within(feasible: FeasibleSet, budget: Budget) -> Iterator[tuple[str, str, str]]:
    from seesawnas.cli.views.output import about, count, estimate

    if budget.limits_madds:
        yield (
            f"within {budget.madds_words}",
            count(feasible.within_madds),
            _share(feasible.within_madds, feasible),
        )
    if budget.others:
        words = f"{'and ' if budget.limits_madds else 'within '}{budget.others_words}"
        if feasible.acceptance is None:
            yield words, count(feasible.count), _share(feasible.count, feasible)
        else:
            yield words, about(feasible.acceptance), estimate(feasible.acceptance)


def _share(number: int, feasible: FeasibleSet) -> str:
    share = number / feasible.size
    return f"{share:.3g} of all" if share < 0.001 else f"{share:.1%}"


def _options(decision: Decision) -> str:
    is_reduction = decision.name.endswith(".se")
    return ", ".join(
        "off" if is_reduction and not option else str(option) for option in decision.options
    )
