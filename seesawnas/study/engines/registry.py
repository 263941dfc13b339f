"""The engines by name: from a plan's settings to the engine that runs its trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeAlias

from seesawnas.data import FaceData
from seesawnas.errors import StudyError
from seesawnas.study.engines.base import Engine, InlineEngine
from seesawnas.study.engines.local import LocalEngine
from seesawnas.study.engines.ray.cluster import check_cluster
from seesawnas.study.engines.ray.engine import RayEngine

DEFAULT_WORKERS = 2
EngineFactory: TypeAlias = Callable[[FaceData], Engine]
"""Makes an engine that has these faces where its workers are."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What runs the trials, and on what.

    ``workers`` is how many run at a time; None leaves a setting to the engine.
    """

    kind: str = "ray"
    workers: int | None = None
    cpus_per_trial: float | None = None
    gpus_per_trial: float | None = None
    ray_address: str | None = None

    @property
    def local_workers(self) -> int:
        """Processes of the local engine."""
        return DEFAULT_WORKERS if self.workers is None else self.workers

    @property
    def at_a_time(self) -> int | None:
        """Trials at a time; None if that is as many as fit."""
        match self.kind:
            case "local":
                return self.local_workers
            case "inline":
                return 1
        return self.workers

    @property
    def copies(self) -> int:
        """How many times this machine holds faces that no file maps: the driver, its workers."""
        match self.kind:
            case "local":
                return 1 + self.local_workers
            case "inline":
                return 1
        return 2  # the driver's, and Ray's object store


ENGINES: dict[str, Callable[[FaceData, EngineSettings], Engine]] = {
    "ray": lambda faces, settings: _ray(faces, settings),
    "local": lambda faces, settings: LocalEngine(faces, settings.local_workers),
    "inline": lambda faces, settings: InlineEngine(faces),
}
"""What makes the engine of each name.

Another engine in place of one here is what every plan of that name runs on.
"""


def engine_factory(settings: EngineSettings) -> EngineFactory:
    """What makes the engine of ``settings``."""
    return lambda faces: ENGINES[settings.kind](faces, settings)


def check_engine(engine: EngineSettings) -> None:
    """Check that the engine can run here.

    Raises:
        StudyError: If Ray is not installed, or if there is no such cluster.
    """
    if engine.kind == "ray" and find_spec("ray") is None:
        raise StudyError("engine ray requires Ray: pip install 'ray[tune]'")
    if engine.ray_address is not None:
        check_cluster(engine.ray_address)


def _ray(faces: FaceData, settings: EngineSettings) -> Engine:
    return RayEngine(
        faces,
        settings.workers,
        cpus=1.0 if settings.cpus_per_trial is None else settings.cpus_per_trial,
        gpus=settings.gpus_per_trial or 0.0,
        address=settings.ray_address,
    )
