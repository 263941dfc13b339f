"""The inline engine: trials in the driver's own process, one at a time, where a debugger can step into them."""

from __future__ import annotations

from collections.abc import Iterator

from seesawnas.data import FaceData
from seesawnas.study.engine import EngineEvent, events_of
from seesawnas.study.trial import TrialJob


class InlineEngine:
    """Runs each epoch when its event is asked for. A hang hangs the study, and a crash ends it."""

    capacity = 1

    def __init__(self, faces: FaceData) -> None:
        self._faces = faces
        self._events: Iterator[EngineEvent] = iter(())

    def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
        """Take the job; it runs in ``next_event``."""
        self._events = events_of(job, self._faces, checkpoint)

    def next_event(self, timeout: float | None = None) -> EngineEvent | None:
        """Train until the job's next event, however long it takes."""
        return next(self._events)

    def proceed(self, number: int) -> None:
        """Nothing to do: the next event is the next epoch."""

    def stop(self, number: int) -> None:
        """Forget the job."""
        self._events = iter(())

    def close(self) -> None:
        """Forget the job."""
        self._events = iter(())
