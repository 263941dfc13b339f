"""What each attribute of the grammar may hold, and how its values, choices and ranges are written.

A value in YAML is fixed (``kernel: 3``), a choice (``kernel: {choice: [3, 5]}``) or a range with
both ends (``depth: {range: [2, 8]}``, ``width: {range: [32, 96, 16]}``: from, to, step). ``when``
limits it to blocks whose other attributes have the values named, and ``otherwise`` is what the
others get: ``skip: {choice: [none, conv], when: {stride: 2}}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from seesawnas.arch.blocks import AttributeInfo, Role
from seesawnas.arch.rules import Option, Rule, parse_split, written
from seesawnas.arch.rules import split as split_rule
from seesawnas.space.grammar import Grammar, grammar_of
from seesawnas.text import short

__all__ = ["Attribute", "Option", "Rule", "format_attribute", "parse_attribute", "parse_split"]

MAX_OPTIONS = 1000
_FAR = 1e9  # from 0; no end of a range lies there


@dataclass(frozen=True, slots=True)
class Attribute:
    """What one attribute may hold at one place.

    ``path`` names that place, and the decision if there is one.
    """

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


def parse_attribute(name: str, raw: Any, grammar: Grammar, role: Role = "block") -> Attribute:
    """What ``raw`` says ``name`` may hold.

    Raises:
        ValueError: If ``raw`` breaks a rule; the message has the rule and then the value.
    """
    rule = grammar.rule(name, role)
    if not isinstance(raw, dict):
        return Attribute(name, (_one_value(rule, raw),))
    unknown = set(raw) - {"choice", "range", "when", "otherwise"}
    if unknown or ("choice" in raw) == ("range" in raw):
        raise ValueError(
            f"must be a value, {{choice: [...]}} or {{range: [from, to, step]}}, got {short(raw)}"
        )
    values = _choice(raw["choice"]) if "choice" in raw else _range(raw["range"])
    options = tuple(rule(value) for value in values)
    if len({_identity(option) for option in options}) < len(options):
        raise ValueError(f"must offer each option once, got {short(values)}")
    return _conditioned(Attribute(name, options), raw, grammar)


def _one_value(rule: Rule, raw: Any) -> Option:
    """The option that ``raw`` is.

    A bare list, which many take for a choice, is refused with the choice that it would be.
    """
    is_list = (
        isinstance(raw, list)
        and bool(raw)
        and (rule is not split_rule or any(isinstance(one, list) for one in raw))
    )
    if is_list and len(raw) <= MAX_OPTIONS and _holds_options(rule, raw):
        words = short(f"[{', '.join('off' if one is False else str(one) for one in raw)}]")
        raise ValueError(f"must be one value, got {words}; a choice is written {{choice: {words}}}")
    return rule(raw)


def _holds_options(rule: Rule, raw: list[Any]) -> bool:
    try:
        return all(rule(one) is not None for one in raw)
    except ValueError:
        return False


def format_attribute(name: str, option: Option) -> object:
    """How ``option`` is written in YAML: a split as a list, ``se`` 0 as ``off``."""
    declared: Mapping[str, AttributeInfo] = grammar_of(None).declared["block"]
    return written(declared[name].rule, option) if name in declared else option


def _conditioned(attribute: Attribute, raw: Mapping[str, Any], grammar: Grammar) -> Attribute:
    if "when" not in raw:
        if "otherwise" in raw:
            raise ValueError("must have `when` together with `otherwise`")
        return attribute
    if not isinstance(raw["when"], dict) or not raw["when"]:
        raise ValueError(f"when must map attributes to values, got {short(raw['when'])}")
    when = tuple(
        (str(key), _condition(str(key), value, grammar)) for key, value in raw["when"].items()
    )
    if "otherwise" in raw:
        otherwise: Option | None = grammar.rule(attribute.path)(raw["otherwise"])
    else:
        otherwise = grammar.default(attribute.path)
    if otherwise is None:
        raise ValueError("must give `otherwise`: this attribute has no default")
    return replace(attribute, when=when, otherwise=otherwise)


def _condition(name: str, raw: Any, grammar: Grammar) -> tuple[Option, ...]:
    if name not in (*grammar.names("block"), "stride"):
        raise ValueError(f"when must name block attributes or stride, got {short(name)}")
    rule = grammar.rule(name)
    if rule is split_rule:
        return (rule(raw),)
    return tuple(rule(value) for value in (raw if isinstance(raw, list) else [raw]))


def _choice(raw: Any) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        raise ValueError(f"choice must be a list of options, got {short(raw)}")
    if len(raw) > MAX_OPTIONS:
        raise ValueError(f"choice must have at most {MAX_OPTIONS} options, got {len(raw)}")
    return raw


def _range(raw: Any) -> list[int | float]:
    numbers = isinstance(raw, list) and all(
        isinstance(end, (int, float)) and not isinstance(end, bool) for end in raw
    )
    if not numbers or len(raw) not in (2, 3) or not all(-_FAR <= end <= _FAR for end in raw):
        raise ValueError(f"range must be [from, to] or [from, to, step], got {short(raw)}")
    start, stop, step = (Fraction(str(end)) for end in (*raw, 1)[:3])
    if step <= 0 or stop < start or (stop - start) / step >= MAX_OPTIONS:
        raise ValueError(
            f"range must be ascending, with at most {MAX_OPTIONS} values, got {short(raw)}"
        )
    values = [start + step * i for i in range(int((stop - start) / step) + 1)]
    return [int(value) if value.denominator == 1 else float(value) for value in values]


def _identity(option: Option) -> object:
    return Fraction(str(option)) if isinstance(option, (int, float)) else option
