"""Kinds of blocks for tests, named in documents as ``tests.space.kinds:Class``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import ACTIVATIONS, Activation, Block, Body, Draft, Inputs, attribute
from seesawnas.arch import rules as rule
from seesawnas.arch.blocks import Role
from seesawnas.arch.body import BEFORE
from seesawnas.arch.layers import Linear, Pool
from seesawnas.errors import SpecError

CELL, TRIPLE, TWIN, PLAIN, POINT, NONE, FLAT = (
    f"tests.space.kinds:{name}"
    for name in ("Cell", "Triple", "Twin", "Plain", "Pointwise", "Nothing", "Flat")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(Block):
    """Two outputs before it, each through a 1x1 conv to ``outputs`` channels on the smaller map,
    and their sum.

    ``taps`` says in two words what is one: ``both`` and ``each`` build the same; ``last`` reads the
    last output alone.
    """

    kind: ClassVar[str] = "cell"
    reads: ClassVar[int] = 2

    inputs: int
    before: int
    outputs: int
    stride: int = 1
    shrink: int = 1
    taps: str = attribute(rule.one_of("both", "each", "last"), "both")
    window: int = attribute(rule.one_of(1, 3), 1)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        one, two = inputs
        shrink = stride * (2 if two.height > one.height else 1)
        if -(-two.height // shrink) != -(-one.height // stride) or -(-two.width // shrink) != -(
            -one.width // stride
        ):
            raise SpecError(
                f"maps must be of one size, or the second twice the first's, got {one} and {two}"
            )
        return cls(
            inputs=one.channels,
            before=two.channels,
            outputs=width,
            stride=stride,
            shrink=shrink,
            **options,
        )

    def takes(self) -> tuple[int, ...]:
        return self.inputs, self.before

    def body(self) -> Body:
        draft = Draft()
        x = draft.conv("one", BEFORE, self.outputs, self.window, stride=self.stride)
        if self.taps == "last":
            return draft.body()
        y = draft.conv("two", BEFORE - 1, self.outputs, stride=self.shrink)
        draft.join("join", *((x, y) if self.taps == "both" else (y, x)))
        return draft.body()


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple(Block):
    """The sum of three outputs before it, each through a 1x1 conv, brought to the size of the
    smallest.
    """

    kind: ClassVar[str] = "triple"
    reads: ClassVar[int] = 3

    before: tuple[int, int, int]
    shrinks: tuple[int, int, int]
    outputs: int
    stride: int = 1
    farthest: str = attribute(rule.one_of("conv", "pool"), "conv")

    @property
    def inputs(self) -> int:
        return self.before[0]

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        shrinks = tuple(stride * (one.height // inputs[0].height) for one in inputs)
        before = tuple(one.channels for one in inputs)
        return cls(before=before, shrinks=shrinks, outputs=width, stride=stride, **options)  # type: ignore[arg-type]

    def takes(self) -> tuple[int, ...]:
        return self.before

    def body(self) -> Body:
        draft = Draft()
        found = []
        for place, shrink in enumerate(self.shrinks):
            x = -1 - place
            if place == 2 and self.farthest == "pool":
                x, shrink = (
                    draft.add("pool", Pool("average", 2 * shrink - 1, shrink, shrink - 1), x),
                    1,
                )
            found.append(draft.conv(f"from{place}", x, self.outputs, stride=shrink))
        draft.join("join", *found)
        return draft.body()


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin(Block):
    """An inverted bottleneck's beginning and end in other words.

    Its body is that of :class:`Pointwise`.
    """

    kind: ClassVar[str] = "twin"

    inputs: int
    outputs: int
    stride: int = 1
    activation: Activation = attribute(rule.activation, "swish", levels=ACTIVATIONS)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride, **options)

    def body(self) -> Body:
        draft = Draft()
        draft.conv("conv", BEFORE, self.outputs, 3, stride=self.stride, activation=self.activation)
        return draft.body()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointwise(Twin):
    """The same layers under other names.

    ``idle`` changes nothing, and ``quiet`` takes the activation away.
    """

    kind: ClassVar[str] = "pointwise"

    idle: int = attribute(rule.one_of(1, 2), 1)
    quiet: str = attribute(rule.one_of("no", "yes"), "no")

    def body(self) -> Body:
        draft = Draft()
        activation = self.activation if self.quiet == "no" else None
        draft.shuffle(
            "nothing",
            draft.conv("c", BEFORE, self.outputs, 3, stride=self.stride, activation=activation),
            1,
        )
        return draft.body()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Block):
    """No layers at all."""

    kind: ClassVar[str] = "nothing"

    inputs: int
    outputs: int
    stride: int = 1

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        if stride != 1 or inputs[0].channels != width:
            raise SpecError("nothing must change nothing")
        return cls(inputs=width, outputs=width)

    def body(self) -> Body:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat(Block):
    """A head that reads two outputs' channels: pool, linear. Its width says nothing."""

    kind: ClassVar[str] = "flat"
    role: ClassVar[Role] = "head"
    stride: ClassVar[int] = 1

    inputs: int
    size: int = attribute(rule.positive, ordered=True)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        return cls(inputs=inputs[0].channels, **options)

    @property
    def outputs(self) -> int:
        return self.size

    def body(self) -> Body:
        draft = Draft()
        draft.add("linear", Linear(self.size), draft.add("pool", Pool("average"), BEFORE))
        return draft.body()
