"""Factors: what an ablation can change in a network, and how each is read and set.

One table holds them all. A factor is an attribute that a kind of stem, block or head declares; it
is read from and set in the parts that have it, so ``activation`` is the stem's and the head's too.
``kind`` is the blocks' kind, ``width`` multiplies all widths of stem and blocks. A level is a word
as YAML has it: ``1:3``, ``shuffle``, ``0``, ``maxpool_conv``. If blocks differ, a network's own
level is ``mixed``; it cannot be set.

Setting ``kind`` leaves blocks of one group as they are, for they have nothing to mix, unless no
block is split: then the grammar's default split comes with it. Setting ``split`` gives blocks
without a kind the network's most common one, or share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache, partial
from typing import Any, TypeAlias

from seesawnas.ablation.widths import kind_named, rebuild_block, scaled
from seesawnas.arch import MIXINGS, ArchSpec, Block, Kind, Shape, kind_of, kinds, rules
from seesawnas.arch.blocks import AttributeInfo, declared
from seesawnas.arch.blocks.parts import block_output, inputs_of
from seesawnas.arch.rules import Option, ratio
from seesawnas.errors import SpecError
from seesawnas.text import one_of, short

_DIGITS = 20
_TRUTHS = {"true": True, "false": False}


def ruled(one: AttributeInfo) -> Callable[[str], str]:
    """What makes a word the one spelling of a level.

    It raises ValueError, with the rule and then the word, if the word is no level.
    """
    return _ratio if one.rule is rules.ratio else lambda word: level_word(one, _option(one, word))


def option_of(one: AttributeInfo, level: str) -> Option:
    """The option that a level stands for.

    Raises:
        ValueError: If the level breaks the attribute's rule.
    """
    if one.rule is rules.ratio:
        value = Fraction(level)
        return one.rule(int(value) if value.denominator == 1 else float(value))
    return _option(one, level)


def level_word(one: AttributeInfo, value: Any) -> str:
    """A level's word for an option, or for a block's own value."""
    if one.rule is rules.ratio:
        return ratio_word(Fraction(str(value)))
    if isinstance(value, (tuple, list)):
        return ":".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value == 0 and one.rule is rules.size_or_none else str(value)


def ratio_word(ratio: Fraction) -> str:
    """As a decimal if that says it all."""
    word = f"{float(ratio):g}"
    return word if Fraction(word) == ratio else str(ratio)


def _option(one: AttributeInfo, word: str) -> Option:
    meant = list(_meanings(one, word))
    for value in meant[1:]:
        with suppress(ValueError):
            return one.rule(value)
    try:
        return one.rule(meant[0])
    except ValueError as error:  # with the word as it was written
        raise ValueError(f"{str(error).partition(', got ')[0]}, got {short(word)}") from None


def _meanings(one: AttributeInfo, word: str) -> Iterator[Any]:
    """What YAML would read in the word, and the word itself."""
    if one.rule is rules.split or len(word) > _DIGITS or not word.isascii():
        yield word
    elif word.isdecimal():
        yield int(word)
    elif word in _TRUTHS:
        yield word
        yield _TRUTHS[word]
    else:
        yield word
        with suppress(ValueError):
            yield float(word)


def _ratio(word: str) -> str:
    try:
        ratio = Fraction(word if len(word) <= _DIGITS and "e" not in word.lower() else "")
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"must be a number such as 1.5 or 3/2, got {short(word)}") from None
    if not 0 < ratio <= 1000:
        raise ValueError(f"must be positive and at most 1000, got {short(word)}")
    return ratio_word(ratio)


_COMMON = "share"


def is_split(block: Block) -> bool:
    """Whether the block's kind splits channels in groups."""
    return "split" in declared(type(block))


def is_whole(block: Block) -> bool:
    """Whether the block is what a kind with a split is at one group.

    It has the same attributes except the split's own.
    """
    return _is_whole(type(block))


def split_word(block: Block) -> str:
    """Such as ``1:3``; ``1`` for a whole block."""
    return ":".join(map(str, block.split)) if is_split(block) else "1"


def kinds_of(spec: ArchSpec) -> set[str]:
    """Of the blocks that can mix groups, or are of other kinds; if there are none, of all."""
    return {kind_of(block) for block in spec.blocks if not is_whole(block)} or set(
        map(kind_of, spec.blocks)
    )


def form(spec: ArchSpec, block: Block, levels: Mapping[str, str]) -> tuple[str, str]:
    """The block's kind and split under ``levels``."""
    kind, split = kind_of(block), split_word(block)
    whole, mixes = is_whole(block), is_split(block)
    if "kind" in levels and (
        not whole
        or "split" in levels
        or not any(map(is_split, spec.blocks))
        or not _mixes(levels["kind"])
    ):
        kind = levels["kind"]
        split = split if mixes else _default_split()
    if "split" in levels and (mixes or whole or "kind" in levels):
        split = levels["split"]
        kind = kind if not whole or "kind" in levels else common_kind(spec)
    return kind, split


def common_kind(spec: ArchSpec) -> str:
    """The kind that most of the network's split blocks have."""
    found = Counter(kind_of(block) for block in spec.blocks if is_split(block))
    return found.most_common(1)[0][0] if found else _COMMON


def _mixes(kind: str) -> bool:
    """Whether a kind has a split, or is what one with a split is at one group."""
    found = kinds().get(kind)
    return found is not None and ("split" in found.attributes or _is_whole(found.block))


def _default_split() -> str:
    return str(kinds()[_COMMON].attributes["split"].default)


@cache
def _is_whole(block: type[Block]) -> bool:
    own = frozenset(declared(block))
    split = (frozenset(kind.attributes) for kind in kinds().values() if "split" in kind.attributes)
    return any(own | {"split"} == names and "split" not in own for names in split)


MIXED = "mixed"
_FIRST = ("split", "kind", "se", "activation", "skip", "expansion", "kernel", "embedding")
"""The order of a design; factors of other names come after, and ``width`` last."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor: its default levels, how a word is made a level, and a network's own words.

    What makes a word a level raises ValueError with the rule.
    """

    name: str
    defaults: tuple[str, ...]
    parse: Callable[[str], str]
    read: Callable[[ArchSpec], set[str]]


OwnFactors: TypeAlias = Callable[[], Mapping[str, Factor]]
"""Gives the factors of a network, which is read when it is asked."""


class _Factors(Mapping[str, Factor]):
    """The factors of every kind that is known by name."""

    def __getitem__(self, name: str) -> Factor:
        return _table(tuple(kinds().values()))[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_table(tuple(kinds().values())))

    def __len__(self) -> int:
        return len(_table(tuple(kinds().values())))


FACTORS: Mapping[str, Factor] = _Factors()
"""The table of factors, their default levels in the order of a design."""


def factors_of(spec: ArchSpec) -> Mapping[str, Factor]:
    """The factors that a network has: those of its parts' attributes, ``kind`` and ``width``."""
    own = tuple(
        kind_named(kind_of(block)) for block in dict.fromkeys(block for _, block in spec.parts)
    )
    found = {**_table(own), **FACTORS}
    named = {name for _, block in spec.parts for name in declared(type(block))} | {"kind", "width"}
    named |= {"split"} if any(map(is_whole, spec.blocks)) else set()
    return {name: factor for name, factor in found.items() if name in named}


def level_of(spec: ArchSpec, factor: str) -> str:
    """The network's own level of ``factor``: ``4``, ``1:3``; ``mixed`` if its blocks differ.

    Raises:
        SpecError: If the network does not have the factor.
    """
    found = _factor_in(spec, factor).read(spec)
    return found.pop() if len(found) == 1 else MIXED


def with_level(spec: ArchSpec, factor: str, level: str) -> ArchSpec:
    """The network with ``factor`` at ``level``.

    Raises:
        SpecError: If it cannot be built, with factor, rule and value.
    """
    return with_levels(spec, {factor: level})


def with_levels(spec: ArchSpec, levels: Mapping[str, str]) -> ArchSpec:
    """The network with several factors set at once: split and kind mean one thing together.

    ``mixed`` leaves a factor alone.
    """
    wanted = {
        factor: level if level == MIXED else _parsed(spec, factor, level)
        for factor, level in levels.items()
    }
    for factor in [factor for factor, level in wanted.items() if level == MIXED]:
        if level_of(spec, factor) != MIXED:
            raise SpecError(f"{factor} must be a level that can be set, got {MIXED}")
        del wanted[factor]
    if "width" in wanted:
        spec = scaled(spec, float(Fraction(wanted["width"])))
    found = [Shape(3, spec.input.height, spec.input.width)]
    parts = []
    for name, block in spec.parts:
        try:
            inputs = inputs_of(block, found)
            parts.append(_changed(spec, block, inputs, found, wanted))
            found.append(block_output(parts[-1], inputs_of(parts[-1], found)))
        except SpecError as error:
            said = ", ".join(f"{factor}={level}" for factor, level in levels.items())
            raise SpecError(f"{said}: {name.replace('blocks.', 'block ')}: {error}") from None
    return replace(spec, stem=parts[0], blocks=tuple(parts[1:-1]), head=parts[-1])


def no_factors() -> Mapping[str, Factor]:
    """Those of no network."""
    return {}


def parse_level(factor: str, word: str, own: OwnFactors = no_factors) -> str:
    """The one spelling of a level: ``off`` is ``0``, ``2:6`` is ``1:3``.

    Raises:
        SpecError: If there is no such factor, or the word is no level of it.
    """
    return MIXED if word == MIXED else _worded(known_factor(factor, own), word)


def known_factor(name: str, own: OwnFactors = no_factors) -> Factor:
    """The factor of that name.

    It is one of a kind known by name, of the network that ``own`` reads, or of a kind already
    imported. ``own`` is asked only for what no kind known by name has, since the network may have
    to be read.

    Raises:
        SpecError: If there is none of that name, with those of the network if it could be read.
    """
    if name in FACTORS:
        return FACTORS[name]
    found = {**_table(tuple(_imported())), **(others := own())}
    if name in found:
        return found[name]
    raise SpecError(f"factor {one_of(others or FACTORS, name)}")


def _imported() -> Iterator[Kind]:
    """Kinds without a name of their own, ``module:Class``, that a network of this process has."""
    waiting = list(Block.__subclasses__())
    for block in waiting:
        waiting += block.__subclasses__()
        if isinstance(getattr(block, "kind", None), str) and hasattr(block, "__dataclass_fields__"):
            yield Kind(block.kind, block, block.of)


def _factor_in(spec: ArchSpec, name: str) -> Factor:
    found = factors_of(spec)
    if name not in found:
        known_factor(name)
        raise SpecError(
            f"factor must be an attribute of this network: {', '.join(found)}, got {short(name)}"
        )
    return found[name]


def _parsed(spec: ArchSpec, factor: str, word: str) -> str:
    return _worded(_factor_in(spec, factor), word)


def _worded(factor: Factor, word: str) -> str:
    if not word.strip():
        raise SpecError(f"{factor.name} must have a word for each level, got an empty word")
    try:
        return factor.parse(word)
    except ValueError as error:
        raise SpecError(f"{factor.name} {error}") from None


def _changed(
    spec: ArchSpec,
    block: Block,
    inputs: tuple[Shape, ...],
    found: list[Shape],
    levels: Mapping[str, str],
) -> Block:
    """The part under ``levels``; itself if they say nothing of it."""
    kind = kind_named(kind_of(block))
    changes: dict[str, object] = {}
    if block.role == "block":
        named, split = form(spec, block, levels)
        if named != kind.name:
            kind = kind_named(named)
            inputs = inputs_of(kind.block, found)  # type: ignore[arg-type]  # of which only ``reads`` is read
        if "split" in kind.attributes and ("split" in levels or "kind" in levels):
            changes["split"] = split
    for name, one in kind.attributes.items():
        if name in levels and name != "split":
            changes |= _change(kind, one, inputs, levels[name])
    if not changes and kind.name == kind_of(block):
        return block
    return rebuild_block(block, kind, inputs, changes)


def _change(
    kind: Kind, one: AttributeInfo, inputs: tuple[Shape, ...], level: str
) -> dict[str, object]:
    """The option of a level, by the attribute's name.

    An expansion is given as the width that it makes, if the kind takes that: no float is as exact.
    """
    if one.instead_of and one.instead_of in kind.attributes and one.rule is ratio:
        middle = inputs[0].channels * Fraction(level)
        if middle.denominator != 1:
            raise SpecError(
                f"{one.name} must give a whole number as width, got {short(level)} x "
                f"{inputs[0].channels}"
            )
        return {one.instead_of: int(middle)}
    return {one.name: option_of(one, level)}


@lru_cache(maxsize=64)
def _table(some: tuple[Kind, ...]) -> dict[str, Factor]:
    """The factors of ``some`` kinds.

    Of two attributes that say one thing in two ways, it is the one with levels.
    """
    found: dict[str, AttributeInfo] = {}
    for kind in some:
        for name, one in kind.attributes.items():
            if name not in found or (one.levels and not found[name].levels):
                found[name] = one
    found = {
        name: one for name, one in found.items() if not (one.instead_of in found and not one.levels)
    }
    factors = {name: _factor(one) for name, one in found.items()}
    blocks = [kind for kind in some if kind.role == "block"]
    names = tuple(kind.name for kind in blocks)
    # Other kinds differ in more than how groups mix.
    mixing = tuple(name for name in MIXINGS if name in names)
    factors["kind"] = Factor("kind", mixing or names, partial(_kind_word, names), kinds_of)
    order = [
        *(name for name in _FIRST if name in factors),
        *(name for name in factors if name not in _FIRST),
    ]
    width = Factor(
        "width", ("1", "0.75", "1.25"), ruled(AttributeInfo("width", ratio)), lambda spec: {"1"}
    )
    return {**{name: factors[name] for name in order}, "width": width}


def _kind_word(names: tuple[str, ...], word: str) -> str:
    return str(rules.one_of(*names)(word))


def _factor(one: AttributeInfo) -> Factor:
    read = _READS.get(one.name, partial(_words, one))
    return Factor(one.name, tuple(level_word(one, level) for level in one.levels), ruled(one), read)


def _words(one: AttributeInfo, spec: ArchSpec) -> set[str]:
    """The words of the parts that have the attribute."""
    having = (
        block
        for _, block in spec.parts
        if one.name in declared(type(block)) and hasattr(block, one.name)
    )
    return {level_word(one, getattr(block, one.name)) for block in having}


def _splits(spec: ArchSpec) -> set[str]:
    return {split_word(block) for block in spec.blocks if is_split(block) or is_whole(block)}


def _reductions(spec: ArchSpec) -> set[str]:
    """The one reduction that gives every block its hidden width, as written most often.

    If there is none, the blocks' own.
    """
    blocks = [block for block in spec.blocks if "se" in declared(type(block))]
    ranges = [_reducing(block) for block in blocks]
    common = range(max(found.start for found in ranges), min(found.stop for found in ranges))
    if not common:
        return {str(block.se) for block in blocks}
    usual = [level for level in FACTORS["se"].defaults if int(level) in common]
    return {usual[0] if usual else str(common[-1])}


def _reducing(block: Block) -> range:
    """The reductions that give the block its hidden width, so far as it says that."""
    if not block.se:
        return range(1)
    squeezed, middle = getattr(block, "squeezed", 0), getattr(block, "middle", 0)
    if not squeezed or not middle:
        return range(block.se, block.se + 1)
    return range(middle // (squeezed + 1) + 1, middle // squeezed + 1)


def _skips(spec: ArchSpec) -> set[str]:
    """Of the blocks of stride 2, which alone can have one."""
    return {
        block.skip for block in spec.blocks if block.stride == 2 and hasattr(block, "skip")
    } or {"none"}


def _expansions(spec: ArchSpec) -> set[str]:
    having = [block for block in spec.blocks if "expansion" in declared(type(block))]
    return {
        ratio_word(
            Fraction(block.middle, block.inputs)
            if hasattr(block, "middle")
            else Fraction(str(block.expansion))
        )
        for block in having
    }


_READS: dict[str, Callable[[ArchSpec], set[str]]] = {
    "split": _splits,
    "se": _reductions,
    "skip": _skips,
    "expansion": _expansions,
}
"""Attributes that say more, or less, than the blocks' own values."""
