"""Whether a plan can be carried out here: its space, budget, points, storage and faces; every fault at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from seesawnas.data import FaceData, load_faces, open_source
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.search.plan import EngineSettings, SearchPlan
from seesawnas.search.points import chosen_points
from seesawnas.space import FeasibleSet, SearchSpace, load_space
from seesawnas.study import Proposal, check_cluster, check_storage


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
    faults = _Faults()
    found: list[tuple[FeasibleSet, tuple[Proposal, ...]]] = []
    with faults.collected():
        space = load_space(plan.space)
        _check_square(space)
        feasible = FeasibleSet(space, plan.budget)
        found.append((feasible, tuple(chosen_points(plan.points, feasible, plan.budget))))
    with faults.collected():
        check_storage(plan.storage, plan.folder)
    with faults.collected():
        if plan.data is not None and not Path(plan.data).expanduser().is_dir():
            open_source(plan.data)  # which says what is wrong with it
    with faults.collected():
        check_engine(plan.engine)
    if faults.lines:
        raise faults.only or StudyError("\n".join(faults.lines))
    return found[0]


def check_engine(engine: EngineSettings) -> None:
    """Raises StudyError where it cannot run here: no Ray, no such cluster."""
    if engine.kind == "ray" and find_spec("ray") is None:
        raise StudyError("engine ray must have Ray: pip install 'ray[tune]'")
    if engine.ray_address is not None:
        check_cluster(engine.ray_address)


@dataclass
class _Faults:
    errors: list[InvalidInput] = field(default_factory=list)

    @contextmanager
    def collected(self) -> Iterator[None]:
        try:
            yield
        except InvalidInput as error:
            self.errors.append(error)

    @property
    def lines(self) -> list[str]:
        return [line for error in self.errors for line in str(error).splitlines()]

    @property
    def only(self) -> InvalidInput | None:
        """The one error where there is just one: its kind says more than a StudyError."""
        return self.errors[0] if len(self.errors) == 1 else None


def _check_square(space: SearchSpace) -> None:
    """A proxy sees square pictures of its own resolution: a space that varies the input would train one network twice."""
    height, width = space.height.options, space.width.options
    if len(height) > 1 or height != width:
        rule = "input must be square and of one size for proxy trials"
        raise StudyError(f"{space.source}: {rule}, got height {list(height)} and width {list(width)}")
