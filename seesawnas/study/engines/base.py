"""The interface between a study and what runs its trials.

An engine takes jobs and returns events. It holds no state: all state is in the study, and an engine
may stop at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from seesawnas.data import FaceData
from seesawnas.errors import SeesawnasError
from seesawnas.study.trial import Measurement, TrialEpoch, TrialJob, run_trial


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """A trial finished an epoch that is not its last, and waits for ``proceed`` or ``stop``."""

    number: int
    epoch: TrialEpoch


@dataclass(frozen=True, slots=True)
class Finished:
    """A trial finished."""

    number: int
    measurement: Measurement


@dataclass(frozen=True, slots=True)
class Failed:
    """A trial ended by its own fault, such as divergence; running it again would end the same."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A trial's worker died under it; it may be run again."""

    number: int
    reason: str


EngineEvent: TypeAlias = EpochFinished | Finished | Failed | Lost


class Engine(Protocol):
    """Runs up to ``capacity`` jobs at a time."""

    @property
    def capacity(self) -> int:
        """How many jobs it holds at once; it may change while nodes come and go."""
        ...

    def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
        """Start a job, from ``checkpoint`` if there is one.

        There are never more than ``capacity`` jobs at a time.
        """
        ...

    def next_event(self, timeout: float | None = None) -> EngineEvent | None:
        """Wait for the next event of any job; None if there is none within ``timeout`` seconds."""
        ...

    def proceed(self, number: int) -> None:
        """Answer an ``EpochFinished``: train the next epoch."""
        ...

    def stop(self, number: int) -> None:
        """End a job now, with or without its consent; no further event of it comes."""
        ...

    def close(self) -> None:
        """Stop every job at once; nothing of them is kept."""
        ...


def run_job_events(
    job: TrialJob, faces: FaceData, checkpoint: bytes | None
) -> Iterator[EngineEvent]:
    """Run a job where a worker is; whatever a trial raises is its own failure."""
    try:
        for step in run_trial(job, faces, checkpoint):
            yield (
                Finished(job.number, step)
                if isinstance(step, Measurement)
                else EpochFinished(job.number, step)
            )
    except SeesawnasError as error:
        yield Failed(job.number, str(error))
    except Exception as error:  # a bug in a network or a kernel ends its trial, not the search
        yield Failed(job.number, f"{type(error).__name__}: {error}".splitlines()[0])


class InlineEngine:
    """Runs each epoch when its event is asked for. A hang hangs the study, and a crash ends it."""

    capacity = 1

    def __init__(self, faces: FaceData) -> None:
        self._faces = faces
        self._events: Iterator[EngineEvent] = iter(())

    def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
        """Take the job; it runs in ``next_event``."""
        self._events = run_job_events(job, self._faces, checkpoint)

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
