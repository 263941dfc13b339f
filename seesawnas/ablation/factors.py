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
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from seesawnas.ablation.tables import DEFAULTS, KINDS, RULES, parse_split
from seesawnas.ablation.widths import scaled
from seesawnas.arch import ACTIVATIONS, KERNELS, SKIPS, ArchSpec, Block, SeesawBlock
from seesawnas.errors import SpecError
from seesawnas.wording import short

MIXED = "mixed"
_DIGITS = 20


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
    if "width" in wanted:
        spec = scaled(spec, float(Fraction(wanted["width"])))
    spec = replace(spec, stem=_stem(spec, wanted), head=_head(spec, wanted))
    return replace(spec, blocks=tuple(_block(spec, index, wanted) for index in range(len(spec.blocks))))


def parse_level(factor: str, word: str) -> str:
    """The one spelling of a level: ``off`` is ``0``, ``2:6`` is ``1:3``. Raises SpecError."""
    if word == MIXED:
        return MIXED
    try:
        return known_factor(factor).parse(word)
    except ValueError as error:
        raise SpecError(f"{factor} {error}") from None


def known_factor(name: str) -> Factor:
    """The factor of that name. Raises SpecError."""
    if name not in FACTORS:
        raise SpecError(f"factor must be one of {', '.join(FACTORS)}, got {short(name)}")
    return FACTORS[name]


def _stem(spec: ArchSpec, levels: Mapping[str, str]) -> Any:
    return replace(spec.stem, activation=levels.get("activation", spec.stem.activation))  # type: ignore[arg-type]


def _head(spec: ArchSpec, levels: Mapping[str, str]) -> Any:
    head = replace(spec.head, activation=levels.get("activation", spec.head.activation))  # type: ignore[arg-type]
    if "embedding" not in levels:
        return head
    return replace(head, embedding=0 if levels["embedding"] == "none" else int(levels["embedding"]))


def _block(spec: ArchSpec, index: int, levels: Mapping[str, str]) -> Block:
    block = spec.blocks[index]
    kind, split = _form(spec, block, levels)
    values = {name: value for name, value in asdict(block).items() if name not in ("split", "mixing")}
    values["se"] = int(levels.get("se", block.se))
    values["kernel"] = int(levels.get("kernel", block.kernel))
    values["activation"] = levels.get("activation", block.activation)
    values["skip"] = levels.get("skip", block.skip)
    if "split" in KINDS[kind].own:
        values["split"] = parse_split(split)
    try:
        if "expansion" in levels:
            values["middle"] = _middle(block.inputs, levels["expansion"])
        return KINDS[kind].make(**values)
    except SpecError as error:
        said = ", ".join(f"{factor}={level}" for factor, level in levels.items())
        raise SpecError(f"{said}: block {index}: {error}") from None


def _form(spec: ArchSpec, block: Block, levels: Mapping[str, str]) -> tuple[str, str]:
    """The block's kind and split under ``levels``."""
    kind, split = _kind(block), _split(block)
    if "kind" in levels and (_is_split(block) or "split" in levels or not any(map(_is_split, spec.blocks))):
        kind = levels["kind"]
        split = split if _is_split(block) else str(DEFAULTS["split"])
    if "split" in levels:
        split = levels["split"]
        kind = kind if _is_split(block) or "kind" in levels else _common_kind(spec)
    return kind, split


def _common_kind(spec: ArchSpec) -> str:
    found = Counter(_kind(block) for block in spec.blocks if _is_split(block))
    return found.most_common(1)[0][0] if found else "share"


def _is_split(block: Block) -> bool:
    return isinstance(block, SeesawBlock)


def _kind(block: Block) -> str:
    return block.mixing if isinstance(block, SeesawBlock) else "inverted_bottleneck"


def _split(block: Block) -> str:
    return ":".join(map(str, block.split)) if isinstance(block, SeesawBlock) else "1"


def _kinds(spec: ArchSpec) -> set[str]:
    """Of the blocks that are split, where there are any."""
    return {_kind(block) for block in spec.blocks if _is_split(block)} or {"inverted_bottleneck"}


def _activations(spec: ArchSpec) -> set[str]:
    return {spec.stem.activation, spec.head.activation, *(block.activation for block in spec.blocks)}


def _reductions(spec: ArchSpec) -> set[str]:
    """One that gives every block its hidden width, as written most often, where there is one; else the blocks' own."""
    ranges = [range(1) if not block.se else _reducing(block) for block in spec.blocks]
    common = range(max(found.start for found in ranges), min(found.stop for found in ranges))
    if not common:
        return {str(block.se) for block in spec.blocks}
    usual = [level for level in FACTORS["se"].defaults if int(level) in common]
    return {usual[0] if usual else str(common[-1])}


def _reducing(block: Block) -> range:
    """The reductions that give the block its hidden width."""
    return range(block.middle // (block.squeezed + 1) + 1, block.middle // block.squeezed + 1)


def _skips(spec: ArchSpec) -> set[str]:
    """Of the blocks of stride 2, which alone can have one."""
    return {block.skip for block in spec.blocks if block.stride == 2} or {"none"}


def _expansions(spec: ArchSpec) -> set[str]:
    return {_ratio_word(Fraction(block.middle, block.inputs)) for block in spec.blocks}


def _embeddings(spec: ArchSpec) -> set[str]:
    return {str(spec.head.embedding) if spec.head.embedding else "none"}


def _middle(inputs: int, expansion: str) -> int:
    middle = inputs * Fraction(expansion)
    if middle.denominator != 1:
        raise SpecError(f"expansion must give a whole width, got {short(expansion)} x {inputs}")
    return int(middle)


def _ruled(name: str) -> Callable[[str], str]:
    """The grammar's own rule for the attribute, on a word."""

    def parse(word: str) -> str:
        number = word.isascii() and word.isdecimal() and len(word) <= _DIGITS and name != "split"
        try:
            level = str(RULES[name](int(word) if number else word))
        except ValueError as error:  # with the word as it was written
            raise ValueError(f"{str(error).partition(', got ')[0]}, got {short(word)}") from None
        return "none" if name == "embedding" and level == "0" else level

    return parse


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
            lambda spec: {str(block.kernel) for block in spec.blocks},
        ),
        Factor("embedding", ("512", "256", "128"), _ruled("embedding"), _embeddings),
        Factor("width", ("1", "0.75", "1.25"), _ratio, lambda spec: {"1"}),
    )
}
"""The closed table of factors, their default levels in the order of a design."""
