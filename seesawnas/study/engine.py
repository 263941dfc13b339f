"""The seam between the study and what runs its trials.

An engine takes jobs and gives back events. It keeps nothing that matters: the study is the only truth, and an engine may be
thrown away at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from seesawnas.study.trial import Measurement, TrialJob
from seesawnas.train import EpochRecord


@dataclass(frozen=True, slots=True)
class Progressed:
    """A trial finished an epoch."""

    number: int
    record: EpochRecord


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


EngineEvent: TypeAlias = Progressed | Finished | Failed | Lost


class Engine(Protocol):
    """Runs up to ``capacity`` jobs at a time."""

    @property
    def capacity(self) -> int:
        """How many jobs it holds at once."""
        ...

    def submit(self, job: TrialJob) -> None:
        """Start a job; never more than ``capacity`` at a time."""
        ...

    def next_event(self) -> EngineEvent:
        """Wait for the next event of any job."""
        ...

    def close(self) -> None:
        """Stop every job at once; nothing of them is kept."""
        ...
