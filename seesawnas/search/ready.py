"""Whether a plan can be carried out here: its space, budget, points, storage and faces; every fault at once."""

from __future__ import annotations

from dataclasses import dataclass

from seesawnas.data import FaceData
from seesawnas.search.plan import SearchPlan
from seesawnas.search.points import chosen_points
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import Proposal
from seesawnas.study.proxy_faces import load_proxy_faces, proxy_sizes
from seesawnas.study.surroundings import Faults, check_run


@dataclass(frozen=True, slots=True)
class Ready:
    """What a plan names, found."""

    feasible: FeasibleSet
    points: tuple[Proposal, ...]
    faces: FaceData


def make_ready(plan: SearchPlan) -> Ready:
    """Find all that ``plan`` names, writing nothing. Raises InvalidInput with every fault, each in its line."""
    feasible, points = check_surroundings(plan)
    space = feasible.space
    sizes = proxy_sizes(space.source, space.input_sizes, plan.proxy.resolution)
    faces = load_proxy_faces(plan.data, sizes, seed=plan.seed)
    return Ready(feasible, points, faces)


def check_surroundings(plan: SearchPlan) -> tuple[FeasibleSet, tuple[Proposal, ...]]:
    """All of :func:`make_ready` but the reading of the faces, which takes seconds; their folder must be there."""
    faults = Faults()
    found: list[tuple[FeasibleSet, tuple[Proposal, ...]]] = []
    with faults.collected():
        space = load_space(plan.space)
        proxy_sizes(space.source, space.input_sizes, plan.proxy.resolution)
        feasible = FeasibleSet(space, plan.budget)
        found.append((feasible, tuple(chosen_points(plan.points, feasible, plan.budget))))
    check_run(faults, plan.data, plan.storage, plan.folder, plan.engine)
    faults.raised()
    return found[0]
