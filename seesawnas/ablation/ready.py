"""Whether an ablation can be carried out here: its networks, storage, engine and faces; every fault at once."""

from __future__ import annotations

from dataclasses import dataclass

from seesawnas.ablation.arms import Arms, arms_of
from seesawnas.ablation.plan import AblationPlan
from seesawnas.data import FaceData
from seesawnas.study.proxy_faces import load_proxy_faces, proxy_sizes
from seesawnas.study.surroundings import Faults, check_run


@dataclass(frozen=True, slots=True)
class Ready:
    """What a plan names, found."""

    arms: Arms
    faces: FaceData


def make_ready(plan: AblationPlan) -> Ready:
    """Find all that ``plan`` names, writing nothing. Raises InvalidInput with every fault, each in its line."""
    arms = check_surroundings(plan)
    inputs = [(arm.spec.input.height, arm.spec.input.width) for arm in arms.arms]
    sizes = proxy_sizes(plan.base, inputs, plan.proxy.resolution)
    return Ready(arms, load_proxy_faces(plan.data, sizes, seed=plan.proxy.seed))


def check_surroundings(plan: AblationPlan) -> Arms:
    """All of :func:`make_ready` but the reading of the faces, which takes seconds; their folder must be there."""
    faults = Faults()
    found: list[Arms] = []
    with faults.collected():
        found.append(arms_of(plan))
    check_run(faults, plan.data, plan.storage, plan.folder, plan.engine)
    faults.raised()
    return found[0]
