"""The ghost bottleneck (Han et al., arXiv 1911.11907) of GhostFaceNets.

As Alansari et al. have it (IEEE Access 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import attribute
from seesawnas.arch.blocks.bottleneck import KERNELS, kernel_rule
from seesawnas.arch.blocks.checks import (
    check_activation,
    check_divides,
    check_kernel,
    check_se,
    check_widths,
)
from seesawnas.arch.blocks.expanding import Expanding
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Concat


@dataclass(frozen=True, slots=True, kw_only=True)
class GhostBottleneck(Expanding):
    """Ghost module to ``middle`` with activation; ghost module to ``outputs`` without.

    Between them are a depthwise conv, if the stride is 2, and squeeze-and-excitation, if ``se`` >
    0. The input is added, by a depthwise and a pointwise conv unless the shapes are the same.

    A ghost module makes half of its channels by a pointwise conv, and the others from these by a
    3x3 depthwise one. ``kernel`` is that of the other depthwise convs. The squeeze is middle // se
    to the nearest multiple of 4, its gate a hard sigmoid.
    """

    kind: ClassVar[str] = "ghost"

    se: int = attribute(rules.reduction, 0, label="SE", levels=(4, 8, 0), ordered=True)
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)

    def __post_init__(self) -> None:
        check_widths(self, "inputs", "middle", "outputs")
        check_kernel(self.kernel)
        check_activation(self.activation)
        check_se(self.se, self.middle)
        check_divides("the two halves", 2, self.middle, self.outputs)

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = _ghost(draft, "expand", BEFORE, self.middle, self.activation)
        if self.stride == 2:
            x = draft.depthwise("depthwise", x, self.middle, self.kernel, stride=2)
        if self.se:
            x = draft.squeeze_excite("excite", x, self.middle, self.squeezed, gate="hard_sigmoid")
        x = _ghost(draft, "project", x, self.outputs, None)
        skip = BEFORE
        if not self.is_residual:
            skip = draft.depthwise(
                "skip.depthwise", BEFORE, self.inputs, self.kernel, stride=self.stride
            )
            skip = draft.conv("skip.project", skip, self.outputs)
        draft.join("join", x, skip)
        return draft.body()

    @property
    def squeezed(self) -> int:
        """Hidden width of the squeeze-and-excitation; 0 if off.

        It is a multiple of 4, never more than a tenth below middle / se.
        """
        if not self.se:
            return 0
        nearest = max(4, (self.middle + 2 * self.se) // (4 * self.se) * 4)
        return nearest + 4 if 10 * nearest * self.se < 9 * self.middle else nearest


def _ghost(draft: Draft, name: str, x: int, channels: int, activation: Activation | None) -> int:
    half = channels // 2
    first = draft.conv(f"{name}.conv", x, half, activation=activation)
    second = draft.depthwise(f"{name}.cheap", first, half, 3, activation=activation)
    return draft.add(f"{name}.concat", Concat(), first, second)
