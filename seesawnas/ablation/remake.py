"""A block made anew by its kind: with another attribute, or at another place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from seesawnas.arch import Block, Inputs, Kind, find_kind, kind_of
from seesawnas.arch.rules import Option
from seesawnas.errors import SpecError


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises SpecError if there is none, as of a class within a function."""
    found = find_kind(name)
    if found is None:
        raise SpecError(f"kind must be one that can be imported, got {name}")
    return found


@lru_cache(maxsize=1 << 14)
def options_of(block: Block) -> tuple[tuple[str, Option], ...]:
    """The block's attributes as its kind takes them."""
    declared = kind_named(kind_of(block)).attributes
    return tuple((name, declared[name].rule(value)) for name, value in block.row().items())


def remade(block: Block, kind: Kind, inputs: Inputs, changes: Mapping[str, Any], width: int | None = None) -> Block:
    """A block of ``kind`` with ``block``'s attributes, as far as it has them, but for ``changes``. Raises SpecError."""
    options = {name: value for name, value in options_of(block) if name in kind.attributes}
    for name in changes:
        for other in _partners(kind, name):
            options.pop(other, None)
    own = getattr(block, "width", block.outputs)
    known: dict[str, Any] = {**options, **changes}
    stride = known.pop("stride", block.stride)  # a stem's, if its kind leaves it open
    try:
        return kind.make(inputs[: kind.reads], own if width is None else width, stride, **known)
    except TypeError as error:  # what must be given is not there
        raise SpecError(f"{kind.name} must have every attribute that it requires: {error}") from None


def _partners(kind: Kind, name: str) -> Iterator[str]:
    """The attributes that say what ``name`` says in another way."""
    for other, one in kind.attributes.items():
        if one.instead_of == name or (name in kind.attributes and kind.attributes[name].instead_of == other):
            yield other
