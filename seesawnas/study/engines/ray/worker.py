"""What runs at a worker under Ray Tune: one trainable, which outlives its trials.

Its step is one epoch. It holds no state: the checkpoint of every epoch goes to the driver with the
epoch's result.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import ray
from ray import tune

from seesawnas.data import FaceData
from seesawnas.study.engines.base import EngineEvent
from seesawnas.study.trial import TrialJob

RunTrial: TypeAlias = Callable[[TrialJob, FaceData, bytes | None], Iterator[EngineEvent]]

TICKET, EVENT = "ticket", "event"


class Ticket:
    """A job's place in the object store, until it is released.

    Tune copies and keeps every configuration: of a ticket there is one, and with nothing behind it
    once its job has ended.
    """

    def __init__(self, job: TrialJob, checkpoint: bytes | None) -> None:
        self.number = job.number
        self.ref: Any = ray.put((job, checkpoint))

    def release(self) -> None:
        """Let the object store forget the job."""
        self.ref = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Ticket:
        return self

    def __repr__(self) -> str:
        return str(self.number)


class TrialWorker(tune.Trainable):
    """Runs one job after the other, on faces that each node holds once."""

    def setup(
        self,
        config: dict[str, Any],
        faces: FaceData | None = None,
        threads: int = 1,
        run: RunTrial | None = None,
    ) -> None:
        """Be given the faces, and the first job."""
        import torch

        assert faces is not None
        assert run is not None
        torch.set_num_threads(threads)
        # The node's workers share the pixels, so they cannot be written to; nobody does.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        self._faces, self._run = faces, run
        self._begin()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Be given the next job."""
        self._begin()
        return True

    def step(self) -> dict[str, Any]:
        """An epoch, or the end."""
        return {EVENT: next(self._events)}

    def _begin(self) -> None:
        # Taken out: Tune would send the configuration back with every result.
        job, checkpoint = ray.get(self.config.pop(TICKET).ref)
        self._events = self._run(job, self._faces, checkpoint)
