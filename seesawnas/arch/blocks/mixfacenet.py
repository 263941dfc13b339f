"""The unit of MixFaceNets (Boutros et al., arXiv 2107.13046).

It is MixNet's (Tan and Le, arXiv 1907.09595), perhaps shuffled.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import attribute, require
from seesawnas.arch.blocks.checks import check_activation, check_divides, check_se, check_widths
from seesawnas.arch.blocks.expanding import Expanding
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Concat, Slice
from seesawnas.arch.rules import Option

Switch: TypeAlias = Literal["on", "off"]

SWITCHES: tuple[Switch, ...] = get_args(Switch)
MIXED_KERNELS = 5
_switch = rules.one_of(*SWITCHES)


def switch_rule(raw: Any) -> Option:
    """``on`` or ``off``, which YAML reads as true and false."""
    return _switch(SWITCHES[not raw] if isinstance(raw, bool) else raw)


def mixed_rule(raw: Any) -> Option:
    """A number of kernels."""
    return rules.positive(raw, MIXED_KERNELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixFaceNetUnit(Expanding):
    """An expanding pointwise conv, depthwise convs of several kernels, and a projecting conv.

    In order: expanding pointwise conv in ``expand_groups`` (none if it would not expand: middle ==
    inputs); depthwise convs of ``kernels`` equal parts of the channels, 3x3, 5x5, 7x7 ..., the
    first of which takes what is left over; squeeze-and-excitation, if ``se`` > 0, to middle // se,
    with swish; projecting pointwise conv in ``project_groups``.

    The input is added if the shapes are the same. With ``shuffle`` the even channels come first at
    last, then the odd ones.
    """

    kind: ClassVar[str] = "mixfacenet"

    kernels: int = attribute(mixed_rule, 1, levels=(1, 2, 3, 4, 5), ordered=True)
    expand_groups: int = attribute(
        rules.positive, 1, label="expand groups", levels=(1, 2), ordered=True
    )
    project_groups: int = attribute(
        rules.positive, 1, label="project groups", levels=(1, 2), ordered=True
    )
    se: int = attribute(rules.reduction, 0, label="SE", levels=(4, 8, 0), ordered=True)
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    shuffle: Switch = attribute(switch_rule, "off", levels=SWITCHES)

    def __post_init__(self) -> None:
        check_widths(self, "inputs", "middle", "outputs")
        check_activation(self.activation)
        check_se(self.se, self.middle)
        rule = f"kernels must be 1 to {MIXED_KERNELS}, and at most the middle width {self.middle}"
        require(1 <= self.kernels <= min(MIXED_KERNELS, self.middle), rule, self.kernels)
        if self.middle != self.inputs:
            check_divides("expand_groups", self.expand_groups, self.inputs, self.middle)
        check_divides("project_groups", self.project_groups, self.middle, self.outputs)
        require(
            self.shuffle in SWITCHES, f"shuffle must be one of {', '.join(SWITCHES)}", self.shuffle
        )
        if self.shuffle == "on":
            require(self.outputs % 2 == 0, "with shuffle, width must be even", self.outputs)

    def body(self) -> Body:
        """Of what layers it is."""
        draft, act = Draft(), self.activation
        x = BEFORE
        if self.middle != self.inputs:
            x = draft.conv("expand", x, self.middle, groups=self.expand_groups, activation=act)
        x = self._mixed(draft, x)
        if self.se:
            x = draft.squeeze_excite("excite", x, self.middle, self.middle // self.se, "swish")
        x = draft.conv("project", x, self.outputs, groups=self.project_groups)
        if self.is_residual:
            x = draft.join("join", x, BEFORE)
        if self.shuffle == "on":
            draft.shuffle("shuffle", x, self.outputs // 2)
        return draft.body()

    def _mixed(self, draft: Draft, x: int) -> int:
        act = self.activation
        if self.kernels == 1:
            return draft.depthwise(
                "depthwise", x, self.middle, 3, stride=self.stride, activation=act
            )
        part = self.middle // self.kernels
        sizes = [self.middle - part * (self.kernels - 1), *[part] * (self.kernels - 1)]
        made = []
        for index, (size, end) in enumerate(zip(sizes, accumulate(sizes), strict=True)):
            kernel = 3 + 2 * index
            own = draft.add(f"part{kernel}", Slice(end - size, end), x)
            made.append(
                draft.depthwise(
                    f"depthwise{kernel}", own, size, kernel, stride=self.stride, norm=False
                )
            )
        x = draft.norm("mixed", draft.add("concat", Concat(), *made))
        return draft.act("mixed.activation", x, act)
