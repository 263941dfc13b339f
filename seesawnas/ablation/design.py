"""Designs: which combinations of levels are trained, an arm a row.

One at a time changes the base in one factor after another; full crosses all levels; fractional crosses factors of two levels in
a regular fraction 2^(k-p), and states what it cannot tell apart (Box, Hunter and Hunter, Statistics for Experimenters).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, groupby, product
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray
from pyDOE3 import fracfact, fracfact_opt

from seesawnas.ablation.levels import Levels
from seesawnas.ablation.result import DesignKind
from seesawnas.errors import StudyError

MOST_ARMS = 4096
"""More networks than anyone trains five times."""
_ROMAN = ("0", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Design:
    """``factors`` are (factor, its levels, the reference first); ``rows`` have a level of each, the base's row first.

    resolution and aliases are a fractional design's: how few factors an effect can be taken for, and which (such as
    ``se = kind × activation``).
    """

    kind: DesignKind
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    rows: tuple[Row, ...]
    resolution: str | None = None
    aliases: tuple[str, ...] = ()

    def name(self, row: Row) -> str:
        """What of a row differs from the base: ``base``, ``se=0``, ``kind=shuffle, se=0``."""
        pairs = zip(self.factors, row, strict=True)
        return ", ".join(f"{factor}={level}" for (factor, levels), level in pairs if level != levels[0]) or "base"


def designed(levels: Levels, kind: DesignKind) -> Design:
    """The design of that kind over ``levels``. Raises StudyError where there is none."""
    factors = tuple(levels.items())
    match kind:
        case "one-at-a-time":
            return Design(kind, factors, tuple(_one_at_a_time(levels)))
        case "full":
            rows = int(np.prod([len(words) for words in levels.values()]))
            if rows > MOST_ARMS:
                raise StudyError(f"design full must have at most {MOST_ARMS} networks, got {rows}; try fractional")
            return Design(kind, factors, tuple(product(*levels.values())))
        case "fractional":
            return _fractional(levels)


def _one_at_a_time(levels: Levels) -> Iterator[Row]:
    base = [words[0] for words in levels.values()]
    yield tuple(base)
    for place, words in enumerate(levels.values()):
        for word in words[1:]:
            yield (*base[:place], word, *base[place + 1 :])


def _fractional(levels: Levels) -> Design:
    _check_two(levels)
    signs = _fraction(len(levels))
    rows = tuple(
        tuple(words[0] if sign > 0 else words[1] for words, sign in zip(levels.values(), row, strict=True))
        for row in signs
    )
    return Design("fractional", tuple(levels.items()), rows, _resolution(signs), tuple(_aliases(tuple(levels), signs)))


def _check_two(levels: Levels) -> None:
    for factor, words in levels.items():
        if len(words) != 2:
            got = ", ".join(words)
            raise StudyError(f"{factor} must have two levels in a fractional design, got {got}; --levels chooses them")
    if not 3 <= len(levels) <= 8:
        raise StudyError(f"a fractional design must have from 3 to 8 factors, got {len(levels)}; try full")


def _fraction(factors: int) -> NDArray[np.int64]:
    """(rows, factors) of signs, all positive in the first row: the smallest fraction of resolution IV, of three factors III."""
    free = 2 if factors == 3 else ceil(log2(factors)) + 1
    generators, *_ = fracfact_opt(factors, factors - free)
    signs = np.asarray(fracfact(generators)).astype(np.int64)
    return np.asarray(signs * signs[0])


def _resolution(signs: NDArray[np.int64]) -> str:
    """The length of the shortest word of the defining relation: a product of columns that never changes."""
    places = range(signs.shape[1])
    words = (
        size for size in range(1, len(places) + 1) for chosen in combinations(places, size) if _fixed(signs, chosen)
    )
    return _ROMAN[next(words)]


def _fixed(signs: NDArray[np.int64], chosen: tuple[int, ...]) -> bool:
    column = signs[:, list(chosen)].prod(axis=1)
    return bool((column == column[0]).all())


def _aliases(names: tuple[str, ...], signs: NDArray[np.int64]) -> Iterator[str]:
    """The main effects and two-way interactions that are one column of the design, the lower orders first."""
    effects = [*combinations(range(len(names)), 1), *combinations(range(len(names)), 2)]
    columns = [(tuple(signs[:, list(chosen)].prod(axis=1).tolist()), chosen) for chosen in effects]
    for _, group in groupby(sorted(columns), key=lambda pair: pair[0]):
        same = sorted((chosen for _, chosen in group), key=lambda chosen: (len(chosen), chosen))
        if len(same) > 1:
            yield " = ".join(" × ".join(names[place] for place in chosen) for chosen in same)
