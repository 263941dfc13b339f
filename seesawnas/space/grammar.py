"""What a document may say: the kinds that it may name, and the attributes that they declare.

Kinds are those of :func:`seesawnas.arch.kinds` and those that the document itself names as
``module:Class``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from seesawnas.arch import Head, Kind, Stem, find_kind, kinds
from seesawnas.arch.blocks import AttributeInfo, Role
from seesawnas.arch.rules import Option, Rule, one_of, positive
from seesawnas.errors import InvalidInput
from seesawnas.text import nearest
from seesawnas.text import one_of as names_rule

ROLES: tuple[Role, ...] = ("stem", "block", "head")
DEFAULT_KINDS: Mapping[str, str] = {"stem": Stem.kind, "head": Head.kind}
OWN_RULES: Mapping[str, Rule] = {
    "side": partial(positive, limit=4096),
    "width": positive,
    "depth": partial(positive, limit=1000),
    "stride": one_of(1, 2),
}
"""Of what every stage, or the input, has, whatever its blocks are."""
RESERVED = frozenset({"kind", "width", "depth", "stride", "blocks"})


@dataclass(frozen=True, slots=True, eq=False)
class Grammar:
    """The kinds that a document may name.

    Attributes:
        kinds: The kinds by name, of every role.
        declared: Their attributes by role and name, in order.
    """

    kinds: Mapping[str, Kind]
    declared: Mapping[Role, Mapping[str, AttributeInfo]]

    def names(self, role: Role) -> tuple[str, ...]:
        """The attributes of a role's kinds, ``kind`` first."""
        return ("kind", *self.declared[role])

    def rule(self, name: str, role: Role = "block") -> Rule:
        """What makes an option of what YAML has.

        Raises:
            KeyError: If no kind of the role has the attribute.
        """
        if name == "kind":
            return partial(_kind, self, role)
        declared = self.declared[role]
        return declared[name].rule if name in declared else OWN_RULES[name]

    def default(self, name: str, role: Role = "block") -> Option | None:
        """What holds if nothing is said.

        Only if all kinds of the role that have the attribute say the same.
        """
        return shared_default(name, [kind for kind in self.kinds.values() if kind.role == role])


def shared_default(name: str, some: Iterable[Kind]) -> Option | None:
    """The default of the attribute in ``some`` kinds; None if they have none, or several."""
    found = {kind.attributes[name].default for kind in some if name in kind.attributes}
    return found.pop() if len(found) == 1 else None


def partners(name: str, declared: Mapping[str, AttributeInfo]) -> tuple[str, ...]:
    """The attributes that say what ``name`` says, in another way: expansion and middle."""
    own = {declared[name].instead_of} if name in declared else set()
    return tuple(
        sorted({other for other, one in declared.items() if one.instead_of == name} | own - {""})
    )


def grammar_of(values: Any) -> Grammar:
    """The grammar of the document in ``values``.

    Raises:
        InvalidInput: If a kind that is installed breaks a rule.
    """
    named = {name for name in _named(values) if isinstance(name, str) and ":" in name}
    return _grammar(tuple(sorted(name for name in named if _found(name) is not None)))


@cache
def _grammar(named: tuple[str, ...]) -> Grammar:
    known = {**kinds(), **{name: kind for name in named if (kind := find_kind(name)) is not None}}
    declared: dict[Role, dict[str, AttributeInfo]] = {role: {} for role in ROLES}
    for name, kind in known.items():
        for attribute, one in kind.attributes.items():
            if attribute in RESERVED and (kind.role, attribute) != ("stem", "stride"):
                raise InvalidInput(
                    f"{name}: attribute {attribute}: the name is reserved by the grammar"
                )
            first = declared[kind.role].setdefault(attribute, one)
            if first.rule != one.rule:
                raise InvalidInput(
                    f"{name}: {attribute} must use the same rule as in other kinds, or a "
                    "different name"
                )
    return Grammar(known, declared)


def _found(name: str) -> Kind | None:
    try:
        return find_kind(name)
    except InvalidInput:  # the rule of kinds says it at its place
        return None


def _kind(grammar: Grammar, role: Role, raw: Any) -> Option:
    known = [name for name, kind in grammar.kinds.items() if kind.role == role]
    if isinstance(raw, str) and raw in known:
        return raw
    if isinstance(raw, str) and raw not in grammar.kinds:
        try:
            find_kind(raw)
        except InvalidInput as error:
            hint = _INSTALLED if isinstance(error.__context__, ModuleNotFoundError) else ""
            able = "imported" if ":" in raw else "used"
            raise ValueError(f"must be a kind that can be {able}: {error}{hint}") from None
    is_unknown = isinstance(raw, str) and raw.isidentifier() and raw not in grammar.kinds
    hint = _INSTALLED if is_unknown and nearest(raw, known) is None else ""
    raise ValueError(f"{names_rule(known, raw)}{hint}")


_INSTALLED = "; is it installed?"


def _named(values: Any) -> Iterator[Any]:
    """Every value that stands for a kind, wherever it may stand."""
    if not isinstance(values, dict):
        return
    parts = [values.get("stem"), values.get("head"), values.get("defaults")]
    stages = values.get("stages")
    for stage in stages if isinstance(stages, list) else ():
        parts.append(stage)
        blocks = stage.get("blocks") if isinstance(stage, dict) else None
        parts += blocks.values() if isinstance(blocks, dict) else ()
    for part in parts:
        if isinstance(part, dict):
            yield from kind_options(part.get("kind"))


def kind_options(raw: Any) -> Iterator[Any]:
    """What a ``kind`` as it is written may be: itself, or the options of a choice."""
    if not isinstance(raw, dict):
        yield raw
        return
    yield from raw["choice"] if isinstance(raw.get("choice"), list) else ()
    yield raw.get("otherwise")
