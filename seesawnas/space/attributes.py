"""Attributes of the grammar: what each may hold, and how a value, a choice or a range of it is written.

A value in YAML is fixed (``kernel: 3``), a choice (``kernel: {choice: [3, 5]}``) or a range with both ends
(``depth: {range: [2, 8]}``, ``width: {range: [32, 96, 16]}``: from, to, step). ``when`` limits it to blocks whose other
attributes have the values named, and ``otherwise`` is what the others get:
``skip: {choice: [none, conv], when: {stride: 2}}``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import gcd
from typing import Any, TypeAlias

from seesawnas.arch import ACTIVATIONS, KERNELS, SKIPS, Block, InvertedBottleneck, SeesawBlock
from seesawnas.wording import short

Option: TypeAlias = bool | int | float | str
Rule: TypeAlias = Callable[[Any], Option]

MAX_OPTIONS = 1000
MAX_GROUPS = 1000
_MOST_TEXT = 10_000
_FAR = 1e9  # from 0; no end of a range lies there
_ALIASES = {"silu": "swish", "hswish": "hard_swish", "h_swish": "hard_swish", "hardswish": "hard_swish"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """What one attribute may hold at one place. ``path`` names that place, and the decision where there is one."""

    path: str
    options: tuple[Option, ...]
    when: tuple[tuple[str, tuple[Option, ...]], ...] = ()
    otherwise: Option | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to decide."""
        return len(self.options) == 1

    def at(self, path: str) -> Attribute:
        """The same, named after another place."""
        return replace(self, path=path)


@dataclass(frozen=True, slots=True)
class Kind:
    """A block kind's class, what its name fixes, and the attributes of its own."""

    make: Callable[..., Block]
    own: tuple[str, ...] = ()


# The one table where names meet classes.
KINDS: dict[str, Kind] = {
    "share": Kind(partial(SeesawBlock, mixing="share"), ("split",)),
    "shuffle": Kind(partial(SeesawBlock, mixing="shuffle"), ("split",)),
    "plain": Kind(partial(SeesawBlock, mixing="plain"), ("split",)),
    "inverted_bottleneck": Kind(InvertedBottleneck),
}


def parse_attribute(name: str, raw: Any) -> Attribute:
    """What ``raw`` says ``name`` may hold. Raises ValueError with the rule and then the value."""
    if not isinstance(raw, dict):
        return Attribute(name, (_one_value(name, raw),))
    unknown = set(raw) - {"choice", "range", "when", "otherwise"}
    if unknown or ("choice" in raw) == ("range" in raw):
        raise ValueError(f"must be a value, {{choice: [...]}} or {{range: [from, to, step]}}, got {short(raw)}")
    values = _choice(raw["choice"]) if "choice" in raw else _range(raw["range"])
    options = tuple(RULES[name](value) for value in values)
    if len({_identity(option) for option in options}) < len(options):
        raise ValueError(f"must offer each option once, got {short(values)}")
    return _conditioned(Attribute(name, options), raw)


def _one_value(name: str, raw: Any) -> Option:
    """The option that ``raw`` is. A bare list, which many take for a choice, is refused with the choice that it would be."""
    is_list = isinstance(raw, list) and bool(raw) and (name != "split" or any(isinstance(one, list) for one in raw))
    if is_list and len(raw) <= MAX_OPTIONS and _holds_options(name, raw):
        words = short(f"[{', '.join('off' if one is False else str(one) for one in raw)}]")
        raise ValueError(f"must be one value, got {words}; a choice is written {{choice: {words}}}")
    return RULES[name](raw)


def _holds_options(name: str, raw: list[Any]) -> bool:
    try:
        return all(RULES[name](one) is not None for one in raw)
    except ValueError:
        return False


def format_attribute(name: str, option: Option) -> object:
    """How ``option`` is written in YAML: a split as a list, ``se`` 0 as ``off``."""
    if name == "split":
        return [int(part) for part in str(option).split(":")]
    return "off" if name == "se" and option == 0 else option


def parse_split(option: Option) -> tuple[int, ...]:
    """The ratio that the option ``"1:3"`` stands for."""
    return tuple(int(part) for part in str(option).split(":"))


def middle_width(inputs: int, expansion: Option) -> int | None:
    """inputs x expansion where that is a whole number, else None."""
    product = inputs * Fraction(str(expansion))
    return int(product) if product.denominator == 1 else None


def _conditioned(attribute: Attribute, raw: Mapping[str, Any]) -> Attribute:
    if "when" not in raw:
        if "otherwise" in raw:
            raise ValueError("must have `when` beside `otherwise`")
        return attribute
    if not isinstance(raw["when"], dict) or not raw["when"]:
        raise ValueError(f"when must map attributes to values, got {short(raw['when'])}")
    when = tuple((str(key), _condition(str(key), value)) for key, value in raw["when"].items())
    otherwise = RULES[attribute.path](raw["otherwise"]) if "otherwise" in raw else DEFAULTS.get(attribute.path)
    if otherwise is None:
        raise ValueError("must say what holds `otherwise`: this attribute has no default")
    return replace(attribute, when=when, otherwise=otherwise)


def _condition(name: str, raw: Any) -> tuple[Option, ...]:
    if name not in (*BLOCK_ATTRIBUTES, "stride"):
        raise ValueError(f"when must name block attributes or stride, got {short(name)}")
    if name == "split":
        return (RULES[name](raw),)
    return tuple(RULES[name](value) for value in (raw if isinstance(raw, list) else [raw]))


def _choice(raw: Any) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        raise ValueError(f"choice must be a list of options, got {short(raw)}")
    if len(raw) > MAX_OPTIONS:
        raise ValueError(f"choice must have at most {MAX_OPTIONS} options, got {len(raw)}")
    return raw


def _range(raw: Any) -> list[int | float]:
    numbers = isinstance(raw, list) and all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in raw)
    if not numbers or len(raw) not in (2, 3) or not all(-_FAR <= end <= _FAR for end in raw):
        raise ValueError(f"range must be [from, to] or [from, to, step], got {short(raw)}")
    start, stop, step = (Fraction(str(end)) for end in (*raw, 1)[:3])
    if step <= 0 or stop < start or (stop - start) / step >= MAX_OPTIONS:
        raise ValueError(f"range must rise in at most {MAX_OPTIONS} steps, got {short(raw)}")
    values = [start + step * i for i in range(int((stop - start) / step) + 1)]
    return [int(value) if value.denominator == 1 else float(value) for value in values]


def _identity(option: Option) -> object:
    return Fraction(str(option)) if isinstance(option, (int, float)) else option


def _positive(raw: Any, limit: int = 100_000) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(f"must be a whole number, got {short(raw)}")
    if raw < 1:
        raise ValueError(f"must be positive, got {short(raw)}")
    if raw > limit:
        raise ValueError(f"must be at most {limit}, got {short(raw)}")
    return raw


def _ratio(raw: Any) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise ValueError(f"must be a number, got {short(raw)}")
    if not 0 < raw <= 1000:
        raise ValueError(
            f"must be positive, got {short(raw)}" if raw <= 0 else f"must be at most 1000, got {short(raw)}"
        )
    return raw


def _one_of(known: tuple[Option, ...], raw: Any) -> Option:
    value = _ALIASES.get(raw, raw) if isinstance(raw, str) else raw
    if value not in known or isinstance(value, bool):
        raise ValueError(f"must be one of {', '.join(map(str, known))}, got {short(raw)}")
    return known[known.index(value)]


def _split(raw: Any) -> str:
    parts = raw[:_MOST_TEXT].split(":") if isinstance(raw, str) else raw
    if not isinstance(parts, list) or not parts or not all(map(_is_part, parts)):
        raise ValueError(f"must be a list of positive whole numbers such as [1, 3], got {short(raw)}")
    if len(parts) > MAX_GROUPS:
        raise ValueError(f"must have at most {MAX_GROUPS} groups, got {len(parts)}")
    numbers = [int(part) for part in parts]
    common = gcd(*numbers)
    return ":".join(str(number // common) for number in numbers)


def _is_part(raw: Any) -> bool:
    """Whether it is a positive whole number, of digits that every reader knows, and no longer than a width."""
    word = short(raw)
    return not isinstance(raw, bool) and word.isascii() and word.isdecimal() and 0 < int(word) <= 100_000


def _reduction(raw: Any) -> int:
    if raw in ("off", False, None) or (raw == 0 and not isinstance(raw, float)):
        return 0
    try:
        return _positive(raw)
    except ValueError:
        raise ValueError(f"must be off or a positive reduction, got {short(raw)}") from None


def _skip(raw: Any) -> Option:
    return _one_of(SKIPS, "none" if raw is None else raw)


def _embedding(raw: Any) -> int:
    return 0 if raw in ("none", None) else _positive(raw)


RULES: dict[str, Rule] = {
    "side": partial(_positive, limit=4096),
    "width": _positive,
    "depth": partial(_positive, limit=1000),
    "stride": partial(_one_of, (1, 2)),
    "kind": partial(_one_of, tuple(KINDS)),
    "split": _split,
    "expansion": _ratio,
    "middle": _positive,
    "se": _reduction,
    "activation": partial(_one_of, ACTIVATIONS),
    "kernel": partial(_one_of, KERNELS),
    "skip": _skip,
    "embedding": _embedding,
}

BLOCK_ATTRIBUTES = ("kind", "split", "expansion", "middle", "se", "activation", "kernel", "skip")
DEFAULTS: dict[str, Option] = {"split": "1:3", "se": 0, "activation": "swish", "kernel": 3, "skip": "none"}
