"""The improved residual unit of ArcFace's ResNets.

Deng et al., arXiv 1801.07698; Han et al., arXiv 1610.02915.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, attribute
from seesawnas.arch.blocks.bottleneck import KERNELS, kernel_rule
from seesawnas.arch.blocks.checks import check_activation, check_kernel, check_se, check_widths
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class ImprovedResidual(Block):
    """Batch norm, conv, batch norm, activation, conv with the block's stride, batch norm.

    Then squeeze-and-excitation, if ``se`` > 0; plus the input, by a 1x1 conv and a batch norm
    unless it has the shape of the output. Nothing stands after the sum.
    """

    kind: ClassVar[str] = "improved_residual"

    inputs: int
    outputs: int
    stride: int = 1
    se: int = attribute(rules.reduction, 0, label="SE", levels=(4, 8, 0), ordered=True)
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)

    def __post_init__(self) -> None:
        check_widths(self, "inputs", "outputs")
        check_kernel(self.kernel)
        check_activation(self.activation)
        check_se(self.se, self.outputs)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """Both convs have ``width`` outputs."""
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride, **options)

    def body(self) -> Body:
        """Of what layers it is."""
        draft, kernel = Draft(), self.kernel
        x = draft.norm("norm", BEFORE)
        x = draft.conv("first", x, self.outputs, kernel, activation=self.activation)
        x = draft.conv("second", x, self.outputs, kernel, stride=self.stride)
        if self.se:
            x = draft.squeeze_excite("excite", x, self.outputs, self.outputs // self.se)
        skip = BEFORE
        if self.stride == 2 or self.inputs != self.outputs:
            skip = draft.conv("skip", BEFORE, self.outputs, stride=self.stride)
        draft.join("join", x, skip)
        return draft.body()
