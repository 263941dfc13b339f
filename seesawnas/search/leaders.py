"""The best networks of a search, trained again for longer and with other people left out.

A short training favours networks that fit fast: among leaders its ranking need not be that of long
trainings. So they are ranked anew, in a study of their own beside the search's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from seesawnas.errors import InvalidInput
from seesawnas.search.plan import SearchPlan
from seesawnas.study import ResultRow, find_study
from seesawnas.study.options import MAX_EPOCHS

LONGER = 4
"""Times the epochs of a trial, if a plan does not say how long leaders are trained."""
_SEEDS_ON = 101
"""From the search's seed: beyond those of the repeats, of which there are at most a hundred."""


def leaders_plan(
    search: SearchPlan, ranked: Sequence[ResultRow], *, seconds: float | None = None
) -> SearchPlan:
    """The plan that trains the best networks of a search for its ``leader_epochs``.

    The study is ``NAME_leaders``. Its seed is another one, so that people and pairs that ranked the
    networks do not rank them again.

    Args:
        search: What was searched.
        ranked: Its trials, the best first.
        seconds: The time of the search's run that is left; None for no limit.
    """
    name, best = f"{search.study}_leaders", ranked[: search.leaders]
    others = _finished_besides(name, search.storage, {row.digest for row in best})
    return replace(
        search,
        study=name,
        seed=(search.seed + _SEEDS_ON) % 2**63,
        epochs=search.leader_epochs or min(LONGER * search.epochs, MAX_EPOCHS),
        points=tuple(f"{search.study}:{row.number}" for row in best),
        trials=len(best) + others,
        seconds=seconds,
        patience=None,
        target=None,
        halving=None,
        learn_from=(),
        repeats=0,
        leaders=0,
        leader_epochs=None,
    )


def _finished_besides(name: str, storage: str | None, digests: Collection[str]) -> int:
    """Trials that a study of leaders holds of networks that led before more were tried."""
    try:
        trials = find_study(name, storage).view().trials
    except InvalidInput:  # there is none yet; if it cannot be read, its start says why
        return 0
    return sum(
        trial.state.is_finished() and trial.user_attrs.get("digest") not in digests
        for trial in trials
    )
