"""What kinds share that have a width of their own between their inputs and their outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import AttributeInfo, Block, Inputs, attribute
from seesawnas.arch.blocks.bottleneck import EXPANSION, whole_width
from seesawnas.arch.rules import Option


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanding(Block):
    """``inputs`` channels to ``outputs`` by way of ``middle``, which YAML may also say as ``expansion`` of the inputs."""

    options: ClassVar[tuple[AttributeInfo, ...]] = (EXPANSION,)

    inputs: int
    middle: int = attribute(rules.positive, ordered=True, instead_of="expansion")
    outputs: int
    stride: int = 1

    @classmethod
    def of(
        cls,
        inputs: Inputs,
        width: int,
        stride: int,
        *,
        expansion: Option | None = None,
        middle: int | None = None,
        **options: Any,
    ) -> Self:
        """``middle`` channels, or inputs x ``expansion`` of them. Raises SpecError."""
        channels = inputs[0].channels
        middle = whole_width(channels, expansion) if middle is None else middle
        return cls(inputs=channels, middle=middle, outputs=width, stride=stride, **options)

    @property
    def is_residual(self) -> bool:
        """Whether the input has the shape of the output."""
        return self.stride == 1 and self.inputs == self.outputs
