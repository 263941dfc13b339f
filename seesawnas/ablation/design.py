"""Designs: the networks that an ablation trains, and which effects these cannot tell apart.

``one-at-a-time`` trains the base and, for every other level, the base with that level. ``full``
crosses all levels. ``fractional`` trains a part of the full design of two-level factors (generators
of least aberration, Box, Hunter and Hunter; rows by pyDOE3): the fewest networks that keep main
effects apart from two-way interactions, which is resolution IV. Three factors have no such part;
theirs is of resolution III. Signs are turned so that the base is among the networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod

import numpy as np
from numpy.typing import NDArray
from pyDOE3 import fracfact

from seesawnas.ablation.levels import Levels
from seesawnas.ablation.result import DesignKind
from seesawnas.errors import StudyError

FactorLevels = tuple[tuple[str, tuple[str, ...]], ...]
Row = tuple[str, ...]

MAX_ARMS = 512
_GENERATORS = {
    3: "a b ab",
    4: "a b c abc",
    5: "a b c d abcd",
    6: "a b c d abc bcd",
    7: "a b c d abc bcd acd",
    8: "a b c d bcd acd abc abd",
    9: "a b c d e bcde acde abde abce",
    10: "a b c d e abcd abce abde acde bcde",
}
_ROMAN = {3: "III", 4: "IV", 5: "V"}


@dataclass(frozen=True, slots=True)
class Design:
    """The networks of an ablation, one row each: a level per factor, in the order of ``factors``.

    The base comes first. ``resolution`` and ``aliases`` are a fractional design's. An alias such as
    ``se × kind = skip × kernel`` says which main effects and two-way interactions are one number;
    ``se = -kind × skip`` that one is the other's negative. Interactions of three and more factors
    are taken to be nil, as is usual.
    """

    kind: DesignKind
    factors: FactorLevels
    rows: tuple[Row, ...]
    resolution: str | None = None
    aliases: tuple[str, ...] = ()

    def name(self, row: Row) -> str:
        """What differs from the base: ``kind=shuffle, se=0``, or ``base``."""
        changed = [
            f"{factor}={level}"
            for (factor, levels), level in zip(self.factors, row, strict=True)
            if level != levels[0]
        ]
        return ", ".join(changed) or "base"


def make_design(levels: Levels, kind: DesignKind) -> Design:
    """The design of that kind.

    Raises:
        StudyError: If there is no such design of these levels.
    """
    factors = tuple(levels.items())
    _check(factors)
    if kind == "one-at-a-time":
        return Design(kind, factors, tuple(_one_at_a_time(factors)))
    if kind == "full":
        return Design(kind, factors, _full(factors))
    return _fractional(factors)


def contrasts(rows: Sequence[Row], factors: FactorLevels) -> NDArray[np.int64]:
    """A column per factor: 1 if a row has another level than the first, else -1."""
    first = [levels[0] for _, levels in factors]
    signs = [
        [-1 if level == base else 1 for level, base in zip(row, first, strict=True)] for row in rows
    ]
    return np.array(signs, dtype=np.int64).reshape(len(rows), len(factors))


def alias_classes(columns: NDArray[np.int64]) -> list[dict[tuple[int, ...], int]]:
    """Main effects and two-way interactions of two-level factors that the rows cannot tell apart.

    Each class of aliases has its effects with their signs: effects as the indices of their factors,
    lower order first; the first one's sign is 1.
    """
    classes: dict[bytes, dict[tuple[int, ...], int]] = {}
    for order in (1, 2):
        for effect in combinations(range(columns.shape[1]), order):
            contrast = columns[:, effect].prod(axis=1)
            sign = int(contrast[0])
            classes.setdefault((sign * contrast).tobytes(), {})[effect] = sign
    found = list(classes.values())
    return [
        {effect: sign * next(iter(same.values())) for effect, sign in same.items()}
        for same in found
    ]


def _check(factors: FactorLevels) -> None:
    if not factors:
        raise StudyError("factors must be at least one, got none")
    for factor, levels in factors:
        if len(levels) < 2:
            raise StudyError(
                f"{factor} must have at least two levels, got {', '.join(levels) or 'none'}"
            )


def _one_at_a_time(factors: FactorLevels) -> list[Row]:
    base = tuple(levels[0] for _, levels in factors)
    rows = [base]
    for index, (_, levels) in enumerate(factors):
        rows += [(*base[:index], level, *base[index + 1 :]) for level in levels[1:]]
    return rows


def _full(factors: FactorLevels) -> tuple[Row, ...]:
    arms = prod(len(levels) for _, levels in factors)
    if arms > MAX_ARMS:
        raise StudyError(
            f"a full design must have at most {MAX_ARMS} networks, got {arms}; give fewer factors "
            "or levels"
        )
    return tuple(product(*(levels for _, levels in factors)))


def _fractional(factors: FactorLevels) -> Design:
    for factor, levels in factors:
        if len(levels) > 2:
            raise StudyError(
                f"{factor} must have two levels in a fractional design, got {', '.join(levels)}; "
                "give two with --levels"
            )
    if len(factors) not in _GENERATORS:
        low, high = min(_GENERATORS), max(_GENERATORS)
        raise StudyError(
            f"a fractional design must have {low} to {high} factors, got {len(factors)}"
        )
    signs = fracfact(_GENERATORS[len(factors)]).astype(np.int64)
    columns = signs * -signs[0]
    rows = tuple(
        tuple(levels[int(sign > 0)] for (_, levels), sign in zip(factors, row, strict=True))
        for row in columns
    )
    return Design("fractional", factors, rows, _resolution(columns), _aliases(columns, factors))


def _resolution(columns: NDArray[np.int64]) -> str:
    """The length of the shortest word whose product is one and the same in all rows."""
    count = columns.shape[1]
    for length in range(1, count + 1):
        for word in combinations(range(count), length):
            if abs(columns[:, word].prod(axis=1).sum()) == len(columns):
                return _ROMAN[length]
    raise AssertionError("a part of a full design has a defining word")


def _aliases(columns: NDArray[np.int64], factors: FactorLevels) -> tuple[str, ...]:
    return tuple(
        " = ".join(
            ("-" if sign < 0 else "") + " × ".join(factors[index][0] for index in effect)
            for effect, sign in same.items()
        )
        for same in alias_classes(columns)
        if len(same) > 1
    )
