"""Stems of a single conv: with the stride that a network needs, and perhaps a max pool."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, Role, attribute, require
from seesawnas.arch.blocks.bottleneck import KERNELS, kernel_rule
from seesawnas.arch.blocks.checks import check_activation, check_kernel, check_slopes
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Pool
from seesawnas.arch.rules import SLOPES, Slopes

STRIDES = (1, 2, 4)

stride_rule = rules.one_of(*STRIDES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvNormStem(Block):
    """Conv of ``stride`` 1 or 2 from 3 to ``width`` channels, batch norm, no activation.

    It is for blocks that begin with an activation.
    """

    kind: ClassVar[str] = "conv_norm"
    role: ClassVar[Role] = "stem"
    inputs: ClassVar[int] = 3

    width: int = 64
    stride: int = attribute(stride_rule, 2, levels=STRIDES, ordered=True)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)

    def __post_init__(self) -> None:
        self._check(1, 2)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int = 2, **options: Any) -> Self:
        """Its map is the image's, divided by ``stride``."""
        return cls(width=width, stride=stride, **options)

    @property
    def outputs(self) -> int:
        """``width``."""
        return self.width

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        draft.conv("conv", BEFORE, self.width, self.kernel, stride=self.stride)
        return draft.body()

    def _check(self, *strides: int) -> None:
        require(self.width >= 1, "width must be positive", self.width)
        require(self.stride in strides, f"stride must be one of {list(strides)}", self.stride)
        check_kernel(self.kernel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvStem(ConvNormStem):
    """Conv of ``stride`` 1 or 2 from 3 to ``width`` channels, batch norm, activation.

    A PReLU has a slope for each of ``slopes``.
    """

    kind: ClassVar[str] = "conv"

    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    slopes: Slopes = attribute(rules.slopes, "channel", levels=SLOPES)

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        self._conv(draft, self.stride)
        return draft.body()

    def canonical(self) -> Block:
        """``slopes`` only if there are any."""
        return self if self.activation == "prelu" else replace(self, slopes="channel")

    def _conv(self, draft: Draft, stride: int) -> int:
        act, shared = self.activation, self.slopes == "layer"
        return draft.conv(
            "conv", BEFORE, self.width, self.kernel, stride=stride, activation=act, shared=shared
        )

    def _check(self, *strides: int) -> None:
        ConvNormStem._check(self, *strides)
        check_activation(self.activation)
        check_slopes(self.slopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvPoolStem(ConvStem):
    """:class:`ConvStem`, and a 3x3 max pool of stride 2.

    ``stride`` is that of both together, 2 or 4. ShuffleNet's.
    """

    kind: ClassVar[str] = "conv_pool"

    def __post_init__(self) -> None:
        self._check(2, 4)

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = self._conv(draft, self.stride // 2)
        draft.add("pool", Pool("max", 3, stride=2, padding=1), x)
        return draft.body()
