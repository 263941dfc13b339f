"""``SubsetPlan``: the option that says how many identities of the faces are used.

Nothing here imports torch: help waits for this module.
"""

from __future__ import annotations

from dataclasses import dataclass

from seesawnas.plan.options import Plan, Whole, option

FEWEST_IDENTITIES = 2
"""Of a training or a split, which tell identities apart."""
MOST_IDENTITIES = 10**9


@dataclass(frozen=True, kw_only=True)
class SubsetPlan(Plan):
    """The option that trainings and studies share; each lists it in a panel of its own."""

    identities: int | None = option(
        Whole(FEWEST_IDENTITIES, MOST_IDENTITIES, optional=True),
        "N",
        "Data",
        "Use only N identities, drawn by --seed from those with two images or more; nothing is "
        "copied. Default: all.",
        default=None,
        must_stay=True,
    )
