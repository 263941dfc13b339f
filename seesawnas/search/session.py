"""One search: its plan, checked before anything runs, and the loop under way."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from seesawnas.cost import Budget
from seesawnas.data import FaceData, load_faces
from seesawnas.errors import StudyError
from seesawnas.search.points import fitting_points
from seesawnas.search.proposer import Proposer
from seesawnas.space import FeasibleSet, SearchSpace, load_space
from seesawnas.study import (
    Checkpoints,
    DriverEvent,
    LocalEngine,
    Plan,
    Proxy,
    StopRules,
    StudyRecord,
    check_storage,
    drive,
    held,
    open_storage,
    study_folder,
)

MAX_WORKERS = 64


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search is asked to do. ``data`` None is the default set; ``study`` names the folder under runs/."""

    budget: Budget
    study: str
    space: str = "seesaw"
    data: str | None = None
    trials: int = 12
    workers: int = 2
    proxy: Proxy = field(default_factory=lambda: Proxy.for_data(None))
    storage: str | None = None

    def __post_init__(self) -> None:
        recipe = self.proxy.recipe
        limits = (("trials", self.trials, 1, 10**6), ("workers", self.workers, 1, MAX_WORKERS))
        proxy = (("epochs", recipe.epochs, 1, 10**4), ("resolution", self.proxy.resolution, 16, 512))
        for name, value, low, high in (*limits, *proxy, ("seed", self.proxy.seed, 0, 2**63 - 1)):
            if not low <= value <= high:
                raise StudyError(f"--{name} must be from {low} to {high}, got {value}")

    @property
    def folder(self) -> Path:
        """Where the study's files lie."""
        return study_folder(self.study)

    @property
    def checkpoints(self) -> Path:
        """Where trials under way are kept between two epochs."""
        return self.folder / "checkpoints"


@dataclass(frozen=True, slots=True)
class Session:
    """A search that holds its study and is ready to run."""

    plan: SearchPlan
    feasible: FeasibleSet
    faces: FaceData
    record: StudyRecord
    recovered: int

    def run(self) -> Generator[DriverEvent]:
        """Run trials until the plan's number is finished; yield what happens."""
        points = fitting_points(self.feasible, self.plan.budget)
        proposer = Proposer(self.feasible, points, self.plan.proxy.seed)
        engine = LocalEngine(self.faces, self.plan.workers)
        plan = Plan(self.plan.proxy, StopRules(trials=self.plan.trials), checkpoints=Checkpoints(self.plan.checkpoints))
        yield from drive(self.record, proposer, engine, plan)


@contextmanager
def opened(plan: SearchPlan) -> Iterator[Session]:
    """Check the whole plan, hold its study, and put trials that a killed driver left back in line.

    Raises InvalidInput of one kind or another before anything is written where the plan cannot be carried out.
    """
    space = load_space(plan.space)
    _check_square(space)
    check_storage(plan.storage, plan.folder)
    feasible = FeasibleSet(space, plan.budget)
    faces = load_faces(plan.data, resolution=plan.proxy.resolution, seed=plan.proxy.seed)
    with _on_disk(plan.folder), held(plan.folder):
        storage = open_storage(plan.storage, plan.folder, writing=True)
        record = StudyRecord(storage, plan.folder.name, feasible.decisions)
        record.agree(_settings(plan, space, faces))
        record.claim(plan.folder)
        yield Session(plan, feasible, faces, record, record.recover())


@contextmanager
def _on_disk(folder: Path) -> Iterator[None]:
    """A full or failing disk is the user's to mend: what is stored so far stays, and the search goes on from there."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StudyError(
            f"{folder}: cannot be written: {error.strerror}; the same command goes on once it can"
        ) from None


def _check_square(space: SearchSpace) -> None:
    """A proxy sees square pictures of its own resolution: a space that varies the input would train one network twice."""
    height, width = space.height.options, space.width.options
    if len(height) > 1 or height != width:
        rule = "input must be square and of one size for proxy trials"
        raise StudyError(f"{space.source}: {rule}, got height {list(height)} and width {list(width)}")


def _settings(plan: SearchPlan, space: SearchSpace, faces: FaceData) -> dict[str, Any]:
    """What trials must share to be compared; the number of trials and of workers may change from run to run."""
    bare = repr(replace(space, source="", name=""))
    return {
        "budget": plan.budget.setting(),
        "space": f"{space.name or plan.space} {hashlib.sha256(bare.encode()).hexdigest()[:12]}",
        "data": f"{faces.description} {faces.fingerprint}",
        "resolution": plan.proxy.resolution,
        "epochs": plan.proxy.recipe.epochs,
        "recipe": asdict(plan.proxy.recipe),
        "pairs": plan.proxy.pairs,
        "seed": plan.proxy.seed,
    }
