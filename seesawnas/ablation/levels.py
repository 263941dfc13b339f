"""Which factors and levels a command means: ``split,kind,se`` and ``se=0,4,8; split=1,1:3``.

Levels are between commas, factors between semicolons or spaces (``se=0,4 split=1,1:3``). The first
level of a factor is what the others are compared with: the network's own if it is among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from seesawnas.ablation.factors import (
    FACTORS,
    OwnFactors,
    factors_of,
    known_factor,
    level_of,
    no_factors,
    parse_level,
    with_levels,
)
from seesawnas.arch import ArchSpec
from seesawnas.errors import SpecError
from seesawnas.text import short

Levels: TypeAlias = dict[str, tuple[str, ...]]

_MOST_TEXT = 10_000


def parse_factors(text: str, own: OwnFactors = no_factors) -> tuple[str, ...]:
    """The factors of ``split,kind,se``, each once; ``own`` gives those of the base.

    Raises:
        SpecError: If no factor is named, one is not known, or one is named twice.
    """
    names = [name for name in re.split(r"[\s,;]+", text.strip()) if name]
    if not names:
        raise SpecError(f"factors must name at least one of {', '.join(FACTORS)}, got none")
    for index, name in enumerate(names):
        known_factor(name, own)
        if name in names[:index]:
            raise SpecError(f"factors must name each factor once, got {short(name)} twice")
    return tuple(names)


def parse_levels(texts: str | Iterable[str], own: OwnFactors = no_factors) -> Levels:
    """The levels of ``se=0,4,8; split=1,1:3``, or of several such texts.

    ``own`` gives the factors of the base.

    Raises:
        SpecError: If a text does not parse, a factor is not known or named twice, or a word is no
            level.
    """
    found: Levels = {}
    for text in [texts] if isinstance(texts, str) else texts:
        for factor, words in _parts(text):
            if factor in found:
                raise SpecError(f"levels must name each factor once, got {short(factor)} twice")
            found[factor] = _levels(factor, words, own)
    return found


def chosen_levels(
    base: ArchSpec, factors: Sequence[str], given: Mapping[str, Sequence[str]], *, joint: bool
) -> Levels:
    """Each factor's levels: those given, else the defaults that fit ``base``.

    The first is what the others are compared with. That is always the base's own level, so that the
    base is among the networks. ``joint``: a factorial design, whose levels are crossed.

    Raises:
        SpecError: If levels are given of a factor that is not among ``factors``, ``base`` does not
            have a factor, or a factor has only the base's level.
    """
    for factor in given:
        if factor not in factors:
            raise SpecError(
                f"levels must be of the factors {', '.join(factors)}, got {short(factor)}"
            )
    found: Levels = {}
    for factor in factors:
        own = level_of(base, factor)
        if factor in given:
            found[factor] = _ordered(own, given[factor])
        else:
            found[factor] = (own, *_fitting(base, factor, found if joint else {}))
        if len(found[factor]) < 2:
            raise SpecError(f"{factor} must have a level other than the base's, got only {own}")
    return found


def _ordered(own: str, given: Sequence[str]) -> tuple[str, ...]:
    return own, *(level for level in given if level != own)


def _fitting(base: ArchSpec, factor: str, others: Levels) -> Iterator[str]:
    """The default levels that make another network than the base and each other.

    They fit each level of the ``others``.
    """
    own = level_of(base, factor)
    digests = {base.digest()}
    for level in factors_of(base)[factor].defaults:
        if level == own or not all(
            _builds(base, {factor: level, name: o}) for name in others for o in others[name]
        ):
            continue
        if not others and not _builds(base, {factor: level}):
            continue
        digest = (
            with_levels(base, {factor: level}).digest() if _builds(base, {factor: level}) else ""
        )
        if others or digest not in digests:
            digests.add(digest)
            yield level


def _builds(base: ArchSpec, levels: Mapping[str, str]) -> bool:
    try:
        with_levels(base, levels)
    except SpecError:
        return False
    return True


def _parts(text: str) -> Iterator[tuple[str, str]]:
    if len(text) > _MOST_TEXT:
        raise SpecError(f"levels must be at most {_MOST_TEXT} characters, got {short(text)!r}")
    # First: two repeats of spaces around a sign take the square of their number.
    spaced = re.sub(r"\s+", " ", text)
    parts = re.split(r"[; ]+", re.sub(" ?([,=]) ?", r"\1", spaced).strip(" ;"))
    for part in parts:
        factor, equals, words = part.partition("=")
        if not equals or not words or "=" in words:
            raise SpecError(f"levels must have the form se=0,4,8; split=1,1:3, got {short(part)!r}")
        yield factor, words


def _levels(factor: str, words: str, own: OwnFactors) -> tuple[str, ...]:
    levels = [parse_level(factor, word, own) for word in words.split(",")]
    for index, level in enumerate(levels):
        if level in levels[:index]:
            raise SpecError(f"{factor} must have each level once, got {short(words)}")
    return tuple(levels)
