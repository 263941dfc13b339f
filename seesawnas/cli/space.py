"""``seesawnas space``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seesawnas.cli.options import BudgetText, Json, SpaceRef

if TYPE_CHECKING:
    from seesawnas.space import Decision, FeasibleSet


def space(ref: SpaceRef, budget: BudgetText = None, json: Json = False) -> None:
    """Count a search space exactly: all its networks, those within a budget, and what they cost."""
    from seesawnas.cli.output import print_json
    from seesawnas.cost import Budget
    from seesawnas.space import FeasibleSet, load_space

    limit = Budget.parse(budget) if budget is not None else None
    feasible = FeasibleSet(load_space(ref), limit)
    if json:
        print_json(_values(feasible))
    else:
        _print_tables(feasible)


def _values(feasible: FeasibleSet) -> dict[str, Any]:
    return {
        "name": feasible.space.name,
        "size": feasible.size,
        "feasible": feasible.count,
        "min_madds": feasible.min_madds,
        "max_madds": feasible.max_madds,
        "budget": [feasible.budget.low, feasible.budget.high] if feasible.budget else None,
        "decisions": [{"name": d.name, "options": list(d.options)} for d in feasible.decisions],
    }


def _print_tables(feasible: FeasibleSet) -> None:
    from seesawnas.cli.output import console, count, table

    out = console()
    rows: list[tuple[str, str, str]] = [("networks", count(feasible.size), "")]
    if feasible.budget is not None:
        share = feasible.count / feasible.size
        rows.append(
            (
                f"within {feasible.budget} MAdds",
                count(feasible.count),
                f"{share:.3g} of all" if share < 0.001 else f"{share:.1%}",
            )
        )
    rows.append(("smallest", count(feasible.min_madds), "MAdds"))
    rows.append(("largest", count(feasible.max_madds), "MAdds"))
    out.print(table(("space", f">{feasible.space.name or feasible.space.source}", ""), rows))
    decisions = [(decision.name, len(decision.options), _options(decision)) for decision in feasible.decisions]
    if decisions:
        out.print(table(("decision", ">options", ""), decisions))


def _options(decision: Decision) -> str:
    is_reduction = decision.name.endswith(".se")
    return ", ".join("off" if is_reduction and not option else str(option) for option in decision.options)
