"""What to try next: the paper's points that fit, then a sampler inside the feasible set."""

from seesawnas.search.points import fitting_points
from seesawnas.search.proposer import Proposer
from seesawnas.search.session import SearchPlan, Session, opened

__all__ = ["Proposer", "SearchPlan", "Session", "fitting_points", "opened"]
