"""When a study has enough, and which of its trials stop early.

Trials are stopped by asynchronous successive halving (ASHA; Li et al., 2020), decided where the
study is: at ``first`` epochs, ``first * factor``, ``first * factor**2`` and so on, a trial
continues if it is among the best 1/``factor`` of those that came so far. Optuna's pruner decides,
on a study in memory with the quality as its one objective: so it serves studies of several
objectives, which Optuna itself refuses, and it can be made again from the stored curves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import optuna
from optuna.pruners import SuccessiveHalvingPruner
from optuna.trial import FrozenTrial, TrialState

from seesawnas.errors import StudyError
from seesawnas.study.record.record import FINISHED, StudyRecord
from seesawnas.text import several

FAILED_IN_A_ROW = 20
"""After this number of failed trials in a row, the next one is expected to fail, too."""


@dataclass(frozen=True, slots=True)
class StopRules:
    """When a study ends: by the first rule that holds.

    After ``trials``, ``patience`` and ``target``, running trials are finished; after ``seconds``,
    they wait for the next run.

    Attributes:
        trials: Finished trials it shall hold.
        patience: Finished trials since the best one, or in all if none is complete.
        target: Quality reached by a complete trial; if no number of trials is given, given up after
            :data:`FAILED_IN_A_ROW`.
        seconds: Of this run of the study.
    """

    trials: int | None = None
    seconds: float | None = None
    patience: int | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        limits = (("trials", self.trials), ("time", self.seconds), ("patience", self.patience))
        for name, value in limits:
            if value is not None and value <= 0:
                raise StudyError(f"{name} must be positive, got {value}")

    def reason(self, record: StudyRecord, running: int) -> str | None:
        """Why no further trial should begin; None if one should.

        ``running`` trials count as finished.
        """
        if self.trials is not None and record.finished + running >= self.trials:
            return several(self.trials, "trial")
        if self.patience is None and self.target is None:
            return None
        return self._best(record) or self._failing(record)

    def is_over(self, record: StudyRecord) -> bool:
        """Whether no trial of a study that runs none would begin, nor one that waits go on."""
        is_full = self.trials is not None and record.finished >= self.trials
        waits = bool(record.trials(TrialState.WAITING))
        return is_full or (not waits and self.reason(record, 0) is not None)

    def _best(self, record: StudyRecord) -> str | None:
        complete = record.trials(TrialState.COMPLETE)
        best = max(complete, key=lambda trial: (trial.values[0], -trial.number), default=None)
        if best is None:
            tried = self.patience is not None and record.finished >= self.patience
            return f"no complete trial in {several(record.finished, 'trial')}" if tried else None
        if self.target is not None and best.values[0] >= self.target:
            return f"trial {best.number} reached {best.values[0]:.4f}"
        if self.patience is not None and record.finished_after(best) >= self.patience:
            return f"no improvement in {several(self.patience, 'trial')} since trial {best.number}"
        return None

    def _failing(self, record: StudyRecord) -> str | None:
        """Whether a search with only a target must give up.

        It must not go through a whole space of failures. Other rules end by themselves.
        """
        if self.target is None or self.patience is not None or self.trials is not None:
            return None
        if len(record.trials(TrialState.FAIL)) < FAILED_IN_A_ROW:
            return None
        latest = record.trials(*FINISHED)[-FAILED_IN_A_ROW:]
        if any(trial.state is not TrialState.FAIL for trial in latest):
            return None
        return f"the last {FAILED_IN_A_ROW} trials failed; give --trials to continue"


@dataclass(frozen=True, slots=True)
class Asha:
    """At which epochs trials are judged, and how many continue."""

    first: int = 2
    factor: int = 2

    def __post_init__(self) -> None:
        if self.first < 1:
            raise StudyError(f"early stopping must have a FIRST of at least 1, got {self.first}")
        if self.factor < 2:
            raise StudyError(f"early stopping must have a FACTOR of at least 2, got {self.factor}")


class AshaPruner:
    """Knows the curves of a study and decides which trial stops."""

    def __init__(self, halving: Asha) -> None:
        pruner = SuccessiveHalvingPruner(
            min_resource=halving.first, reduction_factor=halving.factor
        )
        self._study = optuna.create_study(direction="maximize", pruner=pruner)
        self._trials: dict[int, optuna.Trial] = {}
        self._seen: set[tuple[int, int]] = set()

    def replay(self, trials: Iterable[FrozenTrial]) -> None:
        """Add the curves that a study has."""
        for trial in trials:
            for epoch, value in sorted(trial.intermediate_values.items()):
                self.stops(trial.number, epoch, value)

    def stops(self, number: int, epoch: int, value: float) -> bool:
        """Whether trial ``number``, at ``value`` after ``epoch`` epochs, should stop.

        A repeated epoch counts once.
        """
        if (number, epoch) in self._seen:
            return False
        self._seen.add((number, epoch))
        if number not in self._trials:
            self._trials[number] = self._study.ask()
        self._trials[number].report(value, epoch)
        return self._trials[number].should_prune()
