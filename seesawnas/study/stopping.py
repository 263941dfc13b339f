"""When a study has enough."""

from __future__ import annotations

from dataclasses import dataclass

from optuna.trial import TrialState

from seesawnas.errors import StudyError
from seesawnas.study.record.record import FINISHED, StudyRecord
from seesawnas.text import several

FAILED_IN_A_ROW = 20
"""So many failed trials, one after another, say that the next one fails too."""


@dataclass(frozen=True, slots=True)
class StopRules:
    """The first rule that holds ends the study.

    trials: finished trials it shall hold; patience: finished trials since the best one, or in all where none is complete;
    target: quality reached by a complete trial, or, where no number of trials is given, given up after
    :data:`FAILED_IN_A_ROW`. After these, trials under way are finished. seconds: of this run of the study; then trials under way
    wait for the next run.
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
        """Why no further trial should begin; None where one should. ``running`` ones are as good as finished."""
        if self.trials is not None and record.finished + running >= self.trials:
            return several(self.trials, "trial")
        if self.patience is None and self.target is None:
            return None
        return self._best(record) or self._failing(record)

    def _best(self, record: StudyRecord) -> str | None:
        complete = record.trials(TrialState.COMPLETE)
        best = max(complete, key=lambda trial: (trial.values[0], -trial.number), default=None)
        if best is None:
            tried = self.patience is not None and record.finished >= self.patience
            return f"no complete trial among {record.finished}" if tried else None
        if self.target is not None and best.values[0] >= self.target:
            return f"trial {best.number} reached {best.values[0]:.4f}"
        if self.patience is not None and record.finished_after(best) >= self.patience:
            return f"no improvement in {several(self.patience, 'trial')} since trial {best.number}"
        return None

    def _failing(self, record: StudyRecord) -> str | None:
        """Nobody waits for a target through a whole space of failures; patience and trials have ends of their own."""
        if self.target is None or self.patience is not None or self.trials is not None:
            return None
        if len(record.trials(TrialState.FAIL)) < FAILED_IN_A_ROW:
            return None
        latest = record.trials(*FINISHED)[-FAILED_IN_A_ROW:]
        if any(trial.state is not TrialState.FAIL for trial in latest):
            return None
        return f"the last {FAILED_IN_A_ROW} trials failed; --trials goes on"
