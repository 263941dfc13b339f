"""The result of an importance analysis in words, and its limits."""

from __future__ import annotations

from collections.abc import Iterator

from seesawnas.analysis.importance import BandImportance, DecisionImportance, Importance
from seesawnas.analysis.leave_one_out import FALSE_ALARMS
from seesawnas.text import several
from seesawnas.units import format_quantity

FEW = 10
"""Trials per decision; below this a band's results are called uncertain."""
_SHOWN = 5


def importance_words(importance: Importance) -> tuple[str, ...]:
    """A paragraph per band, then one on the limits of the analysis."""
    said = (f"{band_words(band)}: {' '.join(findings(band))}" for band in importance.bands)
    return (*said, caveat(importance))


def band_words(band: BandImportance) -> str:
    """Such as ``60 trials of 80.00 M to 120.00 M MAdds``."""
    return (
        f"{several(band.n, 'trial')} of {format_quantity(band.low)} to "
        f"{format_quantity(band.high)} MAdds"
    )


def findings(band: BandImportance) -> tuple[str, ...]:
    """The findings of a band, as sentences."""
    return tuple(_findings(band))


def caveat(importance: Importance) -> str:
    """The limits of the analysis, which hold for every band."""
    bands = f" in each of the {len(importance.bands)} bands" if len(importance.bands) > 1 else ""
    return (
        f"With pure noise, {100 * FALSE_ALARMS:.0f} % of studies would have a decision above the "
        f"floor{bands}. "
        "Samplers prefer good options, so other options have few trials. "
        "Neither method detects decisions that matter only in combination."
    )


def _findings(band: BandImportance) -> Iterator[str]:
    varied = [one for one in band.decisions if len(one.options) > 1]
    clear = [one for one in varied if one.clears]
    yield (
        f"{several(len(varied), 'decision')} "
        f"{'varies' if len(varied) == 1 else 'vary'}{_few(band, len(varied))}."
    )
    if clear:
        named = ", ".join(
            f"{one.name} ({one.drop:.3f}, best {_best(one)})" for one in clear[:_SHOWN]
        )
        more = f" and {len(clear) - _SHOWN} more" if len(clear) > _SHOWN else ""
        yield f"Above the noise floor of {clear[0].floor:.3f} R²: {named}{more}."
    elif varied:
        yield (
            f"No decision is above the noise floor of {varied[0].floor:.3f} R²; the order may "
            "be random."
        )
    yield _predicted(band)
    yield from _agreement(band)


def _few(band: BandImportance, decisions: int) -> str:
    each = band.n / max(1, decisions)
    return f"; {each:.1f} trials per decision are few" if each < FEW else ""


def _predicted(band: BandImportance) -> str:
    if band.explained < 0.005:
        return "The linear model predicts unseen trials no better than their mean."
    return (
        f"The linear model explains {100 * band.explained:.0f} % of the variance of unseen trials."
    )


def _agreement(band: BandImportance) -> Iterator[str]:
    if band.agreement is None:
        yield "Too few decisions to compare the two methods."
        return
    words = (
        "agree"
        if band.agreement >= 0.6
        else "agree partly"
        if band.agreement >= 0.3
        else "disagree"
    )
    first, top = band.decisions[0], max(band.decisions, key=lambda one: one.ped_anova)
    heads = f"both rank {top.name} first" if top is first else f"PED-ANOVA ranks {top.name} first"
    yield f"The two rankings {words} (rank correlation {band.agreement:.2f}); {heads}."
    if not top.clears:
        yield (
            f"PED-ANOVA compares the best {band.best} trials with all {band.n}, and has no "
            "noise floor."
        )


def _best(decision: DecisionImportance) -> str:
    return str(max(decision.options, key=lambda option: option.worth).option)
