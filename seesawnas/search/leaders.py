"""The best networks of a search, trained again for longer and with other identities left out.

A short training favours networks that fit fast: among leaders its ranking need not be that of long
trainings. So they are ranked anew, in a study of their own beside the search's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.catalog import holds_study
from seesawnas.search.plan import SearchPlan
from seesawnas.space import shipped
from seesawnas.study import ResultRow, StudyFile, find_study
from seesawnas.study.storage.open import storage_url, study_folder

_SUFFIX = "_leaders"


def leaders_plan(search: SearchPlan, best: Sequence[ResultRow]) -> SearchPlan:
    """The plan that trains the first of ``best`` for the search's ``leader_epochs``.

    The study is ``NAME_leaders``. Its seed is another one: it draws other identities to leave out,
    and other pairs.

    Args:
        search: What was searched.
        best: Its trials, the best first.
    """
    name, best, storage = leaders_name(search), best[: search.leaders], _storage(search)
    others = _held_besides(name, storage, {row.digest for row in best})
    papers = set(shipped("paper"))
    refs = (row.name if row.name in papers else f"{search.study}:{row.number}" for row in best)
    return replace(
        search,
        study=name,
        storage=storage,
        seed=search.leader_seed,
        epochs=search.leader_epochs or search.epochs,
        points=tuple(map(str, refs)),
        trials=len(best) + others,
        patience=None,
        target=None,
        halving=None,
        learn_from=(),
        repeats=0,
        leaders=0,
        leader_epochs=None,
    )


def check_leaders(search: SearchPlan) -> None:
    """Check that the study of its leaders can be begun or resumed, before hours of search.

    Raises:
        InvalidInput: If it can have no such name, cannot be read, or was begun with other epochs or
            another seed.
    """
    if not search.leaders:
        return
    name, place = leaders_name(search), search.place
    try:
        folder = study_folder(name)
    except StudyError as error:
        raise StudyError(f"{place('leaders')}: {error}") from None
    try:
        begun = StudyFile.of_study(name, _storage(search)).values
    except InvalidInput:
        if holds_study(folder):
            raise
        return
    if (seed := begun.get("seed")) != search.leader_seed:
        raise StudyError(
            f"study {name}: must be one of leaders, with seed {search.leader_seed}, got seed "
            f"{seed}; use another {place('study')}"
        )
    if (epochs := begun.get("epochs")) != search.leader_epochs:
        raise StudyError(
            f"{place('leader_epochs')} must be {epochs}, as study {name} was begun with, got "
            f"{search.leader_epochs}; or use another {place('study')}"
        )


def leaders_name(search: SearchPlan) -> str:
    """The study of the search's leaders."""
    return f"{search.study}{_SUFFIX}"


def searched_before(study: str) -> str | None:
    """The search whose leaders a study of this name trains; None of any other name."""
    return study.removesuffix(_SUFFIX) if study.endswith(_SUFFIX) else None


def _storage(search: SearchPlan) -> str | None:
    """The URL of the search's database; None of a journal."""
    place = storage_url(search.storage, search.folder)
    return place if "://" in place else None


def _held_besides(name: str, storage: str | None, digests: Collection[str]) -> int:
    """Trials that a study of leaders holds of networks that led before more were tried."""
    try:
        trials = find_study(name, storage).view().trials
    except InvalidInput:  # there is none yet
        return 0
    return sum(trial.user_attrs.get("digest") not in digests for trial in trials)
