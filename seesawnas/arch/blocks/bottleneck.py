"""Bottlenecks: expand, depthwise, squeeze-and-excitation, project, shortcut.

Every one maps (N, inputs, H, W) to (N, outputs, ceil(H / stride), ceil(W / stride)):

1. expand: pointwise conv inputs -> middle, no bias, batch norm, activation;
2. depthwise: kernel x kernel, the block's stride, batch norm, activation;
3. squeeze-and-excitation, if ``se`` > 0: average pool, linear middle -> middle // se with bias,
   PReLU (a slope a channel), linear back with bias, sigmoid, scale (Hu et al., arXiv 1709.01507);
4. project: pointwise conv middle -> outputs, no bias, batch norm, no activation;
5. shortcut: the input itself if stride is 1 and inputs == outputs; if stride is 2, what ``skip``
   names: nothing, a stride-2 1x1 conv, or a 2x2 max pool (ceil mode) and a 1x1 conv, each with
   batch norm and activation.

:class:`InvertedBottleneck` has full pointwise convs (MobileFaceNet, arXiv 1804.07573).
:class:`SeesawBlock` splits the channels of both in uneven groups (Seesaw-Net, arXiv 1905.03672;
SeesawFaceNets, arXiv 1908.09124).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, get_args

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import AttributeInfo, Block, attribute, require_word
from seesawnas.arch.blocks.expanding import EXPANSION, Expanding
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.layers import ACTIVATIONS, Activation, Pool, split_channels
from seesawnas.arch.rules import Option
from seesawnas.errors import SpecError

Mixing: TypeAlias = Literal["share", "shuffle", "plain"]
Skip: TypeAlias = Literal["none", "conv", "maxpool_conv"]

MIXINGS: tuple[Mixing, ...] = get_args(Mixing)
SKIPS: tuple[Skip, ...] = get_args(Skip)
KERNELS: tuple[int, ...] = (3, 5, 7)

_skip = rules.one_of(*SKIPS)


def skip_rule(raw: Any) -> Option:
    """One of the skip branches; null is none."""
    return _skip("none" if raw is None else raw)


B = TypeVar("B", bound="_Bottleneck")
kernel_rule = rules.one_of(*KERNELS)
SPLIT = AttributeInfo("split", rules.split, "1:3", levels=("1:3", "1:1", "1:2:1", "1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bottleneck(Expanding):
    """What all kinds share; widths in channels, ``se`` is the reduction (0 = off)."""

    free_activation: ClassVar[bool] = True
    se: int = attribute(rules.reduction, 0, label="SE", levels=(4, 8, 0), ordered=True)
    activation: Activation = attribute(rules.activation, "swish", levels=ACTIVATIONS)
    kernel: int = attribute(kernel_rule, 3, levels=KERNELS, ordered=True)
    skip: Skip = attribute(skip_rule, "none", levels=SKIPS)

    def __post_init__(self) -> None:
        _check(self)

    @property
    def squeezed(self) -> int:
        """Hidden width of the squeeze-and-excitation, 0 if it is off."""
        return self.middle // self.se if self.se else 0

    def body(self) -> Body:
        """Of what layers it is."""
        return self._body(1, 1, 1)

    def _body(
        self, first: int | tuple[int, ...] | None, second: int | tuple[int, ...], shuffled: int
    ) -> Body:
        """The layers of a bottleneck with these groups.

        Args:
            first: Groups of the first pointwise conv; None: no conv.
            second: Groups of the second one.
            shuffled: Groups of the shuffle between them; 1: none.
        """
        draft, act = Draft(), self.activation
        x = (
            BEFORE
            if first is None
            else draft.conv("expand", BEFORE, self.middle, groups=first, activation=act)
        )
        if shuffled > 1:
            x = draft.shuffle("shuffle", x, shuffled)
        x = draft.depthwise(
            "depthwise", x, self.middle, self.kernel, stride=self.stride, activation=act
        )
        if self.se:
            x = draft.squeeze_excite("excite", x, self.middle, self.squeezed)
        x = draft.conv("project", x, self.outputs, groups=second)
        if self.is_residual:
            draft.join("join", x, BEFORE)
        elif self.stride == 2 and self.skip != "none":
            draft.join("join", x, self._skip(draft))
        return draft.body()

    def _skip(self, draft: Draft) -> int:
        if self.skip == "conv":
            return draft.conv("skip", BEFORE, self.outputs, stride=2, activation=self.activation)
        pooled = draft.add("skip.pool", Pool("max", 2, stride=2, ceil=True), BEFORE)
        return draft.conv("skip", pooled, self.outputs, activation=self.activation)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvertedBottleneck(_Bottleneck):
    """Both pointwise convs are full: one group."""

    kind: ClassVar[str] = "inverted_bottleneck"

    def canonical(self) -> Block:
        """``se`` as the largest reduction with its hidden width; a skip branch only at stride 2."""
        return _changed(self, se=_canonical_se(self), skip=_canonical_skip(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeesawBlock(_Bottleneck):
    """An inverted bottleneck with both pointwise convs in groups, of the integer ratio ``split``.

    Each group has a conv of its own. ``mixing`` says how information crosses groups: ``share``
    reverses the split in the second conv, so that its groups overlap the first one's; ``shuffle``
    permutes the middle channels (view (groups, middle // groups), transpose, flatten); ``plain``
    does neither.

    Raises:
        SpecError: If the split does not divide the channels.
    """

    options: ClassVar[tuple[AttributeInfo, ...]] = (SPLIT, EXPANSION)

    split: tuple[int, ...]
    mixing: Mixing

    def __post_init__(self) -> None:
        object.__setattr__(self, "split", rules.parse_split(self.split))
        _check(self)
        _check_split(self)

    @property
    def kind(self) -> str:  # type: ignore[override]
        """What mixes the groups."""
        return self.mixing

    @property
    def project_split(self) -> tuple[int, ...]:
        """The second pointwise conv's ratio."""
        return self.split[::-1] if self.mixing == "share" else self.split

    def body(self) -> Body:
        """Of what layers it is."""
        groups = len(_reduced(self.split))
        shuffled = groups if self.mixing == "shuffle" and self.middle != groups else 1
        return self._body(self.split, self.project_split, shuffled)

    def canonical(self) -> Block:
        """The one form of all blocks that build the same layers.

        Ratios are reduced ([2, 6] is [1, 3]); one group is an inverted bottleneck; sharing a split
        that reads the same both ways is plain, and so is a shuffle of one channel a group; a skip
        branch counts only if stride is 2; ``se`` is the largest reduction with its hidden width.
        """
        split = _reduced(self.split)
        if len(split) == 1:
            return _as_inverted_bottleneck(self).canonical()
        mixing = "plain" if _mixes_nothing(self.mixing, split, self.middle) else self.mixing
        return _changed(
            self, split=split, mixing=mixing, se=_canonical_se(self), skip=_canonical_skip(self)
        )


def _changed(block: B, **values: object) -> B:
    """``replace``, but the same object if nothing changes.

    Most blocks are canonical already, and copies cost time.
    """
    if all(getattr(block, name) == value for name, value in values.items()):
        return block
    return replace(block, **values)  # type: ignore[arg-type]


def _as_inverted_bottleneck(block: SeesawBlock) -> InvertedBottleneck:
    names = ("inputs", "middle", "outputs", "stride", "kernel", "se", "activation", "skip")
    return InvertedBottleneck(**{name: getattr(block, name) for name in names})


def _reduced(split: tuple[int, ...]) -> tuple[int, ...]:
    divisor = gcd(*split)
    return tuple(part // divisor for part in split)


def _mixes_nothing(mixing: Mixing, split: tuple[int, ...], middle: int) -> bool:
    """Whether the mixing changes nothing.

    Either the second split reads as the first, or the permutation leaves every channel where it is.
    """
    return (mixing == "share" and split == split[::-1]) or (
        mixing == "shuffle" and middle == len(split)
    )


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
        raise SpecError(
            f"se must be off or a reduction ratio of at most {block.middle} (the middle width), "
            f"got {block.se}"
        )
    require_word("activation", block.activation, ACTIVATIONS)
    require_word("skip", block.skip, SKIPS)


def _check_split(block: SeesawBlock) -> None:
    require_word("kind", block.mixing, MIXINGS)
    if not block.split or min(block.split) < 1:
        raise SpecError(f"split must be positive integers, got {list(block.split)}")
    for channels in (block.inputs, block.middle, block.outputs):
        split_channels(channels, _reduced(block.split))
    if block.mixing == "shuffle" and block.middle % len(block.split):
        raise SpecError(
            f"middle width {block.middle} must be divisible by the {len(block.split)} shuffle "
            "groups"
        )
