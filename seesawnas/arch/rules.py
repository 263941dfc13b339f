"""Rules of what an attribute may hold.

Each takes a value as YAML has it and gives the option, or raises ValueError with the rule and then
the value.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import gcd
from typing import Any, Literal, TypeAlias, get_args

from seesawnas.arch.layers import ACTIVATIONS
from seesawnas.text import one_of as names_rule
from seesawnas.text import short

Option: TypeAlias = bool | int | float | str
Rule: TypeAlias = Callable[[Any], Option]
Slopes: TypeAlias = Literal["channel", "layer"]

SLOPES: tuple[Slopes, ...] = get_args(Slopes)

MAX_GROUPS = 1000
_MOST_TEXT = 10_000
_ALIASES = {
    "silu": "swish",
    "hswish": "hard_swish",
    "h_swish": "hard_swish",
    "hardswish": "hard_swish",
}


def positive(raw: Any, limit: int = 100_000) -> int:
    """A whole number from 1."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(f"must be a whole number, got {short(raw)}")
    if raw < 1:
        raise ValueError(f"must be positive, got {short(raw)}")
    if raw > limit:
        raise ValueError(f"must be at most {limit}, got {short(raw)}")
    return raw


def ratio(raw: Any) -> int | float:
    """A number above 0."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise ValueError(f"must be a number, got {short(raw)}")
    if not 0 < raw <= 1000:
        raise ValueError(
            f"must be positive, got {short(raw)}"
            if raw <= 0
            else f"must be at most 1000, got {short(raw)}"
        )
    return raw


def one_of(*known: Option) -> Rule:
    """The rule that admits ``known`` alone, and other tools' names of activations."""
    return partial(_one_of, known)


def _one_of(known: tuple[Option, ...], raw: Any) -> Option:
    value = _ALIASES.get(raw, raw) if isinstance(raw, str) else raw
    if value not in known or isinstance(value, bool):
        raise ValueError(names_rule(map(str, known), raw))
    return known[known.index(value)]


def split(raw: Any) -> str:
    """A ratio of channels, reduced: [2, 6] is ``1:3``."""
    parts = raw[:_MOST_TEXT].split(":") if isinstance(raw, str) else raw
    if not isinstance(parts, list) or not parts or not all(map(_is_part, parts)):
        raise ValueError(
            f"must be a list of positive whole numbers such as [1, 3], got {short(raw)}"
        )
    if len(parts) > MAX_GROUPS:
        raise ValueError(f"must have at most {MAX_GROUPS} groups, got {len(parts)}")
    numbers = [int(part) for part in parts]
    common = gcd(*numbers)
    return ":".join(str(number // common) for number in numbers)


def _is_part(raw: Any) -> bool:
    """Whether it is a positive whole number, no longer than a width.

    Its digits must be those that every reader knows.
    """
    word = short(raw)
    return (
        not isinstance(raw, bool)
        and word.isascii()
        and word.isdecimal()
        and 0 < int(word) <= 100_000
    )


def reduction(raw: Any) -> int:
    """``off`` is 0."""
    if raw in ("off", False, None) or (raw == 0 and not isinstance(raw, float)):
        return 0
    try:
        return positive(raw)
    except ValueError:
        raise ValueError(f"must be off or a positive reduction, got {short(raw)}") from None


def size_or_none(raw: Any) -> int:
    """``none`` is 0."""
    return 0 if raw in ("none", None) else positive(raw)


activation: Rule = one_of(*ACTIVATIONS)
"""One of the grammar's activations."""
slopes: Rule = one_of(*SLOPES)
"""What a PReLU has a slope for: each channel, or the whole layer."""


def written(rule: Rule, option: Any) -> Any:
    """How YAML has an option, or a block's own value, of the rule.

    A split is a list, a reduction of 0 is ``off``.
    """
    if rule is split:
        return list(parse_split(option))
    if option == 0 and not isinstance(option, bool):
        return "off" if rule is reduction else "none" if rule is size_or_none else option
    return option


def parse_split(option: Option | tuple[int, ...]) -> tuple[int, ...]:
    """The ratio that the option ``"1:3"`` stands for; a ratio stays one."""
    return (
        option if isinstance(option, tuple) else tuple(int(part) for part in str(option).split(":"))
    )
