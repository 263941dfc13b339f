"""The interface of samplers.

``Sampler`` proposes trials, ``History`` is the finished trials that it learns from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from seesawnas.space import Assignment


@dataclass(frozen=True, slots=True)
class Past:
    """A trial as samplers see it.

    Attributes:
        losses: One number per objective, every one to be kept down (a quality is negated); empty
            unless the trial is complete.
        curve: Loss of the quality after each epoch that was reported.
    """

    number: int
    assignment: Assignment
    losses: tuple[float, ...] = ()
    curve: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """A study's trials that lie in its space and were judged by its proxy, by state.

    Each state's are in the order of their numbers. Failed trials are left out: most failures are
    those of a machine, and the few that are a network's own say nothing of how good it is.

    Attributes:
        pruned: Trials that were stopped early.
        pending: Trials that wait or run.
    """

    complete: tuple[Past, ...]
    pruned: tuple[Past, ...] = ()
    pending: tuple[Past, ...] = ()
    objectives: int = 1


class Sampler(Protocol):
    """Proposes networks of a feasible set.

    A sampler may remember what is expensive to work out, but what it proposes is a function of the
    history and of ``rng`` alone: a study that is resumed with a new sampler goes on as it would
    have with the old one.
    """

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """Feasible networks without end, the most wanted first.

        At least one trial of ``history`` is complete. The caller takes the first that its study
        does not hold.
        """
        ...
