"""Depthwise separable conv: the unit of MobileNetV1 (Howard et al., arXiv 1704.04861)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, attribute
from seesawnas.arch.blocks.bottleneck import KERNELS, kernel_rule
from seesawnas.arch.blocks.checks import check_activation, check_kernel, check_widths
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Separable(Block):
    """Depthwise conv with the block's stride, then a pointwise one.

    Batch norm and activation after each, no shortcut.
    """

    kind: ClassVar[str] = "separable"

    inputs: int
    outputs: int
    stride: int = 1
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)

    def __post_init__(self) -> None:
        check_widths(self, "inputs", "outputs")
        check_kernel(self.kernel)
        check_activation(self.activation)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """Its only inner width is that of its input."""
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride, **options)

    def body(self) -> Body:
        """Of what layers it is."""
        draft, act = Draft(), self.activation
        x = draft.depthwise(
            "depthwise", BEFORE, self.inputs, self.kernel, stride=self.stride, activation=act
        )
        draft.conv("project", x, self.outputs, activation=act)
        return draft.body()
