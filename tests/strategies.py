"""Hypothesis strategies for values of seesawnas."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hypothesis import strategies as st

from seesawnas.arch import (
    ACTIVATIONS,
    KERNELS,
    MIXINGS,
    SKIPS,
    ArchSpec,
    Block,
    Head,
    Input,
    InvertedBottleneck,
    SeesawBlock,
    Stem,
)

SPLITS: tuple[tuple[int, ...], ...] = ((1, 1), (1, 3), (3, 1), (1, 2, 1), (2, 1, 1), (1, 1, 1, 1))
WIDTHS = (8, 16, 24)  # multiples of every sum in SPLITS
MIDDLES = (12, 24, 48)  # and of every number of groups, so that all of them can shuffle


@st.composite
def blocks(draw: st.DrawFn, inputs: int) -> Block:
    """Any block on ``inputs`` channels, a multiple of 4."""
    block = InvertedBottleneck(
        inputs=inputs,
        middle=draw(st.sampled_from(MIDDLES)),
        outputs=draw(st.sampled_from(WIDTHS)),
        stride=draw(st.sampled_from((1, 2))),
        kernel=draw(st.sampled_from(KERNELS)),
        se=draw(st.sampled_from((0, 2, 4))),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        skip=draw(st.sampled_from(SKIPS)),
    )
    split, mixing = draw(st.sampled_from(((1,), *SPLITS))), draw(st.sampled_from(MIXINGS))
    return block if split == (1,) else SeesawBlock(**asdict(block), split=split, mixing=mixing)


@st.composite
def arch_specs(draw: st.DrawFn, max_blocks: int = 3) -> ArchSpec:
    """Small networks: narrow, on inputs of 16 to 40 pixels, odd ones too."""
    stem = Stem(draw(st.sampled_from(WIDTHS)), draw(st.sampled_from(ACTIVATIONS)))
    row: list[Block] = []
    for _ in range(draw(st.integers(1, max_blocks))):
        row.append(draw(blocks(row[-1].outputs if row else stem.width)))
    head = Head(
        draw(st.sampled_from((8, 20))),
        draw(st.sampled_from(ACTIVATIONS)),
        draw(st.sampled_from((0, 6))),
    )
    sides = st.integers(16, 40)
    return ArchSpec(tuple(row), Input(draw(sides), draw(sides)), stem, head)


def _choices(*options: Any) -> st.SearchStrategy[Any]:
    """Two or three of ``options`` to choose from, in any order."""
    picked = st.lists(st.sampled_from(options), min_size=2, max_size=3, unique_by=str)
    return picked.map(lambda found: {"choice": found})


def _merged(parts: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return {**parts[0], **parts[1]}


_CONDITIONS: tuple[dict[str, Any], ...] = ({}, {"when": {"stride": 2}}, {"when": {"kind": "share"}})
_CHANNELS = _choices(8, 10, 12, 16, 24)
_ACTIVATION = _choices("swish", "relu", "prelu")
_BLOCK_CHOICES: dict[str, st.SearchStrategy[Any]] = {
    "kind": _choices("share", "shuffle", "plain", "inverted_bottleneck"),
    "split": st.lists(
        st.sampled_from(([1, 3], [3, 1], [1, 1], [1, 2, 1], [1])),
        min_size=2,
        max_size=3,
        unique_by=str,
    ).map(lambda found: {"choice": found}),
    "expansion": _choices(1, 1.5, 2, 3),
    "se": _choices("off", 2, 3, 4, 5),
    "activation": _ACTIVATION,
    "kernel": _choices(3, 5),
    "skip": st.tuples(
        _choices("none", "conv", "maxpool_conv"),
        st.sampled_from(_CONDITIONS),
    ).map(_merged),
}
_STAGE_CHOICES = {"depth": _choices(1, 2, 3), "width": _CHANNELS, "stride": _choices(1, 2)}
_CHOICES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "input": {"height": _choices(16, 17, 20), "width": _choices(16, 18, 31)},
    "stem": {"width": _CHANNELS, "activation": _ACTIVATION},
    "head": {"width": _CHANNELS, "activation": _ACTIVATION, "embedding": _choices("none", 6, 8)},
    "defaults": _BLOCK_CHOICES,
    "stages": {**_BLOCK_CHOICES, **_STAGE_CHOICES},
    "blocks": _BLOCK_CHOICES,
}
# What several spellings of one network come from, more often.
_OFTEN = ("kind", "split", "depth", "skip", "se")
_NAMES = {
    part: sorted([*found, *(name for name in _OFTEN if name in found)])
    for part, found in _CHOICES.items()
}


@st.composite
def space_documents(draw: st.DrawFn, max_stages: int = 3, max_choices: int = 6) -> dict[str, Any]:
    """Small search spaces: a few choices, anywhere in the document.

    Some have few networks, and some none.
    """
    plain = {"kind": "share", "split": [1, 3], "expansion": 2, "activation": "swish"}
    stages = [
        {
            "depth": draw(st.integers(1, 3)),
            "width": draw(st.sampled_from((8, 12, 16))),
            "stride": draw(st.sampled_from((2, 1))),
        }
        for _ in range(draw(st.integers(1, max_stages)))
    ]
    document: dict[str, Any] = {
        "input": {"height": 16, "width": 16},
        "stem": {"width": 8},
        "defaults": plain,
        "stages": stages,
        "head": {"width": 8, "embedding": 4},
    }
    for _ in range(draw(st.integers(1, max_choices))):
        part = draw(
            st.sampled_from(
                ("stages", "stages", "defaults", "stages", "blocks", "stem", "head", "input")
            )
        )
        name = draw(st.sampled_from(_NAMES[part]))
        keys = document.get(part, {})
        if part in ("stages", "blocks"):
            keys = draw(st.sampled_from(stages))
        if part == "blocks":
            keys = keys.setdefault("blocks", {}).setdefault(draw(st.integers(0, 2)), {})
        keys[name] = draw(_CHOICES[part][name])
    return document
