"""The block kinds: a closed union of frozen values.

Every block maps (N, inputs, H, W) to (N, outputs, ceil(H / stride), ceil(W / stride)):

1. expand: pointwise conv inputs -> middle, no bias, batch norm, activation;
2. depthwise: kernel x kernel, the block's stride, batch norm, activation;
3. squeeze-and-excitation, where ``se`` > 0: average pool, linear middle -> middle // se with bias, PReLU (a slope a
   channel), linear back with bias, sigmoid, scale (Hu et al., arXiv 1709.01507);
4. project: pointwise conv middle -> outputs, no bias, batch norm, no activation;
5. shortcut: the input itself where stride is 1 and inputs == outputs; where stride is 2, what ``skip`` names: nothing, a
   stride-2 1x1 conv, or a 2x2 max pool (ceil mode) and a 1x1 conv, each with batch norm and activation.

:class:`InvertedBottleneck` has full pointwise convs (MobileFaceNet, arXiv 1804.07573). :class:`SeesawBlock` splits the
channels of both in uneven groups (Seesaw-Net, arXiv 1905.03672; SeesawFaceNets, arXiv 1908.09124).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from typing import Literal, TypeAlias, TypeVar, assert_never, get_args

from seesawnas.errors import SpecError

Activation: TypeAlias = Literal["swish", "hard_swish", "prelu", "relu", "relu6", "leaky_relu", "gelu"]
Mixing: TypeAlias = Literal["share", "shuffle", "plain"]
Skip: TypeAlias = Literal["none", "conv", "maxpool_conv"]

ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
MIXINGS: tuple[Mixing, ...] = get_args(Mixing)
SKIPS: tuple[Skip, ...] = get_args(Skip)
KERNELS: tuple[int, ...] = (3, 5, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bottleneck:
    """What all kinds share; widths in channels, ``se`` is the reduction (0 = off)."""

    inputs: int
    middle: int
    outputs: int
    stride: int = 1
    kernel: int = 3
    se: int = 0
    activation: Activation = "swish"
    skip: Skip = "none"

    def __post_init__(self) -> None:
        _check(self)

    @property
    def is_residual(self) -> bool:
        """Whether the input is added to the output (stride 1, inputs == outputs)."""
        return self.stride == 1 and self.inputs == self.outputs

    @property
    def squeezed(self) -> int:
        """Hidden width of the squeeze-and-excitation, 0 where it is off."""
        return self.middle // self.se if self.se else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InvertedBottleneck(_Bottleneck):
    """Both pointwise convs are full: one group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeesawBlock(_Bottleneck):
    """Both pointwise convs split their channels in the integer ratio ``split``, each group with a conv of its own.

    ``mixing`` says how information crosses groups: ``share`` reverses the split in the second conv, so that its groups
    overlap the first one's; ``shuffle`` permutes the middle channels (view (groups, middle // groups), transpose, flatten);
    ``plain`` does neither. Raises SpecError where the split does not divide the channels.
    """

    split: tuple[int, ...]
    mixing: Mixing

    def __post_init__(self) -> None:
        _check(self)
        _check_split(self)

    @property
    def project_split(self) -> tuple[int, ...]:
        """The second pointwise conv's ratio."""
        return self.split[::-1] if self.mixing == "share" else self.split


Block: TypeAlias = InvertedBottleneck | SeesawBlock
B = TypeVar("B", InvertedBottleneck, SeesawBlock)


def canonical_block(block: Block) -> Block:
    """The one form of all blocks that build the same layers.

    Ratios are reduced ([2, 6] is [1, 3]); one group is an inverted bottleneck; sharing a split that reads the same both
    ways is plain, and so is a shuffle of one channel a group; a skip branch counts only where stride is 2; ``se`` is the
    largest reduction with its hidden width.
    """
    match block:
        case InvertedBottleneck():
            return _changed(block, se=_canonical_se(block), skip=_canonical_skip(block))
        case SeesawBlock():
            split = _reduced(block.split)
            if len(split) == 1:
                return canonical_block(_as_inverted_bottleneck(block))
            mixing = "plain" if _mixes_nothing(block.mixing, split, block.middle) else block.mixing
            se, skip = _canonical_se(block), _canonical_skip(block)
            return _changed(block, split=split, mixing=mixing, se=se, skip=skip)
        case _:
            assert_never(block)


def split_channels(channels: int, split: tuple[int, ...]) -> tuple[int, ...]:
    """``channels`` in the ratio ``split``: 64 in [1, 3] is (16, 48). Raises SpecError where it does not divide."""
    total = sum(split)
    if channels % total:
        raise SpecError(f"split {list(split)} must divide the channels: {channels} is not a multiple of {total}")
    return tuple(channels // total * part for part in split)


def _changed(block: B, **fields: object) -> B:
    """``replace``, but the same object where nothing changes: most blocks are canonical already, and copies cost time."""
    return block if all(getattr(block, name) == value for name, value in fields.items()) else replace(block, **fields)  # type: ignore[arg-type]


def _as_inverted_bottleneck(block: SeesawBlock) -> InvertedBottleneck:
    return InvertedBottleneck(
        inputs=block.inputs,
        middle=block.middle,
        outputs=block.outputs,
        stride=block.stride,
        kernel=block.kernel,
        se=block.se,
        activation=block.activation,
        skip=block.skip,
    )


def _reduced(split: tuple[int, ...]) -> tuple[int, ...]:
    divisor = gcd(*split)
    return tuple(part // divisor for part in split)


def _mixes_nothing(mixing: Mixing, split: tuple[int, ...], middle: int) -> bool:
    """Whether the second split reads as the first, or the permutation leaves every channel where it is."""
    return (mixing == "share" and split == split[::-1]) or (mixing == "shuffle" and middle == len(split))


def _canonical_se(block: _Bottleneck) -> int:
    return block.middle // block.squeezed if block.se else 0


def _canonical_skip(block: _Bottleneck) -> Skip:
    return block.skip if block.stride == 2 else "none"


def _check(block: _Bottleneck) -> None:
    for name in ("inputs", "middle", "outputs"):
        if getattr(block, name) < 1:
            raise SpecError(f"{name} must be positive, got {getattr(block, name)}")
    if block.stride not in (1, 2):
        raise SpecError(f"stride must be 1 or 2, got {block.stride}")
    if block.kernel not in KERNELS:
        raise SpecError(f"kernel must be one of {list(KERNELS)}, got {block.kernel}")
    if block.se < 0 or block.se > block.middle:
        raise SpecError(f"se must be off or a reduction of at most the middle width {block.middle}, got {block.se}")
    for name, value, known in (
        ("activation", block.activation, ACTIVATIONS),
        ("skip", block.skip, SKIPS),
    ):
        if value not in known:
            raise SpecError(f"{name} must be one of {', '.join(known)}, got {value}")


def _check_split(block: SeesawBlock) -> None:
    if block.mixing not in MIXINGS:
        raise SpecError(f"kind must be one of {', '.join(MIXINGS)}, got {block.mixing}")
    if not block.split or min(block.split) < 1:
        raise SpecError(f"split must be positive integers, got {list(block.split)}")
    for channels in (block.inputs, block.middle, block.outputs):
        split_channels(channels, _reduced(block.split))
    if block.mixing == "shuffle" and block.middle % len(block.split):
        raise SpecError(f"shuffle must divide the middle width {block.middle} by its {len(block.split)} groups")
