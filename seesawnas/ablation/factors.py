"""Factors: what an ablation can change in a network, one table of them, and how each is read and set.

A factor is an attribute of the block grammar, held by every block; ``activation`` is the stem's and the head's too,
``embedding`` the head's alone, ``width`` multiplies all widths of stem and blocks. A level is a word as YAML has it: ``1:3``,
``shuffle``, ``0``, ``maxpool_conv``. Where blocks differ, a network's own level is ``mixed``; it cannot be set.

Setting ``kind`` leaves blocks of one group as they are, for they have nothing to mix, unless no block is split: then the
grammar's default split comes with it. Setting ``split`` gives blocks without a kind the network's most common one, or share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from seesawnas.ablation.widths import scaled
from seesawnas.arch import ACTIVATIONS, KERNELS, SKIPS, ArchSpec, Block, Shape, kind_of, kinds
from seesawnas.arch.blocks import Declared, Role, attributes_of
from seesawnas.arch.parts import block_output, inputs_of
from seesawnas.arch.remake import kind_named, options_of, remade
from seesawnas.arch.rules import Option, one_of, size_or_none
from seesawnas.arch.rules import split as split_rule
from seesawnas.errors import SpecError
from seesawnas.wording import short

MIXED = "mixed"
_DIGITS = 20
_ROLES: tuple[Role, ...] = ("block", "stem", "head")


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor: its default levels, how a word is made a level (ValueError with the rule), and a network's own words."""

    name: str
    defaults: tuple[str, ...]
    parse: Callable[[str], str]
    read: Callable[[ArchSpec], set[str]]


def level_of(spec: ArchSpec, factor: str) -> str:
    """The network's own level of ``factor``: ``4``, ``1:3``; ``mixed`` where its blocks differ."""
    found = known_factor(factor).read(spec)
    return found.pop() if len(found) == 1 else MIXED


def with_level(spec: ArchSpec, factor: str, level: str) -> ArchSpec:
    """The network with ``factor`` at ``level``. Raises SpecError where it cannot be built, with factor, rule and value."""
    return with_levels(spec, {factor: level})


def with_levels(spec: ArchSpec, levels: Mapping[str, str]) -> ArchSpec:
    """The network with several factors set at once: split and kind mean one thing together. ``mixed`` leaves a factor alone."""
    wanted = {factor: parse_level(factor, level) for factor, level in levels.items()}
    for factor in [factor for factor, level in wanted.items() if level == MIXED]:
        if level_of(spec, factor) != MIXED:
            raise SpecError(f"{factor} must be a level that can be set, got {MIXED}")
        del wanted[factor]
    for factor in wanted:
        if factor not in FACTORS and not any(factor in block.row() for _, block in spec.parts):
            raise SpecError(
                f"{factor} must be an attribute of some block of the network, got {spec.name or spec.digest()}"
            )
    if "width" in wanted:
        spec = scaled(spec, float(Fraction(wanted["width"])))
    picture = Shape(3, spec.input.height, spec.input.width)
    stem = remade(spec.stem, (picture,), _width(spec.stem), _changes(spec.stem, wanted))
    found = [picture, block_output(stem, (picture,))]
    blocks = []
    for index, block in enumerate(spec.blocks):
        made = _block(spec, index, wanted, inputs_of(block, found))
        found.append(block_output(made, inputs_of(made, found)))
        blocks.append(made)
    head = remade(spec.head, inputs_of(spec.head, found), _width(spec.head), _changes(spec.head, wanted))
    return replace(spec, stem=stem, blocks=tuple(blocks), head=head)


def parse_level(factor: str, word: str) -> str:
    """The one spelling of a level: ``off`` is ``0``, ``2:6`` is ``1:3``. Raises SpecError."""
    if word == MIXED:
        return MIXED
    try:
        return known_factor(factor).parse(word)
    except ValueError as error:
        raise SpecError(f"{factor} {error}") from None


def known_factor(name: str) -> Factor:
    """The factor of that name: one of ``FACTORS``, or an attribute of some kind of block. Raises SpecError."""
    if name in FACTORS:
        return FACTORS[name]
    for role in _ROLES:
        if (found := attributes_of(role).get(name)) is not None:
            return _own(found)
    own = sorted({one for role in _ROLES for one in attributes_of(role)} - {*FACTORS, "middle"})
    raise SpecError(f"factor must be one of {', '.join((*FACTORS, *own))}, got {short(name)}")


def _own(found: Declared) -> Factor:
    """An attribute that kinds of blocks declare, as a factor."""

    def read(spec: ArchSpec) -> set[str]:
        return {str(options_of(block)[found.name]) for _, block in spec.parts if found.name in block.row()}

    return Factor(found.name, tuple(map(str, found.levels)), _ruled(found.name), read)


def _width(part: Block) -> int:
    """What ``of`` takes as the width of a stem or head."""
    return int(getattr(part, "width", part.outputs))


def _changes(block: Block, levels: Mapping[str, str]) -> dict[str, Option]:
    """The options that ``levels`` set in ``block``."""
    attributes = kind_named(kind_of(block)).attributes
    return {name: _option(attributes[name], level) for name, level in levels.items() if name in attributes}


def _option(declared: Declared, level: str) -> Option:
    if declared.name == "expansion":
        return level  # a ratio such as 5/3, which is no number of YAML
    is_number = level.isascii() and level.isdecimal() and declared.rule is not split_rule
    return declared.rule(int(level) if is_number else level)


def _block(spec: ArchSpec, index: int, levels: Mapping[str, str], inputs: tuple[Shape, ...]) -> Block:
    block = spec.blocks[index]
    kind, split = _form(spec, block, levels)
    attributes = kind_named(kind).attributes
    changes = {name: _option(attributes[name], level) for name, level in levels.items() if name in attributes}
    if "split" in attributes:
        changes["split"] = split
    try:
        return remade(block, inputs, block.outputs, changes, kind)
    except SpecError as error:
        said = ", ".join(f"{factor}={level}" for factor, level in levels.items())
        raise SpecError(f"{said}: block {index}: {error}") from None


def _form(spec: ArchSpec, block: Block, levels: Mapping[str, str]) -> tuple[str, str]:
    """The block's kind and split under ``levels``."""
    kind, split = kind_of(block), _split(block)
    if "kind" in levels and (_is_split(block) or "split" in levels or not any(map(_is_split, spec.blocks))):
        kind = levels["kind"]
        split = split if _is_split(block) else str(attributes_of("block")["split"].default)
    if "split" in levels:
        split = levels["split"]
        kind = kind if _is_split(block) or "kind" in levels or "middle" not in block.row() else _common_kind(spec)
    return kind, split


def _common_kind(spec: ArchSpec) -> str:
    found = Counter(kind_of(block) for block in spec.blocks if _is_split(block))
    return found.most_common(1)[0][0] if found else "share"


def _is_split(block: Block) -> bool:
    return "split" in block.row()


def _split(block: Block) -> str:
    return ":".join(map(str, block.split)) if _is_split(block) else "1"


def _kinds(spec: ArchSpec) -> set[str]:
    """Of the blocks that are split, if there are any."""
    return {kind_of(block) for block in spec.blocks if _is_split(block)} or {kind_of(block) for block in spec.blocks}


def _with(spec: ArchSpec, name: str) -> list[Block]:
    """The blocks that have the attribute."""
    return [block for block in spec.blocks if name in block.row()]


def _activations(spec: ArchSpec) -> set[str]:
    return {str(block.activation) for _, block in spec.parts if "activation" in block.row()}


def _reductions(spec: ArchSpec) -> set[str]:
    """One that gives every block its hidden width, as written most often, where there is one; else the blocks' own."""
    blocks = _with(spec, "se")
    if not all("middle" in block.row() for block in blocks):
        return {str(block.se) for block in blocks}
    ranges = [range(1) if not block.se else _reducing(block) for block in blocks] or [range(1)]
    common = range(max(found.start for found in ranges), min(found.stop for found in ranges))
    if not common:
        return {str(block.se) for block in blocks}
    usual = [level for level in FACTORS["se"].defaults if int(level) in common]
    return {usual[0] if usual else str(common[-1])}


def _reducing(block: Block) -> range:
    """The reductions that give the block its hidden width."""
    return range(block.middle // (block.squeezed + 1) + 1, block.middle // block.squeezed + 1)


def _skips(spec: ArchSpec) -> set[str]:
    """Of the blocks of stride 2, which alone can have one."""
    return {block.skip for block in _with(spec, "skip") if block.stride == 2} or {"none"}


def _expansions(spec: ArchSpec) -> set[str]:
    return {_ratio_word(Fraction(block.middle, block.inputs)) for block in _with(spec, "middle")}


def _embeddings(spec: ArchSpec) -> set[str]:
    return {
        "none" if option == 0 else str(option) for name, option in options_of(spec.head).items() if name == "embedding"
    }


def _ruled(name: str) -> Callable[[str], str]:
    """The grammar's own rule for the attribute, on a word."""

    def parse(word: str) -> str:
        number = word.isascii() and word.isdecimal() and len(word) <= _DIGITS and name != "split"
        try:
            level = str(_rule(name)(int(word) if number else word))
        except ValueError as error:  # with the word as it was written
            raise ValueError(f"{str(error).partition(', got ')[0]}, got {short(word)}") from None
        return "none" if name == "embedding" and level == "0" else level

    return parse


def _rule(name: str) -> Callable[[Any], Option]:
    if name == "kind":
        return one_of(*(known for known, kind in kinds().items() if kind.role == "block"))
    if name == "embedding":
        return size_or_none
    return next(attributes_of(role)[name].rule for role in _ROLES if name in attributes_of(role))


def _ratio(word: str) -> str:
    try:
        ratio = Fraction(word if len(word) <= _DIGITS and "e" not in word.lower() else "")
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"must be a number such as 1.5 or 3/2, got {short(word)}") from None
    if not 0 < ratio <= 1000:
        raise ValueError(f"must be positive and at most 1000, got {short(word)}")
    return _ratio_word(ratio)


def _ratio_word(ratio: Fraction) -> str:
    """As a decimal where that says it all."""
    word = f"{float(ratio):g}"
    return word if Fraction(word) == ratio else str(ratio)


FACTORS: dict[str, Factor] = {
    factor.name: factor
    for factor in (
        Factor("split", ("1:3", "1:1", "1:2:1", "1"), _ruled("split"), lambda spec: set(map(_split, spec.blocks))),
        Factor("kind", ("share", "shuffle", "plain"), _ruled("kind"), _kinds),
        Factor("se", ("4", "8", "0"), _ruled("se"), _reductions),
        Factor("activation", ACTIVATIONS, _ruled("activation"), _activations),
        Factor("skip", SKIPS, _ruled("skip"), _skips),
        Factor("expansion", ("2", "3", "4"), _ratio, _expansions),
        Factor(
            "kernel",
            tuple(map(str, KERNELS)),
            _ruled("kernel"),
            lambda spec: {str(block.kernel) for block in _with(spec, "kernel")},
        ),
        Factor("embedding", ("512", "256", "128"), _ruled("embedding"), _embeddings),
        Factor("width", ("1", "0.75", "1.25"), _ratio, lambda spec: {"1"}),
    )
}
"""The grammar's own factors, their default levels in the order of a design. Attributes of other kinds are factors too."""
