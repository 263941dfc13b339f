"""``cost(spec)``: the sum of the layers, for the network, a stage, a block or a layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from seesawnas.arch import ArchSpec, Block, Body, Inputs, Shape, body_of
from seesawnas.arch.blocks.parts import block_output, inputs_of
from seesawnas.arch.body import read_shapes
from seesawnas.arch.layers import FLOAT32_BYTES, Layer, Shuffle, Slice
from seesawnas.arch.table import html_table
from seesawnas.errors import SpecError

_READ_ALONE = (Shuffle, Slice)  # no map of their own: which channels others read


@dataclass(frozen=True, slots=True)
class Cost:
    """What a network, or a part of one, costs for one image; the convention stands in :mod:`seesawnas.arch.layers`."""

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


@dataclass(frozen=True, slots=True)
class PartCost:
    """A named part of the network, its cost and its output shape (channels, height, width)."""

    name: str
    cost: Cost
    output: Shape


def cost(spec: ArchSpec) -> Cost:
    """Cost of the whole network for one image, in microseconds and without building it."""
    found, parts = [Shape(3, spec.input.height, spec.input.width)], []
    for block in (spec.stem, *spec.blocks, spec.head):
        own, output = cost_and_output(block, inputs_of(block, found))
        parts.append(own)
        found.append(output)
    return _sum(parts)


def costs_by_block(spec: ArchSpec) -> tuple[PartCost, ...]:
    """Stem, each block (``blocks.0`` ...) and head."""
    return tuple(PartCost(name, block_cost(block, inputs), output) for name, block, inputs, output in _placed(spec))


def costs_by_stage(spec: ArchSpec) -> tuple[PartCost, ...]:
    """Stem, each stage (``stages.0`` ...: the blocks that end at one resolution) and head."""
    stem, *blocks, head = costs_by_block(spec)
    return (stem, *_stages(spec, blocks), head)


def costs_by_op(spec: ArchSpec) -> tuple[PartCost, ...]:
    """Every layer in running order, named ``blocks.0: conv 1x1 64->128 in 1:3``; its output's bytes are its own."""
    return tuple(
        PartCost(f"{name}: {label}", own, output)
        for name, block, inputs, _ in _placed(spec)
        for label, own, output in _layers(body_of(block), inputs)
    )


def block_cost(block: Block, inputs: Inputs) -> Cost:
    """Cost of one block on the maps ``inputs``, the last block's first. Raises SpecError if a layer does not fit."""
    return cost_and_output(block, inputs)[0]


@lru_cache(maxsize=1 << 17)
def cost_and_output(block: Block, inputs: Inputs) -> tuple[Cost, Shape]:
    """The cost and the shape after the block, both in one look-up: hashing a block takes most of it. Raises SpecError."""
    madds = params = elements = 0
    found: list[Shape] = []
    for node in body_of(block):
        try:
            output, own_madds, own_params, own_elements = layer_cost(node.layer, read_shapes(node, found, inputs))
        except SpecError as error:
            raise SpecError(f"{node.name}: {error}") from None
        found.append(output)
        madds += own_madds
        params += own_params
        elements += own_elements
    return Cost(madds, params, FLOAT32_BYTES * elements), found[-1] if found else inputs[0]


@lru_cache(maxsize=1 << 16)
def layer_cost(layer: Layer, read: Inputs) -> tuple[Shape, int, int, int]:
    """Output, MAdds, params and numbers that it holds: blocks of one width and kind share most of their layers."""
    output = layer.output(*read)
    return output, layer.madds(*read), layer.params(*read), 0 if isinstance(layer, _READ_ALONE) else output.elements


def _placed(spec: ArchSpec) -> Iterator[tuple[str, Block, Inputs, Shape]]:
    """(name, block, what it reads, its output) of each part."""
    found = [Shape(3, spec.input.height, spec.input.width)]
    for name, block in spec.parts:
        inputs = inputs_of(block, found)
        found.append(block_output(block, inputs))
        yield name, block, inputs, found[-1]


def _layers(body: Body, inputs: Inputs) -> Iterator[tuple[str, Cost, Shape]]:
    """(label, cost, output) of each layer."""
    found: list[Shape] = []
    for node in body:
        read = read_shapes(node, found, inputs)
        output, madds, params, elements = layer_cost(node.layer, read)
        found.append(output)
        yield node.layer.label(*read), Cost(madds, params, FLOAT32_BYTES * elements), output


def _sum(parts: list[Cost]) -> Cost:
    """In one go: a ``Cost`` for every partial sum would take most of the time."""
    return Cost(sum(p.madds for p in parts), sum(p.params for p in parts), sum(p.activation_bytes for p in parts))


def _stages(spec: ArchSpec, blocks: list[PartCost]) -> Iterator[PartCost]:
    for index, stage in enumerate(spec.stages):
        own = blocks[stage.first : stage.first + len(stage.blocks)]
        yield PartCost(f"stages.{index}", sum((part.cost for part in own), Cost()), own[-1].output)
