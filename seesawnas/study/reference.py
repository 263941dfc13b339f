"""REFs into studies: ``search_150m:12`` is trial 12 of runs/search_150m, ``search_150m:best`` its best.

The best is the first of the ranking: by repeats where there are any.
"""

from __future__ import annotations

import re
from dataclasses import replace

import optuna
from optuna.trial import FrozenTrial, TrialState

from seesawnas.errors import StudyError
from seesawnas.space import Published, SearchPoint
from seesawnas.study.proposal import trial_spec
from seesawnas.study.repeats import Repeats, best_trial, read_repeats
from seesawnas.study.store import open_storage, study_folder
from seesawnas.wording import short

_MOST_DIGITS = 15
_FORM = re.compile(r"(?P<study>.+):(?P<trial>[0-9]+|best)")


def trial_point(ref: str, storage: str | None = None) -> SearchPoint | None:
    """The network of the trial that ``ref`` names, None where ``ref`` is not of that form. Raises StudyError."""
    match = _FORM.fullmatch(ref)
    if match is None:
        return None
    if len(match["trial"]) > _MOST_DIGITS:
        raise StudyError(f"{match['study']}: must be followed by a trial's number or best, got {short(match['trial'])}")
    trials, repeats = _stored(match["study"], storage)
    trial = _pick(trials, repeats, match["trial"], ref)
    spec = replace(trial_spec(trial), name=f"{match['study']}:{trial.number}")
    return SearchPoint(spec, Published(None, None, {}, ""), {}, ())


def _stored(name: str, storage: str | None) -> tuple[list[FrozenTrial], dict[str, Repeats]]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = study_folder(name)
    opened = open_storage(storage, folder, writing=False)
    try:
        trials = optuna.load_study(study_name=folder.name, storage=opened).get_trials(deepcopy=False)
    except KeyError:
        raise StudyError(f"{folder}: there is no study of this name in its storage") from None
    return trials, read_repeats(opened, folder.name)


def _pick(trials: list[FrozenTrial], repeats: dict[str, Repeats], which: str, ref: str) -> FrozenTrial:
    if which == "best":
        done = [trial for trial in trials if trial.state is TrialState.COMPLETE and "accuracy" in trial.user_attrs]
        if not done:
            raise StudyError(f"{ref}: no trial is complete yet")
        return best_trial(done, repeats)
    if int(which) >= len(trials):
        raise StudyError(f"{ref}: must be a trial below {len(trials)}, got {which}")
    return trials[int(which)]
