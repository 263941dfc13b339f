"""Operators as values: each knows its output shape, params, MAdds and activation bytes.

The convention, before any number: **MAdds** are the multiply-adds of convolutions and linear layers, for one image. Batch
norm, activations, pooling, additions, sigmoid and scaling are not counted; squeeze-and-excitation's two linear layers are. A
conv in groups counts as grouped. FLOPs = 2 x MAdds. **Params** are all that learn: weights, biases, batch norm's two
vectors, PReLU slopes; not running statistics. **Activation bytes** are 4 (float32) x output elements, for one image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

FLOAT32_BYTES = 4


class Op(Protocol):
    """What every operator answers."""

    @property
    def channels(self) -> int:
        """Output channels (features, for a linear layer)."""
        ...

    @property
    def height(self) -> int:
        """Output height."""
        ...

    @property
    def width(self) -> int:
        """Output width."""
        ...

    @property
    def madds(self) -> int:
        """Multiply-adds for one image."""
        ...

    @property
    def params(self) -> int:
        """Learnable numbers."""
        ...

    @property
    def label(self) -> str:
        """What people call it."""
        ...


@dataclass(frozen=True, slots=True)
class Conv:
    """Convolution without bias: ``inputs`` -> ``channels``, kernel ``kernel`` (height, width), ``groups`` equal groups."""

    inputs: int
    channels: int
    kernel: tuple[int, int]
    height: int
    width: int
    groups: int = 1

    @property
    def params(self) -> int:
        """Kernel area x inputs a group x outputs."""
        return self.kernel[0] * self.kernel[1] * (self.inputs // self.groups) * self.channels

    @property
    def madds(self) -> int:
        """Every weight is used once at every output position."""
        return self.params * self.height * self.width

    @property
    def label(self) -> str:
        """Such as ``conv 1x1 16->32``, or ``depthwise 3x3 64``."""
        size = f"{self.kernel[0]}x{self.kernel[1]}"
        if self.groups == self.channels == self.inputs:
            return f"depthwise {size} {self.channels}"
        return f"conv {size} {self.inputs}->{self.channels}"


@dataclass(frozen=True, slots=True)
class Linear:
    """Fully connected layer on a vector."""

    inputs: int
    channels: int
    bias: bool
    height: int = 1
    width: int = 1

    @property
    def params(self) -> int:
        """Weights and, where it has one, the bias."""
        return self.inputs * self.channels + (self.channels if self.bias else 0)

    @property
    def madds(self) -> int:
        """One a weight; the bias is not counted."""
        return self.inputs * self.channels

    @property
    def label(self) -> str:
        """Such as ``linear 512->128``."""
        return f"linear {self.inputs}->{self.channels}"


@dataclass(frozen=True, slots=True)
class Pointwise:
    """An operator that multiplies nothing: batch norm, activation, pooling, addition, sigmoid, scaling."""

    label: str
    channels: int
    height: int
    width: int
    params: int = 0

    @property
    def madds(self) -> int:
        """None, by the convention."""
        return 0


def activation_bytes(op: Op) -> int:
    """Bytes of the operator's output for one image, float32."""
    return FLOAT32_BYTES * op.channels * op.height * op.width
