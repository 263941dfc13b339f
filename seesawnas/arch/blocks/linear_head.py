"""The head of ArcFace's ResNets (Deng et al., arXiv 1801.07698)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seesawnas.arch.blocks.base import require
from seesawnas.arch.blocks.head import AnyMapHead
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import Linear


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearHead(AnyMapHead):
    """Batch norm, a linear layer with bias to the ``width`` of the embedding, batch norm.

    The linear layer reads the whole map. The article's dropout before it is not built; it does
    nothing after training.
    """

    kind: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        require(self.width >= 1, "width must be positive", self.width)

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = draft.norm("norm", BEFORE)
        x = draft.add("embedding.linear", Linear(self.width, bias=True), x)
        draft.norm("embedding.norm", x)
        return draft.body()
