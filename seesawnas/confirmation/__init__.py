"""Confirmations: is a network better than others? Paired trainings, looked at after every seed.

plan_of(None, {"networks": ["search_150m:best", "paper/seesaw_share"]}) -> ConfirmPlan
opened(plan) -> Session; session.run(); session.result() -> AblationResult, with its ``race``
"""

from typing import TYPE_CHECKING

from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from seesawnas.confirmation.loading import plan_of
    from seesawnas.confirmation.plan import ConfirmPlan
    from seesawnas.confirmation.session import Session, opened, prepare_run
else:
    __getattr__ = lazy_exports(__name__)

__all__ = ["ConfirmPlan", "Session", "opened", "plan_of", "prepare_run"]
