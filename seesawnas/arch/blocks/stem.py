"""Stems: from the image to the first map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, Role, attribute, require_word
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation
from seesawnas.errors import SpecError


@dataclass(frozen=True, slots=True)
class Stem(Block):
    """3x3 conv stride 2 from 3 to ``width`` channels, then 3x3 depthwise.

    Batch norm and activation after each. MobileFaceNet's (arXiv 1804.07573), and SeesawFaceNets'.
    """

    kind: ClassVar[str] = "conv_depthwise"
    role: ClassVar[Role] = "stem"
    inputs: ClassVar[int] = 3
    stride: ClassVar[int] = 2
    free_activation: ClassVar[bool] = True

    width: int = 64
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)

    def __post_init__(self) -> None:
        check_part("stem", self.width, self.activation)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int = 2, **options: Any) -> Self:
        """Its stride is 2."""
        return cls(width, **options)

    @property
    def outputs(self) -> int:
        """``width``."""
        return self.width

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = draft.conv("conv", BEFORE, self.width, 3, stride=2, activation=self.activation)
        draft.depthwise("depthwise", x, self.width, 3, activation=self.activation)
        return draft.body()


def check_part(part: str, width: int, activation: str) -> None:
    """Check a part's width and activation.

    Raises:
        SpecError: If ``width`` is not positive, or ``activation`` is not known.
    """
    if width < 1:
        raise SpecError(f"{part} width must be positive, got {width}")
    require_word(f"{part} activation", activation, ACTIVATIONS)
