"""Whether a plan can be carried out here: its space, budget, points, storage and faces; every fault at once."""

from __future__ import annotations

from dataclasses import dataclass

from seesawnas.data import FaceData, load_faces
from seesawnas.errors import StudyError
from seesawnas.search.plan import SearchPlan
from seesawnas.search.points import chosen_points
from seesawnas.space import FeasibleSet, SearchSpace, load_space
from seesawnas.study import Proposal
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
    faces = load_faces(plan.data, resolution=plan.proxy.resolution, seed=plan.seed)
    return Ready(feasible, points, faces)


def check_surroundings(plan: SearchPlan) -> tuple[FeasibleSet, tuple[Proposal, ...]]:
    """All of :func:`make_ready` but the reading of the faces, which takes seconds; their folder must be there."""
    faults = Faults()
    found: list[tuple[FeasibleSet, tuple[Proposal, ...]]] = []
    with faults.collected():
        space = load_space(plan.space)
        _check_square(space)
        feasible = FeasibleSet(space, plan.budget)
        found.append((feasible, tuple(chosen_points(plan.points, feasible, plan.budget))))
    check_run(faults, plan.data, plan.storage, plan.folder, plan.engine)
    faults.raised()
    return found[0]


def _check_square(space: SearchSpace) -> None:
    """A proxy sees square pictures of its own resolution: a space that varies the input would train one network twice."""
    height, width = space.height.options, space.width.options
    if len(height) > 1 or height != width:
        rule = "input must be square and of one size for proxy trials"
        raise StudyError(f"{space.source}: {rule}, got height {list(height)} and width {list(width)}")
