"""``DeployForm``: operators on maps (N, C, H, W), in the order in which they run.

A vector is a map of 1x1 until the end. Weights are constants, in float32 on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple, TypeAlias, assert_never

import torch
from torch import Tensor

from seesawnas.arch.layers import Activation, Gate, Pool, Shape, Slice

INPUT = -1
"""Read by an operator: the images."""


@dataclass(frozen=True, slots=True, eq=False)
class Convolve:
    """A convolution with a bias over equal groups.

    Attributes:
        weight: (outputs, inputs / groups, rows, columns).
        bias: (outputs,).
        padding: Of (rows, columns).
    """

    weight: Tensor
    bias: Tensor
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    groups: int = 1

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is made of the channel in the same place alone."""
        return self.groups == self.weight.shape[0] > 1 and self.weight.shape[1] == 1

    @property
    def is_pointwise(self) -> bool:
        """Whether each pixel is made of the pixel in the same place alone."""
        return (
            tuple(self.weight.shape[2:]) == (1, 1) and self.stride == 1 and self.padding == (0, 0)
        )


@dataclass(frozen=True, slots=True, eq=False)
class ConvolveGroups:
    """Convolutions side by side, each on channels of its own; lowered before it is run.

    Attributes:
        reads: The input channels of each group, each channel once.
        weights: (outputs of the group, inputs of the group, rows, columns) of each, its second axis
            in the order of ``reads``.
        bias: (outputs,) of all groups, one after another.
        order: Which of those outputs comes first, second, ...; None: as they are.
    """

    reads: tuple[tuple[int, ...], ...]
    weights: tuple[Tensor, ...]
    bias: Tensor
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    order: tuple[int, ...] | None = None

    @property
    def made(self) -> tuple[int, ...]:
        """Outputs of each group."""
        return tuple(weight.shape[0] for weight in self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """scale * x + shift, a channel each; what is left of a batch norm without a convolution."""

    scale: Tensor
    shift: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Activate:
    """An activation or a gate; ``slope`` (one, or a channel each) is PReLU's."""

    name: Activation | Gate
    slope: Tensor | None = None


@dataclass(frozen=True, slots=True)
class PoolMap:
    """Pooling; over the whole map it leaves 1x1."""

    layer: Pool


@dataclass(frozen=True, slots=True)
class SliceChannels:
    """Some channels, perhaps shifted."""

    layer: Slice


@dataclass(frozen=True, slots=True)
class ShuffleChannels:
    """A channel shuffle that no other operator can take over."""

    groups: int


@dataclass(frozen=True, slots=True)
class AddMaps:
    """The sum."""


@dataclass(frozen=True, slots=True)
class MultiplyMaps:
    """A map times a factor a channel."""


@dataclass(frozen=True, slots=True)
class ConcatMaps:
    """The channels one after another."""


@dataclass(frozen=True, slots=True)
class UnitLength:
    """Each image's vector, divided by its length."""


Operator: TypeAlias = (
    Convolve
    | ConvolveGroups
    | Affine
    | Activate
    | PoolMap
    | SliceChannels
    | ShuffleChannels
    | AddMaps
    | MultiplyMaps
    | ConcatMaps
    | UnitLength
)


class Step(NamedTuple):
    """An operator, its name, and what it reads: indices of earlier steps, or ``INPUT``."""

    name: str
    operator: Operator
    reads: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DeployForm:
    """A network; the last step's map is the embedding.

    Attributes:
        steps: In the order in which they run.
        input: The shape of an image.
    """

    steps: tuple[Step, ...]
    input: Shape

    def shapes(self) -> list[Shape]:
        """The shape after each step."""
        found: list[Shape] = []
        for step in self.steps:
            found.append(
                output_shape(step.operator, [self.read_shape(r, found) for r in step.reads])
            )
        return found

    def read_shape(self, read: int, found: Sequence[Shape]) -> Shape:
        """The shape that a step reads by ``read``, of those ``found``."""
        return self.input if read == INPUT else found[read]

    def readers(self) -> list[list[int]]:
        """The steps that read each step, as often as they do."""
        found: list[list[int]] = [[] for _ in self.steps]
        for index, step in enumerate(self.steps):
            for read in step.reads:
                if read != INPUT:
                    found[read].append(index)
        return found

    def with_steps(self, steps: Iterable[Step]) -> DeployForm:
        """The same input with other steps."""
        return replace(self, steps=tuple(steps))

    def normalised(self, mean: Sequence[float], std: Sequence[float]) -> DeployForm:
        """The same network for pixels from 0 to 255: it takes (pixel - mean) / std of each."""
        scale = 1 / torch.tensor(std, dtype=torch.float32)
        shift = -torch.tensor(mean, dtype=torch.float32) * scale
        moved = [
            step._replace(reads=tuple(0 if read == INPUT else read + 1 for read in step.reads))
            for step in self.steps
        ]
        return self.with_steps([Step("normalise", Affine(scale, shift), (INPUT,)), *moved])

    def of_unit_length(self) -> DeployForm:
        """The same network with embeddings of length 1."""
        last = Step("unit_length", UnitLength(), (len(self.steps) - 1,))
        return self.with_steps([*self.steps, last])

    @property
    def parameters(self) -> int:
        """Constants in it."""
        return sum(
            tensor.numel() for step in self.steps for tensor in tensors(step.operator).values()
        )


class Writer:
    """Writes steps one after another; each method returns the index to read the result by."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._names: dict[str, int] = {}

    def add(self, name: str, operator: Operator, *reads: int) -> int:
        """One step, under ``name`` or, if that is taken, ``name`` and a number."""
        count = self._names.get(name, 0)
        self._names[name] = count + 1
        self.steps.append(Step(f"{name}_{count}" if count else name, operator, reads))
        return len(self.steps) - 1


def rewrite(form: DeployForm, kept: Sequence[Step | None], alias: dict[int, int]) -> DeployForm:
    """``form`` with the steps ``kept``; a dropped one (None) is read as ``alias`` says."""
    places: dict[int, int] = {INPUT: INPUT}
    steps: list[Step] = []

    def place(index: int) -> int:
        while index in alias:
            index = alias[index]
        return places[index]

    for index, step in enumerate(kept):
        if step is not None:
            places[index] = len(steps)
            steps.append(step._replace(reads=tuple(map(place, step.reads))))
    return form.with_steps(steps)


def tensors(operator: Operator) -> dict[str, Tensor]:
    """Its constants by name."""
    match operator:
        case Convolve():
            return {"weight": operator.weight, "bias": operator.bias}
        case ConvolveGroups():
            weights = {f"weight{i}": weight for i, weight in enumerate(operator.weights)}
            return {**weights, "bias": operator.bias}
        case Affine():
            return {"scale": operator.scale, "shift": operator.shift}
        case Activate():
            return {} if operator.slope is None else {"slope": operator.slope}
        case (
            PoolMap()
            | SliceChannels()
            | ShuffleChannels()
            | AddMaps()
            | MultiplyMaps()
            | ConcatMaps()
            | UnitLength()
        ):
            return {}
        case _:
            assert_never(operator)


def output_shape(operator: Operator, reads: Sequence[Shape]) -> Shape:
    """The shape after ``operator`` on maps of ``reads``."""
    x = reads[0]
    match operator:
        case Convolve():
            return _convolved(x, operator.weight.shape[0], operator.weight, operator)
        case ConvolveGroups():
            return _convolved(x, sum(operator.made), operator.weights[0], operator)
        case PoolMap():
            return operator.layer.output(x)
        case SliceChannels():
            return operator.layer.output(x)
        case ConcatMaps():
            return Shape(sum(one.channels for one in reads), x.height, x.width)
        case AddMaps() | MultiplyMaps():
            # A gate of 1x1 scales a map.
            return max(reads, key=prod)
        case Affine() | Activate() | ShuffleChannels() | UnitLength():
            return x
        case _:
            assert_never(operator)


def _convolved(
    x: Shape, outputs: int, weight: Tensor, operator: Convolve | ConvolveGroups
) -> Shape:
    (rows, columns), (top, left) = weight.shape[2:], operator.padding
    height = (x.height + 2 * top - rows) // operator.stride + 1
    width = (x.width + 2 * left - columns) // operator.stride + 1
    return Shape(outputs, height, width)
