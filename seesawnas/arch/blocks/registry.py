"""Every kind of block by its name: those that ship, those of entry points ``seesawnas.blocks``, and ``module:Class``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import entry_points
from typing import Any

from seesawnas.arch.blocks.average_head import AverageHead, ConvAverageHead
from seesawnas.arch.blocks.base import Block, Declared, Role, declared
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
from seesawnas.arch.blocks.seesaw_net import SeesawNetBlock
from seesawnas.arch.blocks.separable import Separable
from seesawnas.arch.blocks.shufflenet_v1 import ShuffleNetUnit
from seesawnas.arch.blocks.shufflenet_v2 import ShuffleNetV2Unit
from seesawnas.arch.blocks.stem import Stem
from seesawnas.arch.blocks.vargroup import ConvVarGroupStem, VarGroupUnit
from seesawnas.errors import InvalidInput

GROUP = "seesawnas.blocks"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind: ``make`` is its :meth:`Block.of`, with what its name fixes; ``attributes`` are what YAML may say of it."""

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
        """``options`` with the defaults of what they leave out; of two attributes that say one thing, one is enough.

        Without the stride, which :attr:`make` takes apart, and which stems may declare.
        """
        attributes = self.attributes
        found = {name: option for name, option in options.items() if name != "stride"}
        said = {*options, *(attributes[name].instead_of for name in options)}
        for name, one in attributes.items():
            if one.default is not None and name not in said and name != "stride" and one.instead_of not in options:
                found[name] = one.default
        return found

    @property
    def attributes(self) -> Mapping[str, Declared]:
        """By name, in order."""
        return declared(self.block)


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
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name. Raises InvalidInput, in one line, if an entry point holds none, or a name is taken."""
    found = {kind.name: kind for kind in _shipped()}
    for point in entry_points(group=GROUP):
        where = f"entry point {GROUP}: {point.name}"
        try:
            block = point.load()
        except Exception as error:  # whatever another's module raises
            raise InvalidInput(f"{where}: cannot be imported: {type(error).__name__}: {error}") from None
        kind = _checked(block, where)
        if kind.name in found:
            raise InvalidInput(f"{where}: must have a name of its own, got {kind.name}")
        _check_shared(kind, found.values(), where)
        found[kind.name] = kind
    return found


@cache
def find_kind(name: str) -> Kind | None:
    """The kind called ``name``, or that of ``module:Class``; None if there is none."""
    if name in kinds():
        return kinds()[name]
    if ":" not in name:
        return None
    module, _, attribute = name.partition(":")
    # What is imported runs: only what its owner installed, and no part of Python itself.
    if not all(part.isidentifier() for part in (*module.split("."), attribute)):
        return None
    if module.partition(".")[0] in sys.stdlib_module_names:
        return None
    try:
        block = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise InvalidInput(f"{name}: cannot be imported: {type(error).__name__}: {error}") from None
    kind = _checked(block, name)
    _check_shared(kind, kinds().values(), name)
    return Kind(name, kind.block, kind.make)


def kind_of(block: Block) -> str:
    """The name by which YAML makes ``block``."""
    found = kinds().get(block.kind)
    if found is not None and isinstance(block, found.block):
        return block.kind
    return f"{type(block).__module__}:{type(block).__qualname__}"


def attributes_of(role: Role) -> Mapping[str, Declared]:
    """The attributes of every kind of a role, by name, in the order in which kinds are listed."""
    found: dict[str, Declared] = {}
    for kind in kinds().values():
        if kind.role == role:
            found |= {name: one for name, one in kind.attributes.items() if name not in found}
    return found


def _kind(block: type[Block]) -> Kind:
    return Kind(block.kind, block, block.of)


def _checked(block: Any, where: str) -> Kind:
    if not (isinstance(block, type) and issubclass(block, Block)):
        raise InvalidInput(f"{where}: must be a class that derives from seesawnas.arch.Block, got {block!r}")
    if not isinstance(getattr(block, "kind", None), str):
        raise InvalidInput(f"{where}: must have a name, kind: ClassVar[str]")
    return _kind(block)


def _check_shared(kind: Kind, others: Any, where: str) -> None:
    """One name, one meaning: kinds that share an attribute share its rule, so that a stage may choose among them."""
    for other in others:
        for name in kind.attributes.keys() & other.attributes.keys():
            if kind.attributes[name].rule != other.attributes[name].rule:
                raise InvalidInput(f"{where}: {name} must have the rule that it has in {other.name}, or another name")
