"""The open side of the grammar: what a block is, whoever wrote it.

A block is a frozen dataclass that derives from :class:`Block`. Its fields declared by
:func:`attribute` are what YAML may say of it, search over and ablate; :meth:`Block.of` makes it at
its place in a network; :meth:`Block.body` says of what layers it is. Kinds that ship and kinds of
entry points ``seesawnas.blocks`` are equals; :mod:`seesawnas.arch.blocks.registry` lists both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

from seesawnas.arch.body import Body
from seesawnas.arch.layers import Shape
from seesawnas.arch.rules import Option, Rule, written
from seesawnas.errors import SpecError
from seesawnas.text import one_of

Role: TypeAlias = Literal["stem", "block", "head"]
Inputs: TypeAlias = tuple[Shape, ...]
"""The outputs of the blocks before, the last first: as many as the kind reads."""

_KEY = "seesawnas"


@dataclass(frozen=True, slots=True)
class AttributeInfo:
    """What a kind says of one of its attributes.

    Attributes:
        rule: Makes an option of what YAML has.
        default: What holds if the attribute is not given; None if it must be given.
        label: Its name for people.
        levels: What an ablation tries by default.
        ordered: Whether options are quantities.
        instead_of: The attribute that it replaces, and that replaces it, if the two say one thing
            in two ways.
    """

    name: str
    rule: Rule
    default: Option | None = None
    label: str = ""
    levels: tuple[Option, ...] = ()
    ordered: bool = False
    instead_of: str = ""


def attribute(
    rule: Rule,
    default: Any = MISSING,
    *,
    label: str = "",
    levels: tuple[Option, ...] = (),
    ordered: bool = False,
    instead_of: str = "",
) -> Any:
    """A dataclass field that YAML may set: see :class:`AttributeInfo`."""
    about = {
        "rule": rule,
        "label": label,
        "levels": levels,
        "ordered": ordered,
        "instead_of": instead_of,
    }
    metadata = {_KEY: about}
    return (
        field(metadata=metadata)
        if default is MISSING
        else field(default=default, metadata=metadata)
    )


@dataclass(frozen=True, slots=True)
class Block(ABC):
    """A part of a network: stem, block or head.

    Derive a frozen dataclass with ``slots=True, kw_only=True``.
    """

    kind: ClassVar[str]
    """Its name in YAML and reports."""
    role: ClassVar[Role] = "block"
    reads: ClassVar[int] = 1
    """How many earlier outputs it takes: 1; a DARTS cell 2."""
    free_activation: ClassVar[bool] = False
    """Whether its attribute ``activation`` always acts.

    Each option makes another body of the same cost, whatever else is said.
    """
    options: ClassVar[tuple[AttributeInfo, ...]] = ()
    """Attributes that :meth:`of` takes beside those of the fields."""

    if TYPE_CHECKING:  # fields of every block, or properties, or class variables

        @property
        def inputs(self) -> int:
            """Channels that it takes from the block before it."""

        @property
        def outputs(self) -> int:
            """Channels that it gives."""

        @property
        def stride(self) -> int:
            """By what it divides the sides of the map."""

        def __getattr__(self, name: str) -> Any:
            """A kind's own fields, for those who know which kind they hold."""

    @classmethod
    @abstractmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """The block that takes ``inputs`` and gives ``width`` channels.

        Args:
            inputs: The maps that it reads, the last block's first.
            width: Channels of its output.
            stride: By what it divides the sides of its first map.
            options: The attributes by name.

        Raises:
            SpecError: If there is no such block.
        """

    @abstractmethod
    def body(self) -> Body:
        """Of what layers it is."""

    def takes(self) -> tuple[int, ...]:
        """Channels of what it reads, the last block's first; by default the field ``inputs``."""
        return (self.inputs,)

    def canonical(self) -> Block:
        """The simplest block of the same body, for reports.

        Networks are equal by their bodies, whatever this says.
        """
        return self

    def row(self) -> dict[str, Any]:
        """The attributes as YAML has them, in order.

        :meth:`of` makes the same block of them, at the same place.
        """
        found = declared(type(self))
        return {
            name: written(found[name].rule, getattr(self, name))
            for name in found
            if hasattr(self, name)
        }


@cache
def declared(block: type[Block]) -> Mapping[str, AttributeInfo]:
    """The attributes of a kind, in the order of its fields."""
    own = [_declared(f) for f in fields(block) if _KEY in f.metadata]
    return {one.name: one for one in (*block.options, *own)}


def _declared(found: Field[Any]) -> AttributeInfo:
    about = found.metadata[_KEY]
    default = None if found.default is MISSING else found.default
    return AttributeInfo(
        name=found.name, default=default, **{**about, "label": about["label"] or found.name}
    )


def require(condition: bool, rule: str, value: object) -> None:
    """Check that ``condition`` holds.

    Raises:
        SpecError: If it does not, with ``rule`` and ``value``.
    """
    if not condition:
        raise SpecError(f"{rule}, got {value}")


def require_word(name: str, word: str, known: Iterable[str]) -> None:
    """Check that the attribute ``name`` is one of the ``known`` words.

    Raises:
        SpecError: If ``word`` is none of them, with the nearest.
    """
    if word not in (names := tuple(known)):
        raise SpecError(f"{name} {one_of(names, word)}")
