"""The inverted bottleneck of MobileNetV2 (Sandler et al., arXiv 1801.04381)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seesawnas.arch.blocks.base import Block
from seesawnas.arch.blocks.bottleneck import InvertedBottleneck, _Bottleneck
from seesawnas.arch.body import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileNetV2Block(_Bottleneck):
    """An inverted bottleneck whose expanding conv is left out if it would not expand.

    That is if middle == inputs.
    """

    kind: ClassVar[str] = "mobilenet_v2"

    def body(self) -> Body:
        """Of what layers it is."""
        return self._body(None if self.middle == self.inputs else 1, 1, 1)

    def canonical(self) -> Block:
        """An inverted bottleneck, if it expands."""
        if self.middle == self.inputs:
            return self
        names = ("inputs", "middle", "outputs", "stride", "kernel", "se", "activation", "skip")
        return InvertedBottleneck(**{name: getattr(self, name) for name in names}).canonical()
