"""Heads: from the last map to the embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, Inputs, Role, attribute
from seesawnas.arch.blocks.stem import check_part
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Linear
from seesawnas.errors import SpecError


@dataclass(frozen=True, slots=True)
class AnyMapHead(Block):
    """What heads share that take a map of any number of channels."""

    role: ClassVar[Role] = "head"
    stride: ClassVar[int] = 1

    width: int = 512

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int = 1, **options: Any) -> Self:
        """The head of ``width`` channels on any map."""
        return cls(width=width, **options)

    @property
    def inputs(self) -> int:
        """Any number of channels: 0."""
        return 0

    @property
    def outputs(self) -> int:
        """Length of the embedding."""
        return self.width

    def takes(self) -> tuple[int, ...]:
        """Any number of channels."""
        return ()


@dataclass(frozen=True, slots=True)
class Head(AnyMapHead):
    """MobileFaceNet's head (arXiv 1804.07573), and SeesawFaceNets'.

    1x1 conv to ``width``, batch norm, activation; global depthwise conv over the whole map, batch
    norm; then, if ``embedding`` > 0, a linear layer without bias and a batch norm. With
    ``embedding`` 0 the ``width`` channels are the embedding.
    """

    kind: ClassVar[str] = "global_depthwise"
    free_activation: ClassVar[bool] = True

    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    embedding: int = attribute(rules.size_or_none, 512, levels=(512, 256, 128), ordered=True)

    def __post_init__(self) -> None:
        check_part("head", self.width, self.activation)
        if self.embedding < 0:
            raise SpecError(
                f"embedding must be positive, or 0 (no linear layer), got {self.embedding}"
            )

    @property
    def outputs(self) -> int:
        """Length of the embedding."""
        return self.embedding or self.width

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = draft.conv("conv", BEFORE, self.width, activation=self.activation)
        self._embed(draft, draft.depthwise("pool", x, self.width, None))
        return draft.body()

    def _embed(self, draft: Draft, x: int, bias: bool = False) -> None:
        """The embedding of the vector ``x``, unless that is the embedding."""
        if self.embedding:
            x = draft.add("embedding.linear", Linear(self.embedding, bias), x)
            draft.norm("embedding.norm", x)
