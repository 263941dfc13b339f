"""How many seeds a paired t test needs."""

from __future__ import annotations

from statsmodels.stats.power import TTestPower

POWER = 0.8
"""The chance to find an effect that is there, as studies are commonly planned (Cohen 1988)."""
MOST = 10_000
"""More seeds than this are no answer."""


def seeds_needed(effect: float, spread: float, alpha: float) -> int | None:
    """Seeds with which paired differences of mean ``effect`` and standard deviation ``spread`` are found at ``alpha``.

    None where that is more than :data:`MOST`, or where there is no effect or no spread to go by.
    """
    if not effect or not spread:
        return None
    enough = 2
    while _power(effect, spread, enough, alpha) < POWER:
        enough *= 2  # never far beyond what is asked: the noncentral t of large samples is a number no more
        if enough > 2 * MOST:
            return None
    fewer = enough // 2
    while enough - fewer > 1:
        middle = (fewer + enough) // 2
        fewer, enough = (fewer, middle) if _power(effect, spread, middle, alpha) >= POWER else (middle, enough)
    return enough if enough <= MOST else None


def _power(effect: float, spread: float, seeds: int, alpha: float) -> float:
    return float(TTestPower().power(abs(effect) / spread, seeds, alpha, alternative="two-sided"))
