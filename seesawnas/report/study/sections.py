"""The ablation of a study, and notes on what cannot be shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from seesawnas.ablation import AblationResult, read_ablation
from seesawnas.errors import StudyError
from seesawnas.study import StudyView, trial_spec

MAX_NOTES = 20
"""Notes that a page or a screen shows; JSON and CSV have them all."""


def find_ablation(study: StudyView) -> AblationResult | None:
    """The result of an ablation, if the study is one and can be read."""
    try:
        return read_ablation(study.name, study.attributes, study.trials)
    except StudyError:
        return None


def notes_of(study: StudyView, numbers: Collection[int] = ()) -> tuple[str, ...]:
    """What of a study cannot be shown, and why, one line each.

    For the trials ``numbers``, also what is wrong with the network.
    """
    notes = list(study.notes)
    try:
        read_ablation(study.name, study.attributes, study.trials)
    except StudyError as error:
        notes.append(f"{error}; its training runs are listed individually")
    for trial in study.trials:
        if trial.number in numbers:
            try:
                trial_spec(trial)
            except StudyError as error:
                notes.append(f"{error}; its network cannot be drawn or built")
    return tuple(notes)


def limit_notes(notes: Sequence[str]) -> tuple[str, ...]:
    """The first notes, then how many more there are."""
    more = len(notes) - MAX_NOTES
    return (*notes[:MAX_NOTES], *([f"and {more} similar notes"] if more > 0 else []))
