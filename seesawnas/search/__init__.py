"""A search.

Here are its plan, from study files and options; what to try next; the running study and its
repeats.
"""

from typing import TYPE_CHECKING

from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from seesawnas.search.loading import plan_of
    from seesawnas.search.plan import DEFAULT_TRIALS, SearchPlan
    from seesawnas.search.points import chosen_points, fitting_points
    from seesawnas.search.proposer import NetworkProposer
    from seesawnas.search.session import SearchEvent, Session, opened
    from seesawnas.study import EngineSettings, Repeating, StudyFile
else:
    __getattr__ = lazy_exports(__name__)

__all__ = [
    "DEFAULT_TRIALS",
    "EngineSettings",
    "NetworkProposer",
    "Repeating",
    "SearchEvent",
    "SearchPlan",
    "Session",
    "StudyFile",
    "chosen_points",
    "fitting_points",
    "opened",
    "plan_of",
]
