"""``ArchSpec``: one network, whole.

A spec holds its blocks in a flat row: how a file groups them into stages is not part of the network. ``stages`` groups them
for people, by resolution.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache

from seesawnas.arch.blocks import ACTIVATIONS, Activation, Block, SeesawBlock, canonical_block
from seesawnas.arch.shown import COLUMNS, html_table, spec_lines, spec_rows
from seesawnas.errors import SpecError


@dataclass(frozen=True, slots=True)
class Input:
    """The picture that the network expects: RGB, ``height`` x ``width`` pixels, (pixel - mean) / std, pixels 0 to 255."""

    height: int = 112
    width: int = 112
    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    std: tuple[float, float, float] = (128.0, 128.0, 128.0)

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1:
            raise SpecError(f"input must be at least 1x1 pixels, got {self.height}x{self.width}")
        for name in ("mean", "std"):  # 127 and 127.0, or -0.0 and 0.0, are equal, and must read the same in the digest
            object.__setattr__(self, name, tuple(float(value) + 0.0 for value in getattr(self, name)))
        if min(self.std) <= 0:
            raise SpecError(f"std must be positive, got {list(self.std)}")


@dataclass(frozen=True, slots=True)
class Stem:
    """3x3 conv stride 2 from 3 to ``width`` channels, then 3x3 depthwise; batch norm and activation after each."""

    width: int = 64
    activation: Activation = "swish"

    def __post_init__(self) -> None:
        _check_part("stem", self.width, self.activation)


@dataclass(frozen=True, slots=True)
class Head:
    """1x1 conv to ``width``, batch norm, activation; global depthwise conv over the whole map, batch norm; then, where
    ``embedding`` > 0, a linear layer without bias and a batch norm. With ``embedding`` 0 the ``width`` channels are it.
    """

    width: int = 512
    activation: Activation = "swish"
    embedding: int = 512

    def __post_init__(self) -> None:
        _check_part("head", self.width, self.activation)
        if self.embedding < 0:
            raise SpecError(f"embedding must be positive, or 0 for no linear layer, got {self.embedding}")


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks that end at one resolution: (first block's index, its blocks, output height and width in pixels)."""

    first: int
    blocks: tuple[Block, ...]
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class ArchSpec:
    """One network. Always canonical: equal specs build the same network. ``name`` is a label and not compared.

    Raises SpecError where the numbers do not fit together.
    """

    blocks: tuple[Block, ...]
    input: Input = field(default_factory=Input)
    stem: Stem = field(default_factory=Stem)
    head: Head = field(default_factory=Head)
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(map(_canonical, self.blocks)))
        if not self.blocks:
            raise SpecError("a network must have at least one block, got none")
        widths = (self.stem.width, *(block.outputs for block in self.blocks))
        for index, (block, width) in enumerate(zip(self.blocks, widths, strict=False)):
            if block.inputs != width:
                raise SpecError(f"block {index} must take the {width} channels before it, got {block.inputs}")

    @property
    def embedding_size(self) -> int:
        """Length of the embedding vector."""
        return self.head.embedding or self.head.width

    @property
    def feature_size(self) -> tuple[int, int]:
        """(height, width) of the last map, which the head's global depthwise conv covers."""
        return self.sizes()[-1]

    def sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) after the stem and then after each block."""
        height, width = down(self.input.height, 2), down(self.input.width, 2)
        sizes = [(height, width)]
        for block in self.blocks:
            height, width = down(height, block.stride), down(width, block.stride)
            sizes.append((height, width))
        return tuple(sizes)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The blocks by resolution: a stage begins at the first block and at each block of stride 2."""
        return tuple(self._stages())

    def at_resolution(self, height: int, width: int | None = None) -> ArchSpec:
        """The same network for another input size, in pixels; the head's global conv follows the smaller map."""
        return replace(self, input=replace(self.input, height=height, width=height if width is None else width))

    def at_side(self, side: int) -> ArchSpec:
        """The same network with an input whose longer side has ``side`` pixels, its aspect kept to the nearest pixel."""
        height, width = scaled_size((self.input.height, self.input.width), side)
        return self.at_resolution(height, width)

    def renamed(self, name: str) -> ArchSpec:
        """The same network under another label."""
        return replace(self, name=name)

    def digest(self) -> str:
        """16 hexadecimal digits that name the network, the same in every process and on every machine."""
        # By name, so that a field added later with a default that changes no network can be left out of the digest.
        blocks = ",".join(map(_text, self.blocks))
        text = f"[{_text(self.input)},{_text(self.stem)},[{blocks}],{_text(self.head)}]"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """What ``rich.print`` shows: a line a run of equal blocks."""
        yield "name", self.name
        yield "digest", self.digest()
        yield "input", f"{self.input.height}x{self.input.width}"
        yield "parts", spec_lines(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: a row a run of equal blocks."""
        size = f"input {self.input.height}x{self.input.width}, embedding {self.embedding_size}"
        return html_table(
            COLUMNS, spec_rows(self), ", ".join(filter(None, (self.name, size, f"digest {self.digest()}")))
        )

    def _stages(self) -> Iterator[Stage]:
        sizes = self.sizes()
        starts = [0, *(i for i, block in enumerate(self.blocks) if i and block.stride == 2), len(self.blocks)]
        for start, end in itertools.pairwise(starts):
            yield Stage(start, self.blocks[start:end], *sizes[end])


def down(pixels: int, stride: int) -> int:
    """Side of a map after a padded conv of ``stride``: rounded up, never below 1."""
    return -(-pixels // stride)


def scaled_size(size: tuple[int, int], side: int, longest: int | None = None) -> tuple[int, int]:
    """``size`` in pixels, scaled so that ``longest`` (by default its own longer side) becomes ``side``; never below 1.

    112x96 at the side 56 is 56x48.
    """
    whole = longest or max(size)
    height, width = (max(1, (2 * pixels * side + whole) // (2 * whole)) for pixels in size)
    return height, width


@lru_cache(maxsize=1 << 14)
def _text(part: Input | Stem | Block | Head) -> str:
    named = {field.name: getattr(part, field.name) for field in fields(part)}
    return json.dumps(named if isinstance(part, Input | Stem | Head) else [_kind(part), named], separators=(",", ":"))


def _kind(block: Block) -> str:
    return "seesaw" if isinstance(block, SeesawBlock) else "inverted_bottleneck"


@lru_cache(maxsize=1 << 14)
def _canonical(block: Block) -> Block:
    return canonical_block(block)


def _check_part(part: str, width: int, activation: str) -> None:
    if width < 1:
        raise SpecError(f"{part} width must be positive, got {width}")
    if activation not in ACTIVATIONS:
        raise SpecError(f"{part} activation must be one of {', '.join(ACTIVATIONS)}, got {activation}")
