"""Fixed points: search points that are trained first, those of papers or a user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from seesawnas.arch import ArchSpec
from seesawnas.cost import LATENCY, Budget, cost
from seesawnas.errors import BudgetError, InvalidInput, StudyError
from seesawnas.space import load_point, shipped
from seesawnas.space.feasible.feasible import FeasibleSet
from seesawnas.space.feasible.locate import locate
from seesawnas.study import Proposal, find_network
from seesawnas.units import format_quantity


def chosen_points(
    refs: Sequence[str] | None,
    feasible: FeasibleSet,
    budget: Budget | None,
    storage: str | None = None,
) -> list[Proposal]:
    """The points that ``refs`` name, in their order; None is every paper point that fits.

    Without a budget all do. Studies that have no folder here lie in ``storage``.

    A point may be outside the space: it is then a reference, of which no sampler learns.

    Raises:
        StudyError: With every fault, if a point is outside the budget, has another input size than
            the space, or cannot be loaded.
    """
    if refs is None:
        return list(fitting_points(feasible, budget))
    found, faults = [], []
    for ref in refs:
        try:
            found.append(_point(ref, feasible, budget, storage))
        except InvalidInput as error:
            faults += str(error).splitlines()
    if faults:
        raise StudyError("\n".join(faults))
    return found


def fitting_points(feasible: FeasibleSet, budget: Budget | None) -> Iterator[Proposal]:
    """Every shipped paper point within the budget and the space, the most expensive first."""
    specs = [load_point(ref).spec for ref in shipped("paper")]
    for spec in sorted(specs, key=lambda spec: (-cost(spec).madds, spec.name)):
        assignment = locate(feasible, spec) if _fits(spec, budget) else None
        if assignment is not None:
            yield Proposal(spec, assignment, spec.name, fixed=True)


def _fits(spec: ArchSpec, budget: Budget | None) -> bool:
    """Whether the budget admits ``spec``; not if its latency cannot be predicted."""
    try:
        return budget is None or budget.admits_network(spec)
    except BudgetError:
        return False


def _point(ref: str, feasible: FeasibleSet, budget: Budget | None, storage: str | None) -> Proposal:
    spec = find_network(ref, storage).spec
    _check(ref, spec, feasible, budget)
    return Proposal(spec, locate(feasible, spec) or {}, spec.name, fixed=True)


def _check(ref: str, spec: ArchSpec, feasible: FeasibleSet, budget: Budget | None) -> None:
    sizes = feasible.space.input_sizes
    if (spec.input.height, spec.input.width) not in sizes:
        got, wanted = (
            f"{spec.input.height}x{spec.input.width}",
            " or ".join(f"{h}x{w}" for h, w in sizes),
        )
        raise StudyError(f"point {ref}: input must be {wanted} as in the search space, got {got}")
    if budget is None:
        return
    costs = budget.costs(spec)
    if not budget.admits_costs(costs):
        raise StudyError(
            f"point {ref}: must be within the budget of {budget.words}, got {_words(costs, budget)}"
        )


def _words(costs: Mapping[str, int], budget: Budget) -> str:
    """What the network costs, of that which the budget limits."""
    return ", ".join(
        f"{_quantity(limit.name, costs[limit.name])}"
        f" {'MAdds' if limit.name == 'madds' else limit.name}"
        for limit in budget.limits
    )


def _quantity(name: str, value: int) -> str:
    return LATENCY.format(value) if name == LATENCY.name else format_quantity(value)
