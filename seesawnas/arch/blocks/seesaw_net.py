"""The block of Seesaw-Net (Zhang, arXiv 1905.03672), as its author's code has it."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import ClassVar

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import AttributeInfo, attribute, require
from seesawnas.arch.blocks.bottleneck import KERNELS, SPLIT, kernel_rule
from seesawnas.arch.blocks.checks import check_activation, check_divides, check_kernel, check_widths
from seesawnas.arch.blocks.expanding import EXPANSION, Expanding
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, split_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class SeesawNetBlock(Expanding):
    """Pointwise conv, shuffle, depthwise conv, pointwise conv.

    Both pointwise convs are in the ratio ``split``. Batch norm stands after each conv, and an
    activation after the depthwise one's; the input is added if the shapes are the same. Nothing
    else is activated.
    """

    kind: ClassVar[str] = "seesaw_net"
    options: ClassVar[tuple[AttributeInfo, ...]] = (SPLIT, EXPANSION)

    split: tuple[int, ...]
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)

    def __post_init__(self) -> None:
        split = rules.parse_split(self.split)
        require(bool(split) and min(split) >= 1, "split must be positive integers", list(split))
        object.__setattr__(self, "split", tuple(part // gcd(*split) for part in split))
        check_widths(self, "inputs", "middle", "outputs")
        check_kernel(self.kernel)
        check_activation(self.activation)
        for channels in (self.inputs, self.middle, self.outputs):
            split_channels(channels, self.split)
        check_divides("shuffle", len(self.split), self.middle)

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = draft.conv("expand", BEFORE, self.middle, groups=self.split)
        if len(self.split) > 1:
            x = draft.shuffle("shuffle", x, len(self.split))
        x = draft.depthwise(
            "depthwise", x, self.middle, self.kernel, stride=self.stride, activation=self.activation
        )
        x = draft.conv("project", x, self.outputs, groups=self.split)
        if self.is_residual:
            draft.join("join", x, BEFORE)
        return draft.body()
