"""Kind and split of a block, which mean one thing together: what mixes the groups, and what the groups are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache

from seesawnas.arch import ArchSpec, Block, kind_of, kinds
from seesawnas.arch.blocks import declared

_COMMON = "share"


def is_split(block: Block) -> bool:
    """Whether the block's kind splits channels in groups."""
    return "split" in declared(type(block))


def is_whole(block: Block) -> bool:
    """Whether the block is what a kind with a split is at one group: it has the same attributes but that."""
    return _is_whole(type(block))


def split_word(block: Block) -> str:
    """Such as ``1:3``; ``1`` for a whole block."""
    return ":".join(map(str, block.split)) if is_split(block) else "1"


def kinds_of(spec: ArchSpec) -> set[str]:
    """Of the blocks that can mix groups, or are of other kinds; where there are none, of all."""
    return {kind_of(block) for block in spec.blocks if not is_whole(block)} or set(map(kind_of, spec.blocks))


def form(spec: ArchSpec, block: Block, levels: Mapping[str, str]) -> tuple[str, str]:
    """The block's kind and split under ``levels``."""
    kind, split = kind_of(block), split_word(block)
    whole, mixes = is_whole(block), is_split(block)
    if "kind" in levels and (
        not whole or "split" in levels or not any(map(is_split, spec.blocks)) or not _mixes(levels["kind"])
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
