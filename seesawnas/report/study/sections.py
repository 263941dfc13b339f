"""What of a study is an ablation, and what of it cannot be shown, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from seesawnas.ablation import AblationResult, read_ablation
from seesawnas.errors import StudyError
from seesawnas.study import StudyView, trial_spec

MOST_NOTES = 20
"""Notes that a page or a screen shows; JSON and CSV have them all."""


def ablation_of(study: StudyView) -> AblationResult | None:
    """What an ablation found, where the study is one and says so in a way that can be read."""
    try:
        return read_ablation(study.name, study.attributes, study.trials)
    except StudyError:
        return None


def notes_of(study: StudyView, numbers: Collection[int] = ()) -> tuple[str, ...]:
    """What of a study cannot be shown, and why, a line each; of trials ``numbers`` also what is wrong with the network."""
    notes = list(study.notes)
    try:
        read_ablation(study.name, study.attributes, study.trials)
    except StudyError as error:
        notes.append(f"{error}; its trainings are shown one by one")
    for trial in study.trials:
        if trial.number in numbers:
            try:
                trial_spec(trial)
            except StudyError as error:
                notes.append(f"{error}; its network cannot be drawn or built")
    return tuple(notes)


def some_notes(notes: Sequence[str]) -> tuple[str, ...]:
    """As many notes as a person reads, then how many more there are."""
    more = len(notes) - MOST_NOTES
    return (*notes[:MOST_NOTES], *([f"and {more} more like these"] if more > 0 else []))
