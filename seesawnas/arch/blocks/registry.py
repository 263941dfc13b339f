"""Every kind of block by its name.

Those that ship, those of entry points ``seesawnas.blocks``, and ``module:Class``.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache, partial
from inspect import ismethod
from typing import Any, get_args

from seesawnas.arch.blocks.average_head import AverageHead, ConvAverageHead
from seesawnas.arch.blocks.base import AttributeInfo, Block, Inputs, Role, declared
from seesawnas.arch.blocks.bottleneck import MIXINGS, InvertedBottleneck, SeesawBlock
from seesawnas.arch.blocks.conv_stem import ConvNormStem, ConvPoolStem, ConvStem
from seesawnas.arch.blocks.darts_cell import DartsCell
from seesawnas.arch.blocks.face_heads import PocketNetHead, ShuffleFaceNetHead, VarGFaceNetHead
from seesawnas.arch.blocks.ghost import GhostBottleneck
from seesawnas.arch.blocks.head import Head
from seesawnas.arch.blocks.improved_residual import ImprovedResidual
from seesawnas.arch.blocks.linear_head import LinearHead
from seesawnas.arch.blocks.mixfacenet import MixFaceNetUnit
from seesawnas.arch.blocks.mobilenet_v2 import MobileNetV2Block
from seesawnas.arch.blocks.parts import canonical_block, is_shipped, wrap_kind_errors
from seesawnas.arch.blocks.seesaw_net import SeesawNetBlock
from seesawnas.arch.blocks.separable import Separable
from seesawnas.arch.blocks.shufflenet_v1 import ShuffleNetUnit
from seesawnas.arch.blocks.shufflenet_v2 import ShuffleNetV2Unit
from seesawnas.arch.blocks.stem import Stem
from seesawnas.arch.blocks.vargroup import ConvVarGroupStem, VarGroupUnit
from seesawnas.arch.layers import is_count
from seesawnas.arch.rules import written
from seesawnas.errors import BlockError, SpecError
from seesawnas.io.entry_points import import_offer, offers
from seesawnas.text import error_line, short

GROUP = "seesawnas.blocks"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind: ``make`` is its :meth:`Block.of`, with what its name fixes.

    ``attributes`` are what YAML may say of it.
    """

    name: str
    block: type[Block]
    make: Callable[..., Block]

    @property
    def role(self) -> Role:
        """Stem, block or head."""
        return self.block.role

    @property
    def reads(self) -> int:
        """How many earlier outputs it takes."""
        return self.block.reads

    def filled(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """``options`` with the defaults of what they leave out.

        Of two attributes that say one thing, one is enough.

        The stride is left out: :attr:`make` takes it apart, and stems may declare it.
        """
        attributes = self.attributes
        found = {name: option for name, option in options.items() if name != "stride"}
        said = {*options, *(attributes[name].instead_of for name in options)}
        for name, one in attributes.items():
            if (
                one.default is not None
                and name not in said
                and name != "stride"
                and one.instead_of not in options
            ):
                found[name] = one.default
        return found

    @property
    def attributes(self) -> Mapping[str, AttributeInfo]:
        """By name, in order."""
        return declared(self.block)

    def create(self, inputs: Inputs, width: int, stride: int, options: Mapping[str, Any]) -> Block:
        """The block at its place, canonical; ``options`` need not name what has a default.

        Raises:
            SpecError: If it does not fit.
            BlockError: If the kind itself is at fault.
        """
        filled = self.filled(options)
        with wrap_kind_errors(self.block, "of", self.name):
            try:
                block = self.make(inputs, width, stride, **filled)
            except TypeError as error:
                missing = [
                    name
                    for name, one in self.attributes.items()
                    if one.default is None and name not in filled
                ]
                if missing:
                    raise SpecError(
                        f"is missing attributes of {self.name}: {', '.join(missing)}"
                    ) from error
                raise
            if not isinstance(block, self.block):
                raise TypeError(f"must return a {self.block.__name__}, got {type(block).__name__}")
        if not is_shipped(self.block):
            with wrap_kind_errors(self.block, "takes", self.name):
                takes = block.takes()
                if not (isinstance(takes, tuple) and all(map(is_count, takes))):
                    raise TypeError(f"must return a tuple of channels, got {short(takes)}")
        return canonical_block(block)


_SHIPPED: tuple[type[Block], ...] = (
    InvertedBottleneck,
    Separable,
    MobileNetV2Block,
    ShuffleNetUnit,
    SeesawNetBlock,
    ImprovedResidual,
    MixFaceNetUnit,
    GhostBottleneck,
    VarGroupUnit,
    ShuffleNetV2Unit,
    DartsCell,
    Stem,
    ConvStem,
    ConvPoolStem,
    ConvNormStem,
    ConvVarGroupStem,
    Head,
    VarGFaceNetHead,
    ShuffleFaceNetHead,
    PocketNetHead,
    AverageHead,
    ConvAverageHead,
    LinearHead,
)


def _shipped() -> list[Kind]:
    return [
        *(Kind(mixing, SeesawBlock, partial(SeesawBlock.of, mixing=mixing)) for mixing in MIXINGS),
        *map(_kind, _SHIPPED),
    ]


@cache
def _found() -> tuple[Mapping[str, Kind], Mapping[str, str]]:
    """Every kind by its name, and why those of other entry points cannot be used."""
    found, broken = {kind.name: kind for kind in _shipped()}, {}
    for offer in offers(GROUP):
        where = offer.where
        try:
            kind = _checked(import_offer(offer.load, where, BlockError), where)
            if kind.name != offer.name:
                raise BlockError(f"{where}: must have the same name as its kind, got {kind.name}")
            if kind.name in found:
                raise BlockError(f"{where}: must have a unique name, got {kind.name}")
            _check_shared(kind, found.values(), where)
        except BlockError as error:
            broken[offer.name] = str(error)
        else:
            found[kind.name] = kind
    return found, broken


def kinds() -> Mapping[str, Kind]:
    """Every kind by its name: those that ship, and those of entry points that can be used."""
    return _found()[0]


@cache
def find_kind(name: str) -> Kind | None:
    """The kind called ``name``, or that of ``module:Class``; None if there is none.

    Raises:
        BlockError: If there is one that breaks the rules of kinds, or cannot be imported, in one
            line.
    """
    found, broken = _found()
    if name in found:
        return found[name]
    if name in broken:
        raise BlockError(broken[name])
    if ":" not in name:
        return None
    module, _, attribute = name.partition(":")
    # What is imported runs: only what its owner installed, and no part of Python itself.
    if not all(part.isidentifier() for part in (*module.split("."), attribute)):
        return None
    if module.partition(".")[0] in sys.stdlib_module_names:
        return None
    block = import_offer(
        lambda: getattr(importlib.import_module(module), attribute), name, BlockError
    )
    kind = _checked(block, name)
    _check_shared(kind, found.values(), name)
    return Kind(name, kind.block, kind.make)


def kind_of(block: Block) -> str:
    """The name by which YAML makes ``block``."""
    found = kinds().get(block.kind)
    if found is not None and isinstance(block, found.block):
        return block.kind
    return f"{type(block).__module__}:{type(block).__qualname__}"


def attributes_of(role: Role) -> Mapping[str, AttributeInfo]:
    """The attributes of every kind of a role, by name, in the order in which kinds are listed."""
    found: dict[str, AttributeInfo] = {}
    for kind in kinds().values():
        if kind.role == role:
            found |= {name: one for name, one in kind.attributes.items() if name not in found}
    return found


def _kind(block: type[Block]) -> Kind:
    return Kind(block.kind, block, block.of)


def _checked(block: Any, where: str) -> Kind:
    """The kind that a class is.

    Raises:
        BlockError: If it breaks a rule of kinds, with the first one that it breaks.
    """
    if not (isinstance(block, type) and issubclass(block, Block)):
        raise BlockError(
            f"{where}: must be a class that derives from seesawnas.arch.Block, got {short(block)}"
        )
    name = getattr(block, "kind", None)
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise BlockError(
            f"{where}: must have a name of letters, digits and _, kind: ClassVar[str], got "
            f"{short(name)}"
        )
    if missing := sorted(block.__abstractmethods__):
        raise BlockError(
            f"{where}: must implement every method of Block, missing: {', '.join(missing)}"
        )
    params = block.__dict__.get("__dataclass_params__")
    if params is None or not (params.frozen and params.eq):
        raise BlockError(f"{where}: must itself be a dataclass with frozen=True and eq=True")
    if block.role not in get_args(Role):
        raise BlockError(
            f"{where}: role must be one of {', '.join(get_args(Role))}, got {short(block.role)}"
        )
    if not is_count(block.reads):
        raise BlockError(
            f"{where}: reads must be a positive whole number, got {short(block.reads)}"
        )
    if not ismethod(block.of):
        raise BlockError(f"{where}: of must be a classmethod")
    if absent := [one for one in ("inputs", "outputs", "stride") if not _has(block, one)]:
        raise BlockError(
            f"{where}: must have inputs, outputs and stride, got no {', '.join(absent)}"
        )
    for one in declared(block).values():
        _check_attribute(one, where)
    return _kind(block)


def _has(block: type[Block], name: str) -> bool:
    return hasattr(block, name) or name in (found.name for found in fields(block))


def _check_attribute(one: AttributeInfo, where: str) -> None:
    """Check that its default and its levels are options by its own rule.

    What is written must be read again.
    """
    place = f"{where}: attribute {one.name}"
    if not callable(one.rule):
        raise BlockError(f"{place}: its rule must be callable, got {short(one.rule)}")
    for said, option in (("default", one.default), *(("level", level) for level in one.levels)):
        if option is None:
            continue
        try:
            again = one.rule(written(one.rule, option))
        except Exception as error:
            raise BlockError(
                f"{place}: its {said} {short(option)} must satisfy its own rule: "
                f"{error_line(error)}"
            ) from None
        if not isinstance(again, bool | int | float | str):
            raise BlockError(
                f"{place}: its rule must return a number or a string, got {short(again)}"
            )


def _check_shared(kind: Kind, others: Any, where: str) -> None:
    """Check that one name has one meaning.

    Kinds that share an attribute share its rule, so that a stage may choose among them.
    """
    for other in others:
        for name in kind.attributes.keys() & other.attributes.keys():
            if kind.attributes[name].rule != other.attributes[name].rule:
                raise BlockError(
                    f"{where}: {name} must use the same rule as in {other.name}, or a different "
                    "name"
                )
