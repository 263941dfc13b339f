"""``StudyReport``: a study and everything that reports show of it.

It is gathered once for HTML, Markdown, CSV and JSON alike.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from seesawnas.ablation import AblationResult, verdict_words
from seesawnas.analysis.importance import Importance, importance_of
from seesawnas.analysis.importance_text import importance_words
from seesawnas.errors import StudyError
from seesawnas.report.study.ablation import ablation_sentences
from seesawnas.report.study.frame import trials_frame
from seesawnas.report.study.notes import taught_words
from seesawnas.report.study.ranking import Ranking, progress_words, ranking_of
from seesawnas.report.study.sections import find_ablation, notes_of
from seesawnas.report.study.summary import (
    budget_words,
    run_facts,
    runs_of,
    settings_mapping,
    study_file,
    summary,
)
from seesawnas.study import StudyView, TrialState
from seesawnas.study.record.distillation import stored_distillation
from seesawnas.study.record.starts import STATES


@dataclass(frozen=True)
class StudyReport:
    """A study and what reports show of it; ``ref`` is what commands call the study."""

    study: StudyView
    ref: str
    ablation: AblationResult | None = None
    given: Importance | None = None
    judges: bool = False
    """Whether it works out the importance of decisions, if none is given."""

    @classmethod
    def of(cls, study: StudyView, ref: str) -> StudyReport:
        """The report of a study.

        Raises:
            StudyError: If the study is not one of networks.
        """
        if study.trials and not study.is_shipped:
            raise StudyError(
                f"study {study.name}: must contain trials of seesawnas, got trials of another "
                "program"
            )
        return cls(study, ref, find_ablation(study), judges=True)

    @cached_property
    def importance(self) -> Importance | None:
        """How much each decision matters, if that is known.

        Computed only for formats that show it.
        """
        is_wanted = self.judges and self.given is None and self.ablation is None
        return importance_of(self.study) if is_wanted else self.given

    @cached_property
    def importance_sentences(self) -> tuple[str, ...] | None:
        """The importance of decisions in words."""
        return None if self.importance is None else importance_words(self.importance)

    @cached_property
    def ranking(self) -> Ranking:
        """Complete trials, best first."""
        return ranking_of(self.study)

    @property
    def is_ranked(self) -> bool:
        """Whether it has a best network: of an ablation no single training is."""
        return self.ablation is None and bool(self.ranking.lines)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The summary.

        An ablation's is of its networks over their seeds, not of the best single training.
        """
        taught = [one for one in [taught_words(self.study)] if one is not None]
        if self.ablation is not None:
            return (
                progress_words(self.study),
                *taught,
                *ablation_sentences(self.ablation),
                *verdict_words(self.ablation),
            )
        return (*summary(self.study, self.ranking), *taught)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What of the study cannot be shown, and why, one line each."""
        return notes_of(self.study, [line.row.number for line in self.ranking.lines[:1]])

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row per trial."""
        return trials_frame(self.study, self.ranking)

    @cached_property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What was run."""
        return tuple(run_facts(self.study))

    @cached_property
    def study_file(self) -> str | None:
        """What runs it again."""
        return study_file(self.study)

    def to_mapping(self) -> dict[str, Any]:
        """JSON values with stable keys.

        :func:`seesawnas.report.pages.text.report_json` documents them.
        """
        states = Counter(trial.state for trial in self.study.trials)
        trials = {trial.number: trial for trial in self.study.trials}
        failed = [trial for trial in self.study.trials if trial.state is TrialState.FAIL]
        stopped = [trial for trial in self.study.trials if trial.state is TrialState.PRUNED]
        return {
            "study": self.study.name,
            "objectives": list(self.study.sought.names),
            "summary": list(self.sentences),
            "notes": list(self.notes),
            "budget": budget_words(self.study),
            "trials": {word: states[state] for state, word in STATES.items()},
            "ranking": [
                {
                    "rank": line.rank if self.ranking.is_ranked else None,
                    "pareto": line.on_front,
                    **line.row.to_mapping(),
                    "spec": trials[line.row.number].user_attrs["spec"],
                }
                for line in self.ranking.lines
            ],
            "pareto": [line.row.number for line in self.ranking.front],
            "stopped": [
                _ended(trial.number, trial.user_attrs, ("stopped_after", "accuracy", "auc"))
                for trial in stopped
            ],
            "failed": [_ended(trial.number, trial.user_attrs, ("reason",)) for trial in failed],
            "settings": settings_mapping(self.study),
            "distillation": stored_distillation(self.study.attributes),
            "runs": runs_of(self.study),
            "study_file": self.study_file,
            "ablation": None if self.ablation is None else self.ablation.to_mapping(),
            "importance": None
            if self.importance_sentences is None
            else list(self.importance_sentences),
        }


def _ended(number: int, attrs: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "number": number,
        "digest": attrs.get("digest"),
        **{name: attrs.get(name) for name in names},
    }
