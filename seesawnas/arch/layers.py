"""The closed vocabulary of layers.

Every block is a small graph of these values, and all that is known of it follows.

A layer maps shapes (channels, height, width) of one image to one such shape. The convention, before
any number: **MAdds** are the multiply-adds of convolutions and linear layers. Batch norm,
activations, pooling, additions, sigmoid and scaling are not counted; squeeze-and-excitation's two
linear layers are. A convolution in groups counts as grouped. FLOPs = 2 x MAdds. **Params** are all
that learn: weights, biases, batch norm's two vectors, PReLU slopes; not running statistics.
**Activation bytes** are 4 (float32) x elements of the output; what only reads another's channels in
another order, or some of them, makes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import Literal, NamedTuple, TypeAlias, get_args

from seesawnas.errors import SpecError
from seesawnas.text import one_of

Activation: TypeAlias = Literal[
    "swish", "hard_swish", "prelu", "relu", "relu6", "leaky_relu", "gelu"
]
Gate: TypeAlias = Literal["sigmoid", "hard_sigmoid"]

ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
GATES: tuple[Gate, ...] = get_args(Gate)
FLOAT32_BYTES = 4


class Shape(NamedTuple):
    """A map of one image; a vector is a map of 1x1."""

    channels: int
    height: int
    width: int

    @property
    def elements(self) -> int:
        """Numbers in it."""
        return self.channels * self.height * self.width


@dataclass(frozen=True, slots=True)
class Conv:
    """Convolution to ``outputs`` channels.

    Attributes:
        kernel: (rows, columns); None is the whole map, without padding.
        groups: A number of equal groups, or the ratio of uneven ones, each with a convolution of
            its own: 64 channels in (1, 3) are 16 and 48.
        padding: In pixels; None is half the kernel, so that a map of stride 1 keeps its size.
    """

    outputs: int
    kernel: tuple[int, int] | None = (1, 1)
    stride: int = 1
    groups: int | tuple[int, ...] = 1
    bias: bool = False
    padding: int | None = None

    def __post_init__(self) -> None:
        _require_counts(self, "outputs", "stride")
        if isinstance(self.groups, tuple):
            if not self.groups or not all(map(is_count, self.groups)):
                raise SpecError(
                    f"groups of a conv must be positive whole numbers, got {list(self.groups)}"
                )
            object.__setattr__(self, "groups", reduced_groups(self.groups))
        else:
            _require_counts(self, "groups")
        if self.kernel is None:
            object.__setattr__(self, "padding", None)
            return
        if not (
            isinstance(self.kernel, tuple)
            and len(self.kernel) == 2
            and all(map(is_count, self.kernel))
        ):
            raise SpecError(f"conv kernel must be (rows, columns), got {self.kernel}")
        if self.padding is not None:
            _require_padding(self)
            # The default, spelled out.
            if (self.padding, self.padding) == (
                self.kernel[0] // 2,
                self.kernel[1] // 2,
            ):
                object.__setattr__(self, "padding", None)

    @property
    def pads(self) -> tuple[int, int]:
        """Padding of (rows, columns)."""
        if self.kernel is None:
            return 0, 0
        if self.padding is not None:
            return self.padding, self.padding
        return self.kernel[0] // 2, self.kernel[1] // 2

    def window(self, x: Shape) -> tuple[int, int]:
        """The kernel on ``x``: (rows, columns)."""
        return (x.height, x.width) if self.kernel is None else self.kernel

    def parts(self, channels: int) -> tuple[int, ...]:
        """``channels`` by group.

        Raises:
            SpecError: If the groups do not divide ``channels``.
        """
        return split_channels(channels, self.groups)

    def output(self, x: Shape) -> Shape:
        """Shape after it."""
        if self.groups != 1:
            self.parts(x.channels)
            self.parts(self.outputs)
        return Shape(self.outputs, *self._sides(x))

    def params(self, x: Shape) -> int:
        """Kernel area x inputs a group x outputs, and the bias."""
        rows, columns = self.window(x)
        return rows * columns * self._pairs(x) + (self.outputs if self.bias else 0)

    def madds(self, x: Shape) -> int:
        """Every weight is used once at every output position."""
        (rows, columns), (height, width) = self.window(x), self._sides(x)
        return rows * columns * self._pairs(x) * height * width

    def label(self, x: Shape) -> str:
        """Such as ``conv 1x1 64->128 in 1:3``, or ``depthwise 3x3 64``."""
        rows, columns = self.window(x)
        if self.groups == self.outputs == x.channels and self.groups != 1:
            return f"depthwise {rows}x{columns} {self.outputs}"
        groups = "" if self.groups == 1 else f" in {self._words()}"
        return f"conv {rows}x{columns} {x.channels}->{self.outputs}{groups}"

    def _words(self) -> str:
        return (
            ":".join(map(str, self.groups))
            if isinstance(self.groups, tuple)
            else f"{self.groups} groups"
        )

    def _pairs(self, x: Shape) -> int:
        if isinstance(self.groups, int):
            return x.channels * self.outputs // self.groups
        return sum(
            a * b for a, b in zip(self.parts(x.channels), self.parts(self.outputs), strict=True)
        )

    def _sides(self, x: Shape) -> tuple[int, int]:
        """Height and width after it."""
        if self.kernel is None:
            return 1, 1
        if self.kernel == (1, 1) and self.stride == 1 and not self.padding:
            return x.height, x.width
        (rows, columns), (top, left) = self.kernel, self.pads
        return _side(x.height, rows, self.stride, top, self), _side(
            x.width, columns, self.stride, left, self
        )


@dataclass(frozen=True, slots=True)
class Linear:
    """Fully connected layer on all elements of the map, flattened."""

    outputs: int
    bias: bool = False

    def __post_init__(self) -> None:
        _require_counts(self, "outputs")

    def output(self, x: Shape) -> Shape:
        """A vector."""
        return Shape(self.outputs, 1, 1)

    def params(self, x: Shape) -> int:
        """Weights and, if it has one, the bias."""
        return x.elements * self.outputs + (self.outputs if self.bias else 0)

    def madds(self, x: Shape) -> int:
        """One a weight; the bias is not counted."""
        return x.elements * self.outputs

    def label(self, x: Shape) -> str:
        """Such as ``linear 512->128``."""
        return f"linear {x.elements}->{self.outputs}"


@dataclass(frozen=True, slots=True)
class Norm:
    """Batch norm: a scale and a shift a channel."""

    def output(self, x: Shape) -> Shape:
        """The same."""
        return x

    def params(self, x: Shape) -> int:
        """Scale and shift."""
        return 2 * x.channels

    def madds(self, x: Shape) -> int:
        """None, by the convention."""
        return 0

    def label(self, x: Shape) -> str:
        """What people call it."""
        return "batch norm"


@dataclass(frozen=True, slots=True)
class Act:
    """Activation, or the gate of squeeze-and-excitation.

    ``prelu`` learns a slope a channel, or one for all if ``shared``.
    """

    name: Activation | Gate
    shared: bool = False

    def __post_init__(self) -> None:
        if self.name not in ACTIVATIONS and self.name not in GATES:
            raise SpecError(f"activation {one_of(ACTIVATIONS, self.name)}")
        object.__setattr__(self, "shared", self.shared and self.name == "prelu")

    def output(self, x: Shape) -> Shape:
        """The same."""
        return x

    def params(self, x: Shape) -> int:
        """Slopes."""
        return (1 if self.shared else x.channels) if self.name == "prelu" else 0

    def madds(self, x: Shape) -> int:
        """None, by the convention."""
        return 0

    def label(self, x: Shape) -> str:
        """What people call it."""
        return self.name


@dataclass(frozen=True, slots=True)
class Pool:
    """Pooling over ``kernel`` x ``kernel`` pixels; None is the whole map.

    ``ceil`` counts a last incomplete window. An average leaves padding out, unless ``pads``: then
    it counts as zeros.
    """

    kind: Literal["average", "max"]
    kernel: int | None = None
    stride: int = 1
    padding: int = 0
    ceil: bool = False
    pads: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("average", "max"):
            raise SpecError(f"pool must be average or max, got {self.kind}")
        _require_counts(self, "stride", *(() if self.kernel is None else ("kernel",)))
        _require_padding(self)
        if self.kernel is None:  # the whole map: nothing else counts
            for name, value in (("stride", 1), ("padding", 0), ("ceil", False)):
                object.__setattr__(self, name, value)
        elif 2 * self.padding > self.kernel:
            raise SpecError(
                f"padding of a pool must be at most half its kernel {self.kernel}, got "
                f"{self.padding}"
            )
        object.__setattr__(self, "pads", self.pads and self.kind == "average" and self.padding > 0)

    def output(self, x: Shape) -> Shape:
        """Shape after it."""
        if self.kernel is None:
            return Shape(x.channels, 1, 1)
        height, width = (
            _side(side, self.kernel, self.stride, self.padding, self, self.ceil)
            for side in (x.height, x.width)
        )
        return Shape(x.channels, height, width)

    def params(self, x: Shape) -> int:
        """None."""
        return 0

    def madds(self, x: Shape) -> int:
        """None, by the convention."""
        return 0

    def label(self, x: Shape) -> str:
        """Such as ``max pool 2x2``."""
        return f"{self.kind} pool" + (
            "" if self.kernel is None else f" {self.kernel}x{self.kernel}"
        )


@dataclass(frozen=True, slots=True)
class Shuffle:
    """Channel shuffle: view (groups, channels // groups), transpose, flatten.

    ShuffleNet, arXiv 1707.01083.
    """

    groups: int

    def __post_init__(self) -> None:
        _require_counts(self, "groups")

    def output(self, x: Shape) -> Shape:
        """The same."""
        if x.channels % self.groups:
            raise SpecError(
                f"width {x.channels} must be divisible by the {self.groups} shuffle groups"
            )
        return x

    def params(self, x: Shape) -> int:
        """None."""
        return 0

    def madds(self, x: Shape) -> int:
        """None."""
        return 0

    def label(self, x: Shape) -> str:
        """Such as ``shuffle 2``."""
        return f"shuffle {self.groups}"


@dataclass(frozen=True, slots=True)
class Slice:
    """Channels ``start`` to ``stop`` (None: the last).

    ``shift`` moves the map so many pixels up and left, and fills with zeros what comes free: with a
    stride of 2 after it, the pixels that the unshifted map's stride leaves out (DARTS' factorised
    reduction).
    """

    start: int = 0
    stop: int | None = None
    shift: int = 0

    def output(self, x: Shape) -> Shape:
        """Fewer channels."""
        stop = x.channels if self.stop is None else self.stop
        if not 0 <= self.start < stop <= x.channels:
            raise SpecError(
                f"slice must lie within {x.channels} channels, got {self.start}..{stop}"
            )
        return Shape(stop - self.start, x.height, x.width)

    def params(self, x: Shape) -> int:
        """None."""
        return 0

    def madds(self, x: Shape) -> int:
        """None."""
        return 0

    def label(self, x: Shape) -> str:
        """Such as ``channels 0..58``, or ``shift 1 pixel``."""
        stop = x.channels if self.stop is None else self.stop
        part = (
            ""
            if self.shift and (self.start, stop) == (0, x.channels)
            else f"channels {self.start}..{stop}"
        )
        moved = f"shift {self.shift} pixel{'' if self.shift == 1 else 's'}" if self.shift else ""
        return ", ".join(filter(None, (part, moved)))


@dataclass(frozen=True, slots=True)
class Add:
    """The sum of maps of one shape."""

    def output(self, *xs: Shape) -> Shape:
        """The same."""
        if len(set(xs)) != 1:
            raise SpecError(f"add must have maps of the same shape, got {_shapes(xs)}")
        return xs[0]

    def params(self, *xs: Shape) -> int:
        """None."""
        return 0

    def madds(self, *xs: Shape) -> int:
        """None, by the convention."""
        return 0

    def label(self, *xs: Shape) -> str:
        """What people call it."""
        return "add"


@dataclass(frozen=True, slots=True)
class Concat:
    """The channels of maps one after another."""

    def output(self, *xs: Shape) -> Shape:
        """All channels."""
        if len({x[1:] for x in xs}) != 1:
            raise SpecError(
                f"concat must have maps of the same height and width, got {_shapes(xs)}"
            )
        return Shape(sum(x.channels for x in xs), xs[0].height, xs[0].width)

    def params(self, *xs: Shape) -> int:
        """None."""
        return 0

    def madds(self, *xs: Shape) -> int:
        """None."""
        return 0

    def label(self, *xs: Shape) -> str:
        """What people call it."""
        return "concat"


@dataclass(frozen=True, slots=True)
class Scale:
    """The first input times the second, a factor a channel."""

    def output(self, x: Shape, gate: Shape) -> Shape:
        """The first's."""
        if gate != (x.channels, 1, 1):
            raise SpecError(
                f"scale must have a factor for each of {x.channels} channels, got {_shapes([gate])}"
            )
        return x

    def params(self, x: Shape, gate: Shape) -> int:
        """None."""
        return 0

    def madds(self, x: Shape, gate: Shape) -> int:
        """None, by the convention."""
        return 0

    def label(self, x: Shape, gate: Shape) -> str:
        """What people call it."""
        return "scale"


Layer: TypeAlias = Conv | Linear | Norm | Act | Pool | Shuffle | Slice | Add | Concat | Scale


@lru_cache(maxsize=1 << 14)
def split_channels(channels: int, split: int | tuple[int, ...]) -> tuple[int, ...]:
    """``channels`` in the ratio ``split``, or in so many equal groups: 64 in [1, 3] is (16, 48).

    Raises:
        SpecError: If ``split`` does not divide ``channels``.
    """
    if isinstance(split, int):
        if channels % split:
            raise SpecError(
                f"groups must divide the channels: {channels} is not a multiple of {split}"
            )
        return (channels // split,) * split
    total = sum(split)
    if channels % total:
        raise SpecError(
            f"split {list(split)} must divide the channels: {channels} is not a multiple of {total}"
        )
    return tuple(channels // total * part for part in split)


@lru_cache(maxsize=1 << 10)
def reduced_groups(split: tuple[int, ...]) -> int | tuple[int, ...]:
    """The one form of groups: (2, 6) is (1, 3), (1, 1) two groups, (4,) one."""
    divisor = gcd(*split)
    parts = tuple(part // divisor for part in split)
    return len(parts) if set(parts) == {1} else parts


def _side(
    pixels: int, kernel: int, stride: int, padding: int, layer: Conv | Pool, ceil: bool = False
) -> int:
    room = pixels + 2 * padding - kernel
    if room < 0 and not ceil:
        raise SpecError(f"{layer} must not be larger than its input map, got {pixels} pixels")
    side = (-(-room // stride) if ceil else room // stride) + 1
    # As torch: no window begins in the padding behind the map.
    if ceil and (side - 1) * stride >= pixels + padding:
        side -= 1
    if side < 1:
        raise SpecError(f"{layer} must not be larger than its input map, got {pixels} pixels")
    return side


def _require_counts(layer: Conv | Linear | Pool | Shuffle, *names: str) -> None:
    for name in names:
        if not is_count(value := getattr(layer, name)):
            raise SpecError(
                f"{name} of a {type(layer).__name__.lower()} must be a positive whole number, got "
                f"{value}"
            )


def _require_padding(layer: Conv | Pool) -> None:
    if layer.padding != 0 and not is_count(layer.padding):
        name = type(layer).__name__.lower()
        raise SpecError(
            f"padding of a {name} must be a whole number of pixels, got {layer.padding}"
        )


def is_count(value: object) -> bool:
    """Whether it is a positive whole number."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _shapes(shapes: object) -> str:
    return ", ".join("x".join(map(str, shape)) for shape in shapes)  # type: ignore[attr-defined]
