"""How much of alpha each look at a growing number of seeds may spend.

Lan and DeMets (Biometrika 70, 1983), with Kim and DeMets' power family (Biometrika 74, 1987).
Nothing here imports numpy or SciPy: help waits for this module.
"""

from __future__ import annotations

from collections.abc import Sequence

FIRST_LOOK = 3
"""Seeds of the first look: the spread of two is next to unknown."""
MOST_SEEDS = 100
"""The most that a design may plan for: critical values of more take many seconds."""
_EXPONENT = 2
"""Between Pocock's early and O'Brien and Fleming's late spending."""


def check_trainings(trainings: int, networks: int) -> str | None:
    """Why a race of so many ``networks`` cannot have a budget of ``trainings``; None if it can."""
    if trainings >= (least := FIRST_LOOK * networks):
        return None
    return f"must be at least {least}, {FIRST_LOOK} seeds of {networks} networks, got {trainings}"


def spent(n: int, most: int, alpha: float) -> float:
    """How much of ``alpha`` the looks at up to ``n`` of ``most`` seeds spend together."""
    return alpha * (n / most) ** _EXPONENT if n >= FIRST_LOOK else 0.0


def declared_looks(numbers: Sequence[int]) -> tuple[tuple[int, float], ...]:
    """Looks at declared ``numbers`` of seeds, which grow, and the part of alpha spent up to each.

    The power family again: little of it early, so that the last look is nearly the test of a fixed
    number. A single look is that test.
    """
    return tuple((n, (n / numbers[-1]) ** _EXPONENT) for n in numbers)


def derived_looks(first: int) -> tuple[tuple[int, float], ...]:
    """Looks of an experiment that was to have ``first`` seeds, and may get more.

    At ``first``, twice as many, four times and so on up to ``MOST_SEEDS``. The first look spends
    three quarters of alpha: whoever never adds a seed loses little. Each later one spends half of
    what is left, the last one all of it.
    """
    numbers = [first]
    while 2 * numbers[-1] <= MOST_SEEDS:
        numbers.append(2 * numbers[-1])
    parts = [1 - (1 - _FIRST_PART) * first / n for n in numbers]
    return tuple(zip(numbers, [*parts[:-1], 1.0], strict=True))


_FIRST_PART = 0.75
