"""The unit of ShuffleNetV2 (Ma et al., arXiv 1807.11164) as ShuffleFaceNet has it.

ShuffleFaceNet: Martindez-Diaz et al., ICCVW 2019.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, attribute, require
from seesawnas.arch.blocks.bottleneck import KERNELS, kernel_rule
from seesawnas.arch.blocks.checks import (
    check_activation,
    check_divides,
    check_kernel,
    check_slopes,
    check_widths,
)
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Concat, Slice
from seesawnas.arch.rules import SLOPES, Slopes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShuffleNetV2Unit(Block):
    """Half of the outputs pass, the other half are worked on; then a shuffle interleaves the two.

    The work is a pointwise, a depthwise and a pointwise convolution, batch norm after each,
    activation after the pointwise ones. The shuffle has two groups.

    At stride 1 the first half of the input passes, and the second is worked on, so there are as
    many outputs as inputs. At stride 2 both halves are made of the whole input; the passing one by
    a depthwise and a pointwise convolution. A PReLU has a slope for each of ``slopes``:
    ShuffleFaceNet has one a layer.
    """

    kind: ClassVar[str] = "shufflenet_v2"

    inputs: int
    outputs: int
    stride: int = 1
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    slopes: Slopes = attribute(rules.slopes, "channel", levels=SLOPES)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)

    def __post_init__(self) -> None:
        check_widths(self, "inputs", "outputs")
        if self.stride == 1:
            require(
                self.inputs == self.outputs,
                f"with stride 1, width must equal the {self.inputs} input channels",
                self.outputs,
            )
        check_divides("the two halves", 2, self.outputs)
        check_activation(self.activation)
        check_slopes(self.slopes)
        check_kernel(self.kernel)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """Its only inner width is half of its outputs."""
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride, **options)

    def body(self) -> Body:
        """Of what layers it is."""
        draft, half = Draft(), self.outputs // 2
        passed = worked = BEFORE
        if self.stride == 1:
            passed, worked = (
                draft.add(name, Slice(*ends), BEFORE) for name, ends in self._halves()
            )
        else:
            passed = draft.depthwise("pass.depthwise", BEFORE, self.inputs, self.kernel, stride=2)
            passed = self._pointwise(draft, "pass.project", passed)
        x = self._pointwise(draft, "expand", worked)
        x = draft.depthwise("depthwise", x, half, self.kernel, stride=self.stride)
        x = self._pointwise(draft, "project", x)
        draft.shuffle("shuffle", draft.add("concat", Concat(), passed, x), 2)
        return draft.body()

    def canonical(self) -> Block:
        """``slopes`` only if there are any."""
        return self if self.activation == "prelu" else replace(self, slopes="channel")

    def _halves(self) -> tuple[tuple[str, tuple[int, int | None]], ...]:
        half = self.outputs // 2
        return ("pass", (0, half)), ("work", (half, None))

    def _pointwise(self, draft: Draft, name: str, x: int) -> int:
        shared = self.slopes == "layer"
        return draft.conv(name, x, self.outputs // 2, activation=self.activation, shared=shared)
