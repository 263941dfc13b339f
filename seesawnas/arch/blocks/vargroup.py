"""Units of variable group convolutions: VarGFaceNet's (Yan et al., arXiv 1910.04985), and its stem.

A variable group convolution has groups of ``group_width`` input channels, whatever the width, in
place of one group a channel. VarGFaceNet's code sets the epsilon of batch norm to 2e-5; here it is
1e-5, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, Role, attribute, require
from seesawnas.arch.blocks.bottleneck import KERNELS, kernel_rule
from seesawnas.arch.blocks.checks import (
    check_activation,
    check_divides,
    check_kernel,
    check_se,
    check_widths,
)
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation

GROUP_WIDTHS = (4, 8, 16)
FACTORS = (1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _VarGroup(Block):
    """What the unit and the stem say; ``se`` is the reduction (0 = off)."""

    group_width: int = attribute(
        rules.positive, 8, label="channels a group", levels=GROUP_WIDTHS, ordered=True
    )
    factor: int = attribute(rules.positive, 2, levels=FACTORS, ordered=True)
    se: int = attribute(rules.reduction, 0, label="SE", levels=(4, 8, 0), ordered=True)
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)

    @property
    def squeezed(self) -> int:
        """Hidden width of the squeeze-and-excitation, 0 if it is off."""
        return self.outputs // self.se if self.se else 0

    def _check(self, *channels: int) -> None:
        require(self.factor >= 1, "factor must be positive", self.factor)
        check_divides("group_width", self.group_width, *channels)
        check_se(self.se, self.outputs)
        check_activation(self.activation)
        check_kernel(self.kernel)

    def _normal(self, draft: Draft, x: int, channels: int, stride: int) -> None:
        """Two separable convolutions and squeeze-and-excitation, plus ``x``.

        If ``stride`` is 2, ``x`` is added by a third separable convolution.
        """
        y = self._separable(draft, "first", x, channels, channels, stride, self.activation)
        y = self._separable(draft, "second", y, channels, channels, 1)
        if self.se:
            y = draft.squeeze_excite("excite", y, channels, self.squeezed)
        skip = x if stride == 1 else self._separable(draft, "skip", x, channels, channels, stride)
        self._end(draft, y, skip)

    def _separable(
        self,
        draft: Draft,
        name: str,
        x: int,
        inputs: int,
        outputs: int,
        stride: int,
        activation: Activation | None = None,
    ) -> int:
        """Group convolution to ``factor`` x inputs, batch norm, activation; then a pointwise one.

        Batch norm after the pointwise convolution, and ``activation`` if it is not None.
        """
        groups, middle = inputs // self.group_width, self.factor * inputs
        x = draft.conv(
            f"{name}.group",
            x,
            middle,
            self.kernel,
            stride=stride,
            groups=groups,
            activation=self.activation,
        )
        return draft.conv(f"{name}.project", x, outputs, activation=activation)

    def _end(self, draft: Draft, *xs: int) -> None:
        draft.act("activation", draft.join("join", *xs), self.activation)


@dataclass(frozen=True, slots=True, kw_only=True)
class VarGroupUnit(_VarGroup):
    """VarGFaceNet's unit: the normal one at stride 1 from as many channels, else the other.

    The normal one: two separable convolutions (variable group convolution to ``factor`` times its
    inputs, activation, pointwise convolution), squeeze-and-excitation, plus the input, activation.

    The other: two separable convolutions side by side, summed, activation, one more, plus a fourth
    one of the input, activation; no squeeze-and-excitation. VarGFaceNet has this unit at stride 2
    alone.
    """

    kind: ClassVar[str] = "vargroup"
    free_activation: ClassVar[bool] = True

    inputs: int
    outputs: int
    stride: int = 1

    def __post_init__(self) -> None:
        check_widths(self, "inputs", "outputs")
        self._check(self.inputs, self.outputs)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        """Its inner widths follow from those of its input and output."""
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride, **options)

    @property
    def is_normal(self) -> bool:
        """Whether the input itself is added."""
        return self.stride == 1 and self.inputs == self.outputs

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        if self.is_normal:
            self._normal(draft, BEFORE, self.outputs, 1)
            return draft.body()
        channels = self.inputs, self.outputs, self.stride
        x = draft.join(
            "merge",
            *(self._separable(draft, side, BEFORE, *channels) for side in ("left", "right")),
        )
        x = draft.act("merge.activation", x, self.activation)
        x = self._separable(draft, "second", x, self.outputs, self.outputs, 1)
        self._end(draft, x, self._separable(draft, "skip", BEFORE, *channels))
        return draft.body()

    def canonical(self) -> Block:
        """``se`` as the largest reduction with its hidden width, off if the unit has none."""
        se = self.outputs // self.squeezed if self.se and self.is_normal else 0
        return self if se == self.se else replace(self, se=se)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvVarGroupStem(_VarGroup):
    """3x3 conv of stride 1 from 3 to ``width`` channels, batch norm, activation.

    Then :class:`VarGroupUnit`'s normal unit with stride 2, where a separable convolution of its
    input is added. VarGFaceNet's.
    """

    kind: ClassVar[str] = "conv_vargroup"
    role: ClassVar[Role] = "stem"
    inputs: ClassVar[int] = 3
    stride: ClassVar[int] = 2
    free_activation: ClassVar[bool] = True

    width: int = 64
    factor: int = attribute(rules.positive, 1, levels=FACTORS, ordered=True)

    def __post_init__(self) -> None:
        require(self.width >= 1, "width must be positive", self.width)
        self._check(self.width)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int = 2, **options: Any) -> Self:
        """Its stride is 2."""
        return cls(width=width, **options)

    @property
    def outputs(self) -> int:
        """``width``."""
        return self.width

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        self._normal(
            draft,
            draft.conv("conv", BEFORE, self.width, 3, activation=self.activation),
            self.width,
            2,
        )
        return draft.body()

    def canonical(self) -> Block:
        """``se`` as the largest reduction with its hidden width."""
        se = self.outputs // self.squeezed if self.se else 0
        return self if se == self.se else replace(self, se=se)
