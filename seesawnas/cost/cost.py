"""``cost(spec)``: the sum of the layers, for the network, a stage, a block or a layer."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, ClassVar, Literal

from seesawnas.arch import ArchSpec, Block, Body, Inputs, Shape, body_of
from seesawnas.arch.blocks.parts import block_output, inputs_of
from seesawnas.arch.body import read_shapes
from seesawnas.arch.layers import FLOAT32_BYTES, Layer, Shuffle, Slice
from seesawnas.arch.table import html_table
from seesawnas.errors import SpecError
from seesawnas.units import format_latency, format_quantity

_READ_ALONE = (Shuffle, Slice)  # no map of their own: which channels others read


@dataclass(frozen=True, slots=True)
class CostKind:
    """One of the numbers that a network costs, the lower the better, and how people read it.

    Attributes:
        name: As studies, options and JSON have it.
        title: As people read it, in tables and sentences.
        noun: What is counted, beside a unit.
        unit: Of a number divided by ``SCALE``: M, or MB of bytes.
    """

    name: str
    title: str
    noun: str
    unit: str = "M"

    direction: ClassVar[Literal["minimize"]] = "minimize"
    SCALE: ClassVar[float] = 1e6

    @property
    def axis(self) -> str:
        """Its title on an axis, where numbers are divided by ``SCALE``: ``MAdds (millions)``."""
        return f"{self.title} (millions)"

    @property
    def column(self) -> str:
        """Its head over numbers divided by ``SCALE``: ``MAdds (M)``, ``activations (MB)``."""
        return f"{self.noun} ({self.unit})"

    def format(self, value: float) -> str:
        """The number alone: ``145.76 M``."""
        return format_quantity(int(value))

    def format_change(self, change: float, digits: int = 2) -> str:
        """With its sign: ``+1.20 M``."""
        return f"{change / self.SCALE:+.{digits}f} M"

    def words(self, value: int | None) -> str:
        """``value`` with what it counts: ``145.76 M MAdds``, ``12.3 MB of activations``.

        None if it is unknown.
        """
        if value is None:
            return f"{self.noun} unknown"
        return (
            f"{value / self.SCALE:.1f} MB of {self.noun}"
            if self._is_bytes
            else f"{self.format(value)} {self.noun}"
        )

    def exact_words(self, value: int) -> str:
        """Every digit, with what it counts: ``145,762,816 MAdds``."""
        return f"{value:,} bytes of {self.noun}" if self._is_bytes else f"{value:,} {self.noun}"

    @property
    def _is_bytes(self) -> bool:
        return self.unit == "MB"


def _counted(title: str, noun: str | None = None, unit: str = "M") -> Any:
    """The field of a cost that stands at 0."""
    return field(default=0, metadata={"title": title, "noun": noun or title, "unit": unit})


@dataclass(frozen=True, slots=True)
class Cost:
    """What a network, or a part of one, costs for one image.

    The convention stands in :mod:`seesawnas.arch.layers`.
    """

    madds: int = _counted("MAdds")
    params: int = _counted("params")
    activation_bytes: int = _counted("activation bytes", "activations", "MB")

    @property
    def flops(self) -> int:
        """2 x MAdds."""
        return 2 * self.madds

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.madds + other.madds,
            self.params + other.params,
            self.activation_bytes + other.activation_bytes,
        )

    def __rich__(self) -> str:
        """What ``rich.print`` shows, such as ``145,762,816 MAdds, ...``."""
        return ", ".join(kind.exact_words(getattr(self, name)) for name, kind in COSTS.items())

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        counts = [(kind.title, f"{getattr(self, name):,}") for name, kind in COSTS.items()]
        return html_table(("cost", "one image"), counts)


COSTS = {field.name: CostKind(field.name, **field.metadata) for field in fields(Cost)}
"""By name, in the order of tables.

Every field of :class:`Cost`, with the words that it was declared with.
"""


@dataclass(frozen=True, slots=True)
class LatencyKind(CostKind):
    """Latency as a model predicts it, in microseconds."""

    SCALE: ClassVar[float] = 1e3

    @property
    def axis(self) -> str:
        """See the base."""
        return f"{self.title} ({self.unit})"

    def format(self, value: float) -> str:
        """The number with its unit: ``5.93 ms``."""
        return format_latency(int(value))

    def format_change(self, change: float, digits: int = 2) -> str:
        """With its sign: ``+1.20 ms``."""
        return f"{change / self.SCALE:+.{digits}f} ms"

    def words(self, value: int | None) -> str:
        """``5.93 ms predicted latency``."""
        return f"{self.noun} unknown" if value is None else f"{self.format(value)} {self.noun}"

    def exact_words(self, value: int) -> str:
        """Every digit: ``5,932 us predicted latency``."""
        return f"{value:,} us {self.noun}"


LATENCY = LatencyKind("latency", "predicted latency", "predicted latency", "ms")
"""Known beside a model alone (:mod:`seesawnas.cost.latency`), so that no :class:`Cost` has it."""
ALL_COSTS: ChainMap[str, CostKind] = ChainMap({LATENCY.name: LATENCY}, COSTS)
"""What may be limited, minimised and shown."""


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
    return tuple(
        PartCost(name, block_cost(block, inputs), output)
        for name, block, inputs, output in _placed(spec)
    )


def costs_by_stage(spec: ArchSpec) -> tuple[PartCost, ...]:
    """Stem, each stage (``stages.0`` ...: the blocks that end at one resolution) and head."""
    stem, *blocks, head = costs_by_block(spec)
    return (stem, *_stages(spec, blocks), head)


def costs_by_op(spec: ArchSpec) -> tuple[PartCost, ...]:
    """Every layer in running order, named ``blocks.0: conv 1x1 64->128 in 1:3``.

    Its output's bytes are its own.
    """
    return tuple(
        PartCost(f"{name}: {label}", own, output)
        for name, block, inputs, _ in _placed(spec)
        for label, own, output in _layers(body_of(block), inputs)
    )


def block_cost(block: Block, inputs: Inputs) -> Cost:
    """Cost of one block on the maps ``inputs``, the last block's first.

    Raises:
        SpecError: If a layer does not fit.
    """
    return cost_and_output(block, inputs)[0]


@lru_cache(maxsize=1 << 17)
def cost_and_output(block: Block, inputs: Inputs) -> tuple[Cost, Shape]:
    """The cost and the shape after the block, both in one look-up.

    Hashing a block takes most of the time of a look-up.

    Raises:
        SpecError: If a layer does not fit.
    """
    madds = params = elements = 0
    found: list[Shape] = []
    for node in body_of(block):
        try:
            output, own_madds, own_params, own_elements = layer_cost(
                node.layer, read_shapes(node, found, inputs)
            )
        except SpecError as error:
            raise SpecError(f"{node.name}: {error}") from None
        found.append(output)
        madds += own_madds
        params += own_params
        elements += own_elements
    return Cost(madds, params, FLOAT32_BYTES * elements), found[-1] if found else inputs[0]


@lru_cache(maxsize=1 << 16)
def layer_cost(layer: Layer, read: Inputs) -> tuple[Shape, int, int, int]:
    """Shape of the output, MAdds, params and numbers that the layer holds.

    Blocks of one width and kind share most of their layers.
    """
    output = layer.output(*read)
    return (
        output,
        layer.madds(*read),
        layer.params(*read),
        0 if isinstance(layer, _READ_ALONE) else output.elements,
    )


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
    return Cost(
        sum(p.madds for p in parts),
        sum(p.params for p in parts),
        sum(p.activation_bytes for p in parts),
    )


def _stages(spec: ArchSpec, blocks: list[PartCost]) -> Iterator[PartCost]:
    for index, stage in enumerate(spec.stages):
        own = blocks[stage.first : stage.first + len(stage.blocks)]
        yield PartCost(f"stages.{index}", sum((part.cost for part in own), Cost()), own[-1].output)
