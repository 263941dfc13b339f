"""When a study has enough."""

from __future__ import annotations

from dataclasses import dataclass

from optuna.trial import TrialState

from seesawnas.errors import StudyError
from seesawnas.study.record import StudyRecord


@dataclass(frozen=True, slots=True)
class StopRules:
    """The first rule that holds ends the study.

    trials: finished trials it shall hold; patience: finished trials since the best one; target: quality reached by a
    complete trial. After these, trials under way are finished. seconds: of this run of the study; then trials under way
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
            return f"{self.trials} trials"
        if self.patience is None and self.target is None:
            return None
        complete = record.trials(TrialState.COMPLETE)
        best = max(complete, key=lambda trial: (trial.values[0], -trial.number), default=None)
        if best is None:
            return None
        if self.target is not None and best.values[0] >= self.target:
            return f"trial {best.number} reached {best.values[0]:.4f}"
        if self.patience is not None and record.finished_after(best) >= self.patience:
            return f"no improvement in {self.patience} trials since trial {best.number}"
        return None
