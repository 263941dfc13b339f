"""The paper's search points as first trials."""

from __future__ import annotations

from collections.abc import Iterator

from seesawnas.cost import Budget, cost
from seesawnas.space import load_point, shipped
from seesawnas.space.feasible import FeasibleSet
from seesawnas.space.locate import locate
from seesawnas.study import Proposal


def fitting_points(feasible: FeasibleSet, budget: Budget) -> Iterator[Proposal]:
    """Every shipped paper point that the budget admits and the space holds, the dearest first."""
    specs = [load_point(ref).spec for ref in shipped("paper")]
    for spec in sorted(specs, key=lambda spec: (-cost(spec).madds, spec.name)):
        assignment = locate(feasible, spec) if budget.admits(cost(spec)) else None
        if assignment is not None:
            yield Proposal(spec, assignment, spec.name, fixed=True)
