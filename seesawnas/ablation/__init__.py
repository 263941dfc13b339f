"""Ablations: designed experiments over a network's factors, and the effect of each.

plan_of(None, {"base": "paper/seesaw_share", "factors": "se,kind"}) -> AblationPlan
opened(plan) -> Session; session.run(); session.result() -> AblationResult
"""

from typing import TYPE_CHECKING

from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from seesawnas.ablation.arms import Arm, Arms, make_arms
    from seesawnas.ablation.factors import FACTORS, level_of, with_level, with_levels
    from seesawnas.ablation.loading import plan_of
    from seesawnas.ablation.plan import AblationPlan
    from seesawnas.ablation.reading import read_ablation
    from seesawnas.ablation.result import (
        AblationResult,
        ArmResult,
        DesignKind,
        Effect,
        Interaction,
        Verdict,
    )
    from seesawnas.ablation.session import Estimate, Session, estimate, opened, prepare_run
    from seesawnas.ablation.text import verdict_words
    from seesawnas.ablation.widths import Match, matched
else:
    __getattr__ = lazy_exports(__name__)

__all__ = [
    "FACTORS",
    "AblationPlan",
    "AblationResult",
    "Arm",
    "ArmResult",
    "Arms",
    "DesignKind",
    "Effect",
    "Estimate",
    "Interaction",
    "Match",
    "Session",
    "Verdict",
    "estimate",
    "level_of",
    "make_arms",
    "matched",
    "opened",
    "plan_of",
    "prepare_run",
    "read_ablation",
    "verdict_words",
    "with_level",
    "with_levels",
]
