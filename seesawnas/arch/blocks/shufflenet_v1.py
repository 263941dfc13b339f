"""The unit of ShuffleNet (Zhang et al., arXiv 1707.01083)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import attribute, require
from seesawnas.arch.blocks.bottleneck import KERNELS, kernel_rule
from seesawnas.arch.blocks.checks import check_activation, check_divides, check_kernel, check_widths
from seesawnas.arch.blocks.expanding import Expanding
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Concat, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShuffleNetUnit(Expanding):
    """Pointwise conv to ``middle``, shuffle, depthwise conv, pointwise conv, both in ``groups``.

    Batch norm after each conv, an activation after the first one's, and once more at the end.

    At stride 1 the input is added, and has as many channels. At stride 2 the 3x3 average of the
    input is set before the branch, which makes the other channels; so there are more outputs than
    inputs. ``first_groups`` are the first conv's own groups, if not 0: ShuffleNet's first unit has
    1, its input being narrow.
    """

    kind: ClassVar[str] = "shufflenet_v1"

    groups: int = attribute(rules.positive, 3, levels=(1, 2, 3, 4, 8), ordered=True)
    first_groups: int = attribute(
        rules.size_or_none, 0, label="first groups", levels=(0, 1), ordered=True
    )
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)

    def __post_init__(self) -> None:
        check_widths(self, "inputs", "middle", "outputs")
        if self.stride == 1:
            require(
                self.inputs == self.outputs,
                f"with stride 1, width must equal the {self.inputs} input channels",
                self.outputs,
            )
        require(
            self.made >= 1,
            f"with stride 2, width must be greater than the {self.inputs} input channels",
            self.outputs,
        )
        check_kernel(self.kernel)
        check_activation(self.activation)
        check_divides("groups", self.groups, self.middle, self.made)
        check_divides(
            "groups" if self.first_groups == 0 else "first_groups",
            self.reading_groups,
            self.inputs,
            self.middle,
        )

    @property
    def made(self) -> int:
        """Channels that the branch makes."""
        return self.outputs if self.stride == 1 else self.outputs - self.inputs

    @property
    def reading_groups(self) -> int:
        """Groups of the first conv."""
        return self.first_groups or self.groups

    def body(self) -> Body:
        """Of what layers it is."""
        draft, act = Draft(), self.activation
        x = draft.conv("compress", BEFORE, self.middle, groups=self.reading_groups, activation=act)
        x = draft.shuffle("shuffle", x, self.groups)
        x = draft.depthwise("depthwise", x, self.middle, self.kernel, stride=self.stride)
        x = draft.conv("expand", x, self.made, groups=self.groups)
        if self.stride == 1:
            x = draft.join("join", x, BEFORE)
        else:
            pooled = draft.add("pool", Pool("average", 3, stride=2, padding=1, pads=True), BEFORE)
            x = draft.add("concat", Concat(), pooled, x)
        draft.act("activation", x, act)
        return draft.body()
