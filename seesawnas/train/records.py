"""What a training tells as it goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochRecord:
    """One epoch: its number from 1, of how many, mean loss, last learning rate, seconds and images seen."""

    epoch: int
    epochs: int
    loss: float
    learning_rate: float
    seconds: float
    images: int


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step: how many there were in all, of how many, its loss and learning rate, and what could not be read."""

    step: int
    steps: int
    loss: float
    learning_rate: float
    images: int
    unreadable: tuple[tuple[int, str], ...] = ()
