"""``cost(spec)``: the sum of the operators, for the network, a stage, a block or an operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from seesawnas.arch import ArchSpec, Block, Head, Stem
from seesawnas.arch.shown import html_table
from seesawnas.cost.lower import lower, lower_block, lower_head, lower_stem
from seesawnas.cost.ops import Op, activation_bytes


@dataclass(frozen=True, slots=True)
class Cost:
    """What a network, or a part of one, costs for one image; the convention stands in :mod:`seesawnas.cost.ops`."""

    madds: int = 0
    params: int = 0
    activation_bytes: int = 0

    @property
    def flops(self) -> int:
        """2 x MAdds."""
        return 2 * self.madds

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.madds + other.madds, self.params + other.params, self.activation_bytes + other.activation_bytes
        )

    def __rich__(self) -> str:
        """What ``rich.print`` shows, such as ``145,762,816 MAdds, ...``."""
        return f"{self.madds:,} MAdds, {self.params:,} params, {self.activation_bytes:,} bytes of activations"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        counts = ("MAdds", self.madds), ("params", self.params), ("activation bytes", self.activation_bytes)
        return html_table(("cost", "one image"), [(name, f"{value:,}") for name, value in counts])

    @classmethod
    def of(cls, ops: Iterable[Op]) -> Cost:
        """The sum over ``ops``."""
        ops = tuple(ops)
        return cls(sum(op.madds for op in ops), sum(op.params for op in ops), sum(activation_bytes(op) for op in ops))


@dataclass(frozen=True, slots=True)
class PartCost:
    """A named part of the network, its cost and its output shape (channels, height, width)."""

    name: str
    cost: Cost
    output: tuple[int, int, int]


def cost(spec: ArchSpec) -> Cost:
    """Cost of the whole network for one image, in microseconds and without building it."""
    sizes = spec.sizes()
    parts = [block_cost(block, *size) for block, size in zip(spec.blocks, sizes, strict=False)]
    parts.append(stem_cost(spec.stem, spec.input.height, spec.input.width))
    parts.append(head_cost(spec.head, spec.blocks[-1].outputs, *sizes[-1]))
    return _sum(parts)


def costs_by_block(spec: ArchSpec) -> tuple[PartCost, ...]:
    """Stem, each block (``blocks.0`` ...) and head."""
    sizes = spec.sizes()
    stem = stem_cost(spec.stem, spec.input.height, spec.input.width)
    parts = [PartCost("stem", stem, (spec.stem.width, *sizes[0]))]
    for index, block in enumerate(spec.blocks):
        part = block_cost(block, *sizes[index])
        parts.append(PartCost(f"blocks.{index}", part, (block.outputs, *sizes[index + 1])))
    head = head_cost(spec.head, spec.blocks[-1].outputs, *sizes[-1])
    parts.append(PartCost("head", head, (spec.embedding_size, 1, 1)))
    return tuple(parts)


def costs_by_stage(spec: ArchSpec) -> tuple[PartCost, ...]:
    """Stem, each stage (``stages.0`` ...: the blocks that end at one resolution) and head."""
    stem, *blocks, head = costs_by_block(spec)
    return (stem, *_stages(spec, blocks), head)


def costs_by_op(spec: ArchSpec) -> tuple[PartCost, ...]:
    """Every operator in running order, named ``blocks.0: conv 1x1 16->32``."""
    return tuple(
        PartCost(f"{part}: {op.label}", Cost.of([op]), (op.channels, op.height, op.width))
        for part, ops in lower(spec)
        for op in ops
    )


def _sum(parts: list[Cost]) -> Cost:
    """In one go: a ``Cost`` for every partial sum would take most of the time."""
    return Cost(sum(p.madds for p in parts), sum(p.params for p in parts), sum(p.activation_bytes for p in parts))


@lru_cache(maxsize=4096)
def stem_cost(stem: Stem, height: int, width: int) -> Cost:
    """Cost of the stem on an input of ``height`` x ``width`` pixels."""
    return Cost.of(lower_stem(stem, height, width))


@lru_cache(maxsize=1 << 17)
def block_cost(block: Block, height: int, width: int) -> Cost:
    """Cost of one block on a map of ``height`` x ``width``."""
    return Cost.of(lower_block(block, height, width))


@lru_cache(maxsize=4096)
def head_cost(head: Head, inputs: int, height: int, width: int) -> Cost:
    """Cost of the head on ``inputs`` channels, ``height`` x ``width``."""
    return Cost.of(lower_head(head, inputs, height, width))


def _stages(spec: ArchSpec, blocks: list[PartCost]) -> Iterator[PartCost]:
    for index, stage in enumerate(spec.stages):
        own = blocks[stage.first : stage.first + len(stage.blocks)]
        yield PartCost(f"stages.{index}", sum((part.cost for part in own), Cost()), own[-1].output)
