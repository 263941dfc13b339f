"""Hypothesis strategies for values of seesawnas."""

from __future__ import annotations

from hypothesis import strategies as st

from seesawnas.arch import (
    ACTIVATIONS,
    KERNELS,
    SKIPS,
    ArchSpec,
    Block,
    Head,
    Input,
    InvertedBottleneck,
    SeesawBlock,
    Stem,
)
from seesawnas.arch.blocks import Mixing

SPLITS: tuple[tuple[int, ...], ...] = ((1, 1), (1, 3), (3, 1), (1, 2, 1), (2, 1, 1), (1, 1, 1, 1))
WIDTHS = (8, 16, 24)  # multiples of every sum in SPLITS
MIDDLES = (12, 24, 48)  # and of every number of groups, so that all of them can shuffle


@st.composite
def blocks(draw: st.DrawFn, inputs: int) -> Block:
    """Any block on ``inputs`` channels, a multiple of 4."""
    kind = draw(st.sampled_from(("inverted", "share", "shuffle", "plain")))
    common = {
        "inputs": inputs,
        "middle": draw(st.sampled_from(MIDDLES)),
        "outputs": draw(st.sampled_from(WIDTHS)),
        "stride": draw(st.sampled_from((1, 2))),
        "kernel": draw(st.sampled_from(KERNELS)),
        "se": draw(st.sampled_from((0, 2, 4))),
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "skip": draw(st.sampled_from(SKIPS)),
    }
    if kind == "inverted":
        return InvertedBottleneck(**common)
    mixing: dict[str, Mixing] = {"share": "share", "shuffle": "shuffle", "plain": "plain"}
    return SeesawBlock(**common, split=draw(st.sampled_from(SPLITS)), mixing=mixing[kind])


@st.composite
def arch_specs(draw: st.DrawFn, max_blocks: int = 3) -> ArchSpec:
    """Small networks: narrow, on inputs of 16 to 40 pixels, odd ones too."""
    stem = Stem(draw(st.sampled_from(WIDTHS)), draw(st.sampled_from(ACTIVATIONS)))
    row: list[Block] = []
    for _ in range(draw(st.integers(1, max_blocks))):
        row.append(draw(blocks(row[-1].outputs if row else stem.width)))
    head = Head(draw(st.sampled_from((8, 20))), draw(st.sampled_from(ACTIVATIONS)), draw(st.sampled_from((0, 6))))
    sides = st.integers(16, 40)
    return ArchSpec(tuple(row), Input(draw(sides), draw(sides)), stem, head)
