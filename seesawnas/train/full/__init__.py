"""A full training in a folder of its own: checkpoints, logs, scores and the trained network.

The checkpoints survive a kill.
"""

from typing import TYPE_CHECKING

from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from seesawnas.train.full.benchmarks import Benchmark, read_benchmark
    from seesawnas.train.full.events import (
        Completed,
        EpochDone,
        GenerationStarted,
        Interrupted,
        Resumed,
        RunEvent,
        Stepped,
        TeacherEmbedded,
        TeacherEvent,
        TeacherNoted,
        TeacherReady,
        Validated,
    )
    from seesawnas.train.full.plan import TrainPlan, default_folder
    from seesawnas.train.full.session import Session, opened
else:
    __getattr__ = lazy_exports(__name__)

__all__ = [
    "Benchmark",
    "Completed",
    "EpochDone",
    "GenerationStarted",
    "Interrupted",
    "Resumed",
    "RunEvent",
    "Session",
    "Stepped",
    "TeacherEmbedded",
    "TeacherEvent",
    "TeacherNoted",
    "TeacherReady",
    "TrainPlan",
    "Validated",
    "default_folder",
    "opened",
    "read_benchmark",
]
