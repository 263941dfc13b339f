"""The head of ArcFace's ResNets (Deng et al., arXiv 1801.07698)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seesawnas.arch.blocks.base import Block, Inputs, Role, require
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import Linear


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearHead(Block):
    """Batch norm, a linear layer with bias from the whole map to the ``width`` of the embedding, batch norm.

    The article's dropout before the linear layer is not built; it does nothing after training.
    """

    kind: ClassVar[str] = "linear"
    role: ClassVar[Role] = "head"
    stride: ClassVar[int] = 1

    width: int = 512

    def __post_init__(self) -> None:
        require(self.width >= 1, "width must be positive", self.width)

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int = 1, **options: Any) -> Self:
        """The embedding of ``width`` on any map."""
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

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = draft.norm("norm", BEFORE)
        x = draft.add("embedding.linear", Linear(self.width, bias=True), x)
        draft.norm("embedding.norm", x)
        return draft.body()
