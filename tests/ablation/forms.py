"""The form of a network, apart from its widths."""

from __future__ import annotations

from seesawnas.arch import ArchSpec, Block, SeesawBlock


def form(spec: ArchSpec) -> list[tuple[object, ...]]:
    """What widths do not change; a shuffle of one channel a group is none, so mixing may."""
    return [
        (block.stride, block.kernel, block.activation, block.skip, block.is_residual, groups(block))
        for block in spec.blocks
    ]


def groups(block: Block) -> tuple[int, ...]:
    return block.split if isinstance(block, SeesawBlock) else (1,)
