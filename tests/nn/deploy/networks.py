"""Small networks of every kind of block, with the statistics and slopes of trained ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn

from seesawnas.arch import ArchSpec, Block, Input, Shape
from seesawnas.arch.blocks.parts import block_output
from seesawnas.arch.blocks.registry import Kind, kinds
from seesawnas.errors import SpecError
from seesawnas.nn import FaceNetwork, build

Choose = Callable[[Kind, str, tuple[Any, ...]], Any]
BLOCKS, STEMS, HEADS = (
    tuple(name for name, kind in kinds().items() if kind.role == role)
    for role in ("block", "stem", "head")
)
SEESAW = ("share", "shuffle", "plain", "seesaw_net")
WIDTH, EMBEDDING = 16, 16


def settled(spec: ArchSpec, seed: int = 3) -> FaceNetwork:
    """``spec`` in eval mode, with weights of many sizes and statistics of what its maps hold."""
    torch.manual_seed(seed)
    network = build(spec)
    for module in network.modules():
        if isinstance(module, nn.PReLU):
            module.weight.data.uniform_(0, 1.5)
        elif isinstance(module, nn.modules.batchnorm._BatchNorm) or hasattr(module, "running_mean"):
            module.momentum = 1.0  # type: ignore[assignment]
            for name, parameter in module.named_parameters(recurse=False):
                parameter.data.uniform_(0.5, 1.5).sub_(0 if name == "weight" else 1)
    with torch.no_grad():
        network.train()(torch.randn(8, 3, spec.input.height, spec.input.width))
    return network.eval()


def network_of(
    row: Sequence[tuple[str, int]],
    choose: Choose,
    stem: str = "conv",
    head: str = "average",
    size: tuple[int, int] = (25, 22),
) -> ArchSpec | None:
    """None if the options do not fit together.

    Args:
        row: (kind, stride) of each block.
        choose: (block, attribute, options) -> one of them.
        stem: The stem's kind.
        head: The head's kind.
        size: Of the images.
    """
    found = [Shape(3, *size)]

    def add(kind: Kind, stride: int) -> Block:
        before = tuple(found[max(0, len(found) - read)] for read in range(1, kind.reads + 1))
        if kind.role == "block" and len(found) == 2:
            before = (found[1],) * kind.reads  # what lies before the stem's output is that output
        options = {
            name: choose(kind, name, one.levels)
            for name, one in kind.attributes.items()
            if one.levels and name not in ("stride", "embedding", "hidden")
        }
        options |= {name: 8 for name in ("embedding", "hidden") if name in kind.attributes}
        # As wide as before, and twice as wide after a stride.
        width = WIDTH if kind.role == "stem" else before[0].channels * (1 + (stride == 2))
        made = kind.create(before, width, stride, options)
        found.append(block_output(made, before))
        return made

    try:
        first = add(kinds()[stem], 2)
        blocks = tuple(add(kinds()[block], stride) for block, stride in row)
        return ArchSpec(blocks, Input(*size), first, add(kinds()[head], 1))
    except SpecError:
        return None


@st.composite
def networks(draw: st.DrawFn, block: str) -> ArchSpec:
    """Networks of one kind of block, with any stem and head."""
    stem, head = draw(st.sampled_from(STEMS)), draw(st.sampled_from(HEADS))
    found = network_of(
        three(block), lambda _, name, levels: draw(st.sampled_from(levels), label=name), stem, head
    )
    return found or plain_network(block, stem, head)


def plain_network(block: str, stem: str = "conv", head: str = "average") -> ArchSpec:
    """The first option of each attribute or, if they do not fit, the defaults; with PReLU."""
    row = three(block)
    spec = network_of(row, first, stem, head) or network_of(row, default, stem, head)
    assert spec is not None, block
    return spec


def mixed_network(blocks: Sequence[str]) -> ArchSpec:
    """One block after another, each as in its plain network, the last again at a stride of 2."""
    fit = [kinds()[block] for block in blocks if network_of(three(block), first)]

    def either(kind: Kind, name: str, levels: tuple[Any, ...]) -> Any:
        return (default if kind.role == "block" and kind not in fit else first)(kind, name, levels)

    spec = network_of([*((block, 1) for block in blocks), (blocks[-1], 2)], either)
    assert spec is not None
    return spec


def three(block: str) -> list[tuple[str, int]]:
    """Blocks of stride 1, 2 and 1 of one kind."""
    return [(block, stride) for stride in (1, 2, 1)]


def first(_: Kind, name: str, levels: tuple[Any, ...]) -> Any:
    """The first option."""
    return "prelu" if name == "activation" else levels[0]


def default(kind: Kind, name: str, levels: tuple[Any, ...]) -> Any:
    """An attribute's default, or the first option if it has none."""
    return "prelu" if name == "activation" else kind.attributes[name].default or levels[0]
