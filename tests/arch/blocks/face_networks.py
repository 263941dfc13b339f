"""VarGFaceNet, ShuffleFaceNet and PocketNet from their published tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from seesawnas.arch import ArchSpec, Block, Shape, find_kind
from seesawnas.arch.blocks.darts_cell import NODES
from seesawnas.arch.blocks.parts import block_output
from tests.nn.reference import pocketnet as pocketnet_cells

Row = tuple[int, int, int, dict[str, Any]]
"""(depth, width, stride of the first block, attributes)."""

WIDTHS = {
    "0_5x": (48, 96, 192),
    "1x": (116, 232, 464),
    "1_5x": (176, 352, 704),
    "2x": (244, 488, 976),
}


def cell_options(genotype: pocketnet_cells.Cell) -> dict[str, Any]:
    """A cell's edges as attributes."""
    found: dict[str, Any] = {}
    for node, both in zip(NODES, genotype, strict=True):
        for letter, (operation, state) in zip("ab", both, strict=True):
            found |= {f"op_{node}{letter}": operation, f"from_{node}{letter}": state}
    return found


NORMAL, REDUCE = cell_options(pocketnet_cells.NORMAL), cell_options(pocketnet_cells.REDUCE)


def network(stem: Block, kind: str, rows: list[Row], head: Block, **options: Any) -> ArchSpec:
    found = [Shape(3, 112, 112)]
    found.append(block_output(stem, (found[0],)))
    blocks: list[Block] = []
    known = find_kind(kind)
    assert known is not None
    for depth, width, stride, own in rows:
        for index in range(depth):
            inputs = tuple(found[max(1, len(found) - back)] for back in range(1, known.reads + 1))
            blocks.append(known.make(inputs, width, stride if index == 0 else 1, **options, **own))
            found.append(block_output(blocks[-1], inputs))
    return ArchSpec(tuple(blocks), stem=stem, head=head)


def part(name: str, width: int, stride: int = 2, **options: Any) -> Block:
    kind = find_kind(name)
    assert kind is not None
    return kind.make((Shape(3, 112, 112),), width, stride, **options)


def vargfacenet() -> ArchSpec:
    stem = part("conv_vargroup", 40, activation="prelu", se=4)
    head = part("vargfacenet", 1024, 1, activation="prelu", embedding=512)
    rows: list[Row] = [(3, 80, 2, {}), (7, 160, 2, {}), (4, 320, 2, {})]
    return network(stem, "vargroup", rows, head, se=4, activation="prelu")


def shufflefacenet(size: str) -> ArchSpec:
    shared: dict[str, Any] = {"activation": "prelu", "slopes": "layer"}
    rows: list[Row] = [
        (depth, width, 2, {}) for depth, width in zip((4, 8, 4), WIDTHS[size], strict=True)
    ]
    head = part("shufflefacenet", 1024, 1, embedding=128, **shared)
    return network(part("conv", 24, **shared), "shufflenet_v2", rows, head, **shared)


def pocketnet(channels: int, count: int, embedding: int) -> ArchSpec:
    rows: list[Row] = []
    width = 4 * channels
    for index in range(count):
        reduces = index in (count // 3, 2 * count // 3, count - 1)
        width *= 2 if reduces else 1
        rows.append((1, width, 2 if reduces else 1, REDUCE if reduces else NORMAL))
    head = part("pocketnet", 512, 1, activation="prelu", embedding=embedding)
    return network(part("conv_norm", 4 * channels), "darts_cell", rows, head, activation="prelu")


NETWORKS: dict[str, Callable[[], ArchSpec]] = {
    "vargfacenet": vargfacenet,
    **{f"shufflefacenet_{size}": partial(shufflefacenet, size) for size in WIDTHS},
    **{f"pocketnet_s{size}": partial(pocketnet, 16, 18, size) for size in (128, 256)},
    **{f"pocketnet_m{size}": partial(pocketnet, 32, 9, size) for size in (128, 256)},
}
