"""Fixed points: search points that are trained first, those of papers or a user's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, Cost, cost
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.space import load_point, shipped
from seesawnas.space.feasible.feasible import FeasibleSet
from seesawnas.space.feasible.locate import locate
from seesawnas.study import Proposal, find_network
from seesawnas.units import format_quantity


def chosen_points(
    refs: Sequence[str] | None, feasible: FeasibleSet, budget: Budget | None
) -> list[Proposal]:
    """The points that ``refs`` name, in their order; None is every paper point that fits.

    Without a budget all do.

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
            found.append(_point(ref, feasible, budget))
        except InvalidInput as error:
            faults += str(error).splitlines()
    if faults:
        raise StudyError("\n".join(faults))
    return found


def fitting_points(feasible: FeasibleSet, budget: Budget | None) -> Iterator[Proposal]:
    """Every shipped paper point within the budget and the space, the most expensive first."""
    specs = [load_point(ref).spec for ref in shipped("paper")]
    for spec in sorted(specs, key=lambda spec: (-cost(spec).madds, spec.name)):
        assignment = locate(feasible, spec) if budget is None or budget.admits(cost(spec)) else None
        if assignment is not None:
            yield Proposal(spec, assignment, spec.name, fixed=True)


def _point(ref: str, feasible: FeasibleSet, budget: Budget | None) -> Proposal:
    spec = find_network(ref).spec
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
    total = cost(spec)
    if budget is not None and not budget.admits(total):
        raise StudyError(
            f"point {ref}: must be within the budget of {budget.words}, got {_words(total, budget)}"
        )


def _words(total: Cost, budget: Budget) -> str:
    """What the network costs, of that which the budget limits."""
    found = {limit.name: getattr(total, limit.name) for limit in budget.limits}
    return ", ".join(
        f"{format_quantity(value)} {'MAdds' if name == 'madds' else name}"
        for name, value in found.items()
    )
