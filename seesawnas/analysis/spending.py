"""How much of alpha each look at a growing number of seeds may spend.

Lan and DeMets (Biometrika 70, 1983), with Kim and DeMets' power family (Biometrika 74, 1987).
Nothing here imports numpy or SciPy: help waits for this module.
"""

from __future__ import annotations

FIRST_LOOK = 3
"""Seeds of the first look: the spread of two is next to unknown."""
MOST_SEEDS = 100
"""The most that a design may plan for: critical values of more take many seconds."""
_EXPONENT = 2
"""Between Pocock's early and O'Brien and Fleming's late spending."""


def spent(n: int, most: int, alpha: float) -> float:
    """How much of ``alpha`` the looks at up to ``n`` of ``most`` seeds spend together."""
    return alpha * (n / most) ** _EXPONENT if n >= FIRST_LOOK else 0.0
