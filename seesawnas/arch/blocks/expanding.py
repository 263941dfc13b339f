"""What kinds share that have a width of their own between their inputs and their outputs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import AttributeInfo, Block, Inputs, attribute
from seesawnas.arch.rules import Option
from seesawnas.errors import SpecError

EXPANSION = AttributeInfo(
    "expansion", rules.ratio, levels=(2, 3, 4), ordered=True, instead_of="middle"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanding(Block):
    """``inputs`` channels to ``outputs`` by way of ``middle``.

    YAML may also say ``middle`` as ``expansion`` of the inputs.
    """

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
        """The block with ``middle`` channels, or inputs x ``expansion`` of them.

        Raises:
            SpecError: If neither is given, inputs x ``expansion`` is no whole number, or the block
                cannot be made.
        """
        channels = inputs[0].channels
        middle = whole_width(channels, expansion) if middle is None else middle
        return cls(inputs=channels, middle=middle, outputs=width, stride=stride, **options)

    @property
    def is_residual(self) -> bool:
        """Whether the input has the shape of the output."""
        return self.stride == 1 and self.inputs == self.outputs


def whole_width(inputs: int, expansion: Option | None) -> int:
    """The width that is inputs x ``expansion``.

    Raises:
        SpecError: If there is no expansion, or the width is no whole number.
    """
    if expansion is None:
        raise SpecError("expansion or middle is required, got neither")
    product = inputs * Fraction(str(expansion))
    if product.denominator != 1:
        raise SpecError(f"expansion x inputs must be a whole number, got {expansion} x {inputs}")
    return int(product)
