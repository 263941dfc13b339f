"""Kinds that break the rules of kinds, each in one way.

Named in documents as ``tests.arch.blocks.broken_kinds:Class``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import Block, Body, Draft, Inputs, Node, attribute, rules
from seesawnas.arch.body import BEFORE
from seesawnas.arch.layers import Act, Conv, Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Block):
    """A kind without fault: a 3x3 convolution."""

    kind: ClassVar[str] = "whole"

    inputs: int
    outputs: int
    stride: int = 1
    taps: int = attribute(rules.one_of(1, 3), 3)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride, **options)

    def body(self) -> Body:
        draft = Draft()
        draft.conv("conv", BEFORE, self.outputs, self.taps, stride=self.stride, activation="relu")
        return draft.body()


class NoDataclass(Whole):
    kind: ClassVar[str] = "no_dataclass"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NotCompared(Whole):
    kind: ClassVar[str] = "not_compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameless(Whole):
    kind: ClassVar[str] = "<b>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neck(Whole):
    role: ClassVar[Any] = "neck"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsNothing(Whole):
    reads: ClassVar[int] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBody(Whole):
    body = Block.body


@dataclass(frozen=True, slots=True, kw_only=True)
class BadDefault(Whole):
    odd: int = attribute(rules.one_of(5, 7), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLevel(Whole):
    odd: int = attribute(rules.one_of(5, 7), 5, levels=(5, 9))


@dataclass(frozen=True, slots=True, kw_only=True)
class GivesNone(Whole):
    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Any:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakesNoOptions(Whole):
    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int) -> Any:  # type: ignore[override]
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raises(Whole):
    def body(self) -> Body:
        raise RuntimeError("first line\nsecond line")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTuple(Whole):
    def body(self) -> Any:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Whole):
    def body(self) -> Any:
        return ("conv",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsItself(Whole):
    def body(self) -> Body:
        return (Node("conv", Conv(self.outputs), (0,)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsTwo(Whole):
    def body(self) -> Body:
        return (Node("conv", Conv(self.outputs, (3, 3), self.stride), (-1, -1)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfScale(Whole):
    def body(self) -> Body:
        return (Node("scale", Scale(), (-1,)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenName(Whole):
    def body(self) -> Body:
        return (Node("training", Conv(self.outputs, (3, 3), self.stride)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoStride(Whole):
    def body(self) -> Body:
        return (Node("conv", Conv(self.outputs, (3, 3), 1)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWidth(Whole):
    def body(self) -> Body:
        return (Node("conv", Conv(self.outputs + 4, (3, 3), self.stride)),)


_count = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class EachTimeAnother(Whole):
    def body(self) -> Body:
        conv = Node("conv", Conv(self.outputs, (3, 3), self.stride))
        return (conv, Node("act", Act("relu"), (0,))) if next(_count) % 2 else (conv,)


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalNone(Whole):
    def canonical(self) -> Any:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(Whole):
    def body(self) -> Body:
        return (Node("conv", Conv(-self.outputs, (3, 3), self.stride)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tanh(Whole):
    def body(self) -> Body:
        x = Node("conv", Conv(self.outputs, (3, 3), self.stride))
        return (x, Node("act", Act("tanh"), (0,)))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakesNumber(Whole):
    def takes(self) -> Any:
        return self.inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenStem(Negative):
    role: ClassVar[Any] = "stem"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenHead(Negative):
    role: ClassVar[Any] = "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulesOwn(Whole):
    def body(self) -> Body:
        return (Node("to", Conv(self.outputs, (3, 3), self.stride)),)


NOTHING = 3
