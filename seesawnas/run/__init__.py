"""A full training, in a folder of its own: checkpoints that survive a kill, logs, scores, and the trained network."""

from seesawnas.run.events import Completed, EpochDone, Halted, Resumed, RunEvent, Stepped
from seesawnas.run.plan import TrainPlan, default_folder
from seesawnas.run.scores import Benchmark, read_benchmark
from seesawnas.run.session import Session, opened

__all__ = [
    "Benchmark",
    "Completed",
    "EpochDone",
    "Halted",
    "Resumed",
    "RunEvent",
    "Session",
    "Stepped",
    "TrainPlan",
    "default_folder",
    "opened",
    "read_benchmark",
]
