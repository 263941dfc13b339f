"""Heads with a global convolution beside MobileFaceNet's.

They are those of VarGFaceNet, ShuffleFaceNet and PocketNet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from seesawnas.arch import rules
from seesawnas.arch.blocks.base import Block, attribute, require
from seesawnas.arch.blocks.checks import check_divides, check_slopes
from seesawnas.arch.blocks.head import Head
from seesawnas.arch.blocks.vargroup import GROUP_WIDTHS
from seesawnas.arch.body import BEFORE, Body, Draft
from seesawnas.arch.rules import SLOPES, Slopes


@dataclass(frozen=True, slots=True)
class VarGFaceNetHead(Head):
    """VarGFaceNet's head (arXiv 1910.04985).

    1x1 conv to ``width``, activation; global convolution in groups of ``group_width`` channels; 1x1
    conv to ``hidden``, activation; batch norm after each. Then, if ``embedding`` > 0, a linear
    layer with bias and a batch norm.
    """

    kind: ClassVar[str] = "vargfacenet"

    group_width: int = attribute(
        rules.positive, 8, label="channels a group", levels=GROUP_WIDTHS, ordered=True
    )
    hidden: int = attribute(rules.positive, 512, levels=(512, 256, 128), ordered=True)

    def __post_init__(self) -> None:
        Head.__post_init__(self)
        require(self.hidden >= 1, "hidden must be positive", self.hidden)
        check_divides("group_width", self.group_width, self.width)

    @property
    def outputs(self) -> int:
        """Length of the embedding."""
        return self.embedding or self.hidden

    def body(self) -> Body:
        """Of what layers it is."""
        draft, act = Draft(), self.activation
        x = draft.conv("conv", BEFORE, self.width, activation=act)
        x = draft.conv("pool", x, self.width, None, groups=self.width // self.group_width)
        self._embed(draft, draft.conv("hidden", x, self.hidden, activation=act), bias=True)
        return draft.body()


@dataclass(frozen=True, slots=True)
class ShuffleFaceNetHead(Head):
    """ShuffleFaceNet's head (ICCVW 2019, by its public code).

    1x1 conv to ``width``; global depthwise conv; batch norm and activation after each, a PReLU with
    a slope for each of ``slopes``. Then, if ``embedding`` > 0, a linear layer with bias and a batch
    norm.
    """

    kind: ClassVar[str] = "shufflefacenet"
    free_activation: ClassVar[bool] = False

    slopes: Slopes = attribute(rules.slopes, "channel", levels=SLOPES)

    def __post_init__(self) -> None:
        Head.__post_init__(self)
        check_slopes(self.slopes)

    def body(self) -> Body:
        """Of what layers it is."""
        draft, act, shared = Draft(), self.activation, self.slopes == "layer"
        x = draft.conv("conv", BEFORE, self.width, activation=act, shared=shared)
        x = draft.depthwise("pool", x, self.width, None, activation=act, shared=shared)
        self._embed(draft, x, bias=True)
        return draft.body()

    def canonical(self) -> Block:
        """``slopes`` only if there are any."""
        return self if self.activation == "prelu" else replace(self, slopes="channel")


@dataclass(frozen=True, slots=True)
class PocketNetHead(Head):
    """PocketNet's head (arXiv 2108.10710), for maps that are not activated yet.

    Activation, :class:`Head`'s 1x1 conv and global depthwise conv with an activation between them,
    and its linear layer.
    """

    kind: ClassVar[str] = "pocketnet"

    def body(self) -> Body:
        """Of what layers it is."""
        draft = Draft()
        x = draft.act("activation", BEFORE, self.activation)
        x = draft.conv("conv", x, self.width, activation=self.activation)
        self._embed(draft, draft.depthwise("pool", x, self.width, None))
        return draft.body()
