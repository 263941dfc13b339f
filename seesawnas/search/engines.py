"""The engines by name: what a plan says of where its trials run, as something that runs them."""

from __future__ import annotations

from collections.abc import Callable

from seesawnas.data import FaceData
from seesawnas.search.plan import EngineSettings
from seesawnas.study import Engine, InlineEngine, LocalEngine, RayEngine

ENGINES: dict[str, Callable[[FaceData, EngineSettings], Engine]] = {
    "ray": lambda faces, settings: _ray(faces, settings),
    "local": lambda faces, settings: LocalEngine(faces, settings.local_workers),
    "inline": lambda faces, settings: InlineEngine(faces),
}


def started(settings: EngineSettings, faces: FaceData) -> Engine:
    """The engine of ``settings``, with ``faces`` where its workers are."""
    return ENGINES[settings.kind](faces, settings)


def _ray(faces: FaceData, settings: EngineSettings) -> Engine:
    return RayEngine(
        faces,
        settings.workers,
        cpus=1.0 if settings.cpus_per_trial is None else settings.cpus_per_trial,
        gpus=settings.gpus_per_trial or 0.0,
        address=settings.ray_address,
    )
