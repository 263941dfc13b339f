"""Your own block: two parallel depthwise convolutions between two pointwise ones.

Their kernels are 3 and K, and their outputs are summed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import Activation, Block, Body, Draft, Inputs, attribute, rules


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinBlock(Block):
    """inputs -> ``ratio`` x inputs -> outputs; the input is added if the shapes are equal."""

    kind: ClassVar[str] = "twin"

    inputs: int
    outputs: int
    stride: int = 1
    ratio: int = attribute(rules.positive, 2, label="ratio", levels=(1, 2, 4), ordered=True)
    second: int = attribute(
        rules.one_of(5, 7), 5, label="second kernel", levels=(5, 7), ordered=True
    )
    activation: Activation = attribute(rules.activation, "swish")

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """The twin that takes the last block's output."""
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride, **options)

    def body(self) -> Body:
        """Of what layers it is."""
        draft, middle = Draft(), self.ratio * self.inputs
        x = draft.conv("expand", -1, middle, activation=self.activation)
        small = draft.depthwise("small", x, middle, 3, stride=self.stride)
        large = draft.depthwise("large", x, middle, self.second, stride=self.stride)
        y = draft.act("act", draft.join("sum", small, large), self.activation)
        y = draft.conv("project", y, self.outputs)
        if self.stride == 1 and self.inputs == self.outputs:
            draft.join("residual", y, -1)
        return draft.body()
