"""Early stopping by asynchronous successive halving (ASHA; Li et al., 2020), decided where the study is.

At ``first`` epochs, ``first * factor``, ``first * factor**2`` and so on, a trial goes on where it is among the best
1/``factor`` of those that came so far. Optuna's pruner decides, on a study in memory with the quality as its one objective:
so it serves studies of several objectives, where Optuna itself refuses, and it can be made again from the stored curves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import optuna
from optuna.pruners import SuccessiveHalvingPruner
from optuna.trial import FrozenTrial

from seesawnas.errors import StudyError


@dataclass(frozen=True, slots=True)
class Halving:
    """Where trials are judged, in epochs, and how many go on."""

    first: int = 2
    factor: int = 2

    def __post_init__(self) -> None:
        if self.first < 1:
            raise StudyError(f"early stopping must begin at epoch 1 or later, got {self.first}")
        if self.factor < 2:
            raise StudyError(f"early stopping must keep one in 2 or fewer, got one in {self.factor}")


class Judge:
    """Knows the curves of a study and says which trial stops."""

    def __init__(self, halving: Halving) -> None:
        pruner = SuccessiveHalvingPruner(min_resource=halving.first, reduction_factor=halving.factor)
        self._study = optuna.create_study(direction="maximize", pruner=pruner)
        self._trials: dict[int, optuna.Trial] = {}
        self._seen: set[tuple[int, int]] = set()

    def replay(self, trials: Iterable[FrozenTrial]) -> None:
        """Take in the curves that a study holds."""
        for trial in trials:
            for epoch, value in sorted(trial.intermediate_values.items()):
                self.stops(trial.number, epoch, value)

    def stops(self, number: int, epoch: int, value: float) -> bool:
        """Whether trial ``number``, at ``value`` after ``epoch`` epochs, should stop. An epoch told again counts once."""
        if (number, epoch) in self._seen:
            return False
        self._seen.add((number, epoch))
        if number not in self._trials:
            self._trials[number] = self._study.ask()
        self._trials[number].report(value, epoch)
        return self._trials[number].should_prune()
