"""What a training tells as it goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochRecord:
    """One epoch: its number from 1, of how many, mean loss, last learning rate, seconds and the images seen in these.

    Where the epoch went on from a checkpoint, seconds and images are of what was left of it; the loss is of all its steps.
    """

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
