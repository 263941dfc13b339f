"""Kinds of blocks that only tests know.

Several branches, several inputs, attributes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import (
    Activation,
    ArchSpec,
    Block,
    Body,
    Draft,
    Head,
    Inputs,
    Shape,
    Stem,
    attribute,
    rules,
)
from seesawnas.arch.blocks import Role
from seesawnas.arch.blocks.parts import block_output, read_before
from seesawnas.arch.layers import Add, Concat, Conv, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked(Block):
    """Three branches side by side, their channels one after another.

    A depthwise of ``reach``, grouped 1x1s, and a pool.
    """

    kind: ClassVar[str] = "forked"

    inputs: int
    outputs: int
    stride: int = 1
    reach: int = attribute(
        rules.one_of(3, 5, 9), 5, label="reach in pixels", levels=(3, 5), ordered=True
    )
    gated: str = attribute(rules.one_of("yes", "no"), "yes", label="gated", levels=("yes", "no"))
    activation: Activation = attribute(rules.activation, "relu")

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """From the last output."""
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride, **options)

    def body(self) -> Body:
        """Four channels a group.

        Half of the output from the pool and the 1x1s, half from the depthwise.
        """
        draft, half = Draft(), self.outputs // 2
        x = draft.depthwise(
            "far", -1, self.inputs, self.reach, stride=self.stride, activation=self.activation
        )
        far = draft.conv("far_point", x, half)
        near = draft.conv(
            "near", -1, half // 2, stride=self.stride, groups=2, activation=self.activation
        )
        near = draft.conv("near_more", near, half // 2, groups=half // 8)
        if self.gated == "yes":
            near = draft.squeeze_excite("gate", near, half // 2, 4)
        pooled = draft.add("pool", Pool("max", 3, self.stride, 1), -1)
        pooled = draft.conv("pool_point", pooled, self.outputs - half - half // 2)
        y = draft.add("all", Concat(), far, near, pooled)
        if self.stride == 1 and self.inputs == self.outputs:
            draft.join("sum", y, -1)
        return draft.body()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(Block):
    """Four nodes of two edges each, on the last two outputs, concatenated: as DARTS' cells."""

    kind: ClassVar[str] = "test_cell"
    reads: ClassVar[int] = 2

    last: Shape
    earlier: Shape
    outputs: int
    stride: int = 1
    edge: str = attribute(rules.one_of("dw3", "dw5"), "dw3", label="edge", levels=("dw3", "dw5"))

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """``width`` channels of four nodes."""
        return cls(last=inputs[0], earlier=inputs[1], outputs=width, stride=stride, **options)

    @property
    def inputs(self) -> int:
        """The last output's."""
        return self.last.channels

    def takes(self) -> tuple[int, ...]:
        """Both outputs' channels."""
        return self.last.channels, self.earlier.channels

    def body(self) -> Body:
        """Both inputs by a 1x1 to one size, then the nodes."""
        draft, width = Draft(), self.outputs // 4
        step = self.earlier.height // self.last.height
        found = [draft.conv("last", -1, width), draft.conv("earlier", -2, width, stride=step)]
        kernel = int(self.edge[2:])
        for node in range(4):
            pair = []
            for edge, source in enumerate((node, node + 1)):
                stride = self.stride if source < 2 else 1
                x = draft.act(f"node{node}.edge{edge}.act", found[source], "prelu")
                x = draft.depthwise(
                    f"node{node}.edge{edge}.depthwise", x, width, kernel, stride=stride, norm=False
                )
                pair.append(draft.conv(f"node{node}.edge{edge}.pointwise", x, width))
            found.append(draft.add(f"node{node}.sum", Add(), *pair))
        draft.add("nodes", Concat(), *found[2:])
        return draft.body()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainStem(Block):
    """One 5x5 convolution, without activation."""

    kind: ClassVar[str] = "test_stem"
    role: ClassVar[Role] = "stem"
    inputs: ClassVar[int] = 3
    stride: ClassVar[int] = 2

    outputs: int = 16

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int = 2, **options: Any) -> Self:
        """To ``width`` channels."""
        return cls(outputs=width, **options)

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        draft.conv("conv", -1, self.outputs, 5, stride=2)
        return draft.body()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanHead(Block):
    """The mean of the map, and a 1x1 convolution of it."""

    kind: ClassVar[str] = "test_head"
    role: ClassVar[Role] = "head"
    stride: ClassVar[int] = 1
    inputs: ClassVar[int] = 0

    outputs: int = 32
    biased: str = attribute(rules.one_of("yes", "no"), "no", label="bias", levels=("yes", "no"))

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int = 1, **options: Any) -> Self:
        """To ``width`` numbers."""
        return cls(outputs=width, **options)

    def takes(self) -> tuple[int, ...]:
        """Any."""
        return ()

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = draft.add("mean", Pool("average"), -1)
        draft.add("conv", Conv(self.outputs, bias=self.biased == "yes"), x)
        return draft.body()


def forked_network() -> ArchSpec:
    """Three blocks of the first kind, of stem and head as they ship."""
    blocks = (
        Forked(inputs=16, outputs=32, stride=2, reach=9),
        Forked(inputs=32, outputs=32),
        Forked(inputs=32, outputs=64, stride=2, gated="no"),
    )
    return ArchSpec(blocks, stem=Stem(16), head=Head(64, embedding=32), name="forked")


def cell_network() -> ArchSpec:
    """Cells between a stem and a head of their own."""
    stem = PlainStem()
    found = [Shape(3, 112, 112), Shape(16, 56, 56)]
    blocks: list[Block] = []
    for width, stride in ((32, 2), (32, 1), (64, 2)):
        blocks.append(Cell.of(tuple(read_before(Cell, found)), width, stride))  # type: ignore[arg-type]
        found.append(block_output(blocks[-1], tuple(read_before(Cell, found))))  # type: ignore[arg-type]
    return ArchSpec(tuple(blocks), stem=stem, head=MeanHead(), name="cells")
