"""REFs into studies: ``search_150m:12`` is trial 12 of runs/search_150m, ``search_150m:best`` its best.

The best is the first of the ranking: by repeats where there are any.
"""

from __future__ import annotations

import re
from dataclasses import replace

from optuna.trial import FrozenTrial, TrialState

from seesawnas.errors import StudyError
from seesawnas.space import Published, SearchPoint
from seesawnas.study.dashboard_json import StudyView
from seesawnas.study.proposal import trial_spec
from seesawnas.study.repeats import best_trial
from seesawnas.study.view import find_study
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
    study = find_study(match["study"], storage).view()
    trial = _pick(study, match["trial"], ref)
    spec = replace(trial_spec(trial, match["study"]), name=f"{match['study']}:{trial.number}")
    return SearchPoint(spec, Published(None, None, {}, ""), {}, ())


def _pick(study: StudyView, which: str, ref: str) -> FrozenTrial:
    if which == "best":
        done = [
            trial for trial in study.trials if trial.state is TrialState.COMPLETE and "accuracy" in trial.user_attrs
        ]
        if not done:
            raise StudyError(f"{ref}: no trial is complete yet")
        return best_trial(done, study.repeats)
    return study.trial(which, ref)
