"""Which networks a search trains again: those that its trials, taken together, say are the best.

One training of a network is a noisy measurement. So the networks of repeats and leaders are chosen
by their scores, smoothed by a model of all trials, of which a quarter of what the model leaves
unexplained is kept. On measured networks that ranks better from some sixty trials on
(studies/lfw_smoothing). What is shown of a trial, and what networks are ranked by, stays what was
measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seesawnas.analysis.smoothing import ridge
from seesawnas.search.samplers import Past, Recorded
from seesawnas.space import Decision
from seesawnas.study import ResultRow, StudyRecord

LEAST_TRIALS = 60
"""Complete trials of the space from which on their scores are smoothed."""
OWN = 0.25
"""The share of what the model leaves unexplained that is the network's own."""
BEST, RECENT = 300, 700
"""Trials that are modelled of a longer search, since the cost grows with the cube of their number.
None of the others is among the best by its own score."""
SMOOTHS = "smooths"
"""The attribute of studies that choose so. Those of earlier versions do not have it: whoever
resumes one would train other networks again."""


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedScores:
    """The scores of a search's trials, smoothed.

    Attributes:
        values: By the number of the trial.
        r2: Of what the model of the other trials predicts for each, above 0.
    """

    values: Mapping[int, float]
    r2: float

    def of(self, trial: int, measured: float) -> float:
        """The smoothed score of a trial.

        One that is not modelled, such as a point outside the space, keeps what was ``measured``.
        """
        return self.values.get(trial, measured)

    def best_first(self, rows: Sequence[ResultRow]) -> list[ResultRow]:
        """``rows``, those that were repeated first and in their order, then by smoothed scores."""
        repeated = [row for row in rows if row.repeats is not None]
        others = [row for row in rows if row.repeats is None]
        return repeated + sorted(others, key=lambda row: -self.of(row.number, row.value))

    @property
    def words(self) -> str:
        """In one line, what chooses the networks."""
        return (
            "Networks to train again are chosen by scores that a model of "
            f"{len(self.values)} trials smooths (R2 {self.r2:.2f})."
        )

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values: how many trials the model knows, and its R^2."""
        return {"trials": len(self.values), "r2": self.r2}


def keep_smoothing(record: StudyRecord) -> None:
    """Let a study without trials choose by smoothed scores; another goes on as it began."""
    if not len(record):
        record.study.set_user_attr(SMOOTHS, True)


def smooth(record: StudyRecord, decisions: Iterable[Decision]) -> SmoothedScores | None:
    """The smoothed scores of the search of ``record``.

    Returns:
        None if it ranks by what was measured alone: if it has several objectives, too few trials,
        or options that predict nothing, or if an earlier version began it.
    """
    if record.objectives.costs or not record.study.user_attrs.get(SMOOTHS):
        return None
    past = _modelled(Recorded(decisions).read(record).complete)
    if len(past) < LEAST_TRIALS:
        return None
    found = ridge(
        [trial.assignment for trial in past],
        np.array([-trial.losses[0] for trial in past]),
        own=OWN,
    )
    if not found.r2 > 0:
        return None
    values = zip(past, found.values.tolist(), strict=True)
    return SmoothedScores({trial.number: value for trial, value in values}, found.r2)


def _modelled(past: Sequence[Past]) -> list[Past]:
    """The best trials and the latest ones, in their order."""
    best = sorted(range(len(past)), key=lambda place: past[place].losses)[:BEST]
    recent = range(max(0, len(past) - RECENT), len(past))
    return [past[place] for place in sorted({*best, *recent})]
