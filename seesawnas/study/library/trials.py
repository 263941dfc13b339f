"""The network of a study's trial, by a REF.

``search_150m:12`` is trial 12 of runs/search_150m, ``search_150m:best`` its best: the first of the
ranking, by repeats if there are any.
"""

from __future__ import annotations

from dataclasses import replace

from seesawnas.io.catalog import split_trial
from seesawnas.space import Published, SearchPoint
from seesawnas.study.library.view import find_referenced
from seesawnas.study.record.proposal import trial_spec


def trial_point(ref: str, storage: str | None = None) -> SearchPoint | None:
    """The network of the trial that ``ref`` names, None if ``ref`` is not of that form.

    Args:
        ref: The REF.
        storage: Where studies lie that have no folder here; see :func:`find_referenced`.

    Raises:
        StudyError: If there is no such study or trial, or if the trial has no network.
    """
    if (named := split_trial(ref)) is None:
        return None
    name, which = named
    study = find_referenced(name, storage).view()
    trial = study.pick(which, ref)
    spec = replace(trial_spec(trial, name), name=f"{name}:{trial.number}")
    return SearchPoint(spec, Published(None, None, {}, ""), {}, ())
