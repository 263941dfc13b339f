"""Heads that average the whole map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, Role, attribute, require
from seesawnas.arch.blocks.checks import check_activation
from seesawnas.arch.blocks.head import AnyMapHead
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Linear, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageHead(Block):
    """The averages of the map's channels are the embedding; ``width`` is that of the map."""

    kind: ClassVar[str] = "average"
    role: ClassVar[Role] = "head"
    stride: ClassVar[int] = 1

    inputs: int

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int = 1, **options: Any) -> Self:
        """The head of the map, whose channels must be ``width``.

        Raises:
            SpecError: If the map does not have ``width`` channels.
        """
        require(
            inputs[0].channels == width,
            f"width must equal the input channels {inputs[0].channels}",
            width,
        )
        return cls(inputs=inputs[0].channels, **options)

    @property
    def outputs(self) -> int:
        """Length of the embedding."""
        return self.inputs

    @property
    def width(self) -> int:
        """Length of the embedding."""
        return self.inputs

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        draft.add("pool", Pool("average"), BEFORE)
        return draft.body()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvAverageHead(AnyMapHead):
    """1x1 conv to ``width``, batch norm, activation; the averages of its channels.

    Then, if ``classes`` > 0, a linear layer with bias to so many logits, as classifiers have it.
    MobileNetV2's, and Seesaw-Net's.
    """

    kind: ClassVar[str] = "conv_average"

    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    classes: int = attribute(rules.size_or_none, 0, levels=(0,), ordered=True)

    def __post_init__(self) -> None:
        require(self.width >= 1, "width must be positive", self.width)
        require(self.classes >= 0, "classes must be positive, or 0 (no linear layer)", self.classes)
        check_activation(self.activation)

    @property
    def outputs(self) -> int:
        """Length of the embedding, or the number of classes."""
        return self.classes or self.width

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = draft.conv("conv", BEFORE, self.width, activation=self.activation)
        x = draft.add("pool", Pool("average"), x)
        if self.classes:
            draft.add("classifier", Linear(self.classes, bias=True), x)
        return draft.body()
