"""Kinds by their fields, and rules and defaults by an attribute's name, as factors use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from seesawnas.arch import MIXINGS, Block, InvertedBottleneck, SeesawBlock
from seesawnas.arch.blocks import attributes_of
from seesawnas.arch.rules import Option, Rule, one_of, parse_split

__all__ = ["DEFAULTS", "KINDS", "RULES", "parse_split"]


@dataclass(frozen=True, slots=True)
class _Fields:
    """``make`` takes a block's fields; ``own`` are those that other kinds have not."""

    make: Callable[..., Block]
    own: tuple[str, ...] = ()


KINDS: dict[str, _Fields] = {
    **{str(mixing): _Fields(partial(SeesawBlock, mixing=mixing), ("split",)) for mixing in MIXINGS},
    "inverted_bottleneck": _Fields(InvertedBottleneck),
}
RULES: dict[str, Rule] = {
    "kind": one_of(*KINDS),
    **{name: one.rule for name, one in {**attributes_of("block"), **attributes_of("head")}.items()},
}
DEFAULTS: dict[str, Option] = {
    name: one.default for name, one in attributes_of("block").items() if one.default is not None
}
