"""``ArchSpec``: one network, whole.

A spec holds its blocks in a flat row: how a file groups them into stages is not part of the
network. ``stages`` groups them for people, by resolution.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache

from seesawnas.arch.blocks import Block, Head, Stem
from seesawnas.arch.blocks.parts import (
    block_digest,
    block_output,
    block_reads,
    canonical_block,
    inputs_of,
    read_before,
)
from seesawnas.arch.layers import Shape
from seesawnas.arch.table import html_table, spec_columns, spec_lines, spec_rows
from seesawnas.errors import SpecError


@dataclass(frozen=True, slots=True)
class Input:
    """The image that the network expects.

    RGB, ``height`` x ``width`` pixels, (pixel - mean) / std, pixels 0 to 255.
    """

    height: int = 112
    width: int = 112
    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    std: tuple[float, float, float] = (128.0, 128.0, 128.0)

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1:
            raise SpecError(f"input must be at least 1x1 pixels, got {self.height}x{self.width}")
        # 127 and 127.0, or -0.0 and 0.0, are equal, and must read the same in the digest.
        for name in (
            "mean",
            "std",
        ):
            object.__setattr__(
                self, name, tuple(float(value) + 0.0 for value in getattr(self, name))
            )
        if min(self.std) <= 0:
            raise SpecError(f"std must be positive, got {list(self.std)}")


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks that end at one resolution.

    Attributes:
        first: The first block's index.
        blocks: Its blocks.
        height: Of the output, in pixels.
        width: Of the output, in pixels.
    """

    first: int
    blocks: tuple[Block, ...]
    height: int
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class ArchSpec:
    """One network. Equal specs build the same network, and all that do are equal.

    ``name`` is a label and not compared.

    Raises:
        SpecError: If the numbers do not fit together.
    """

    blocks: tuple[Block, ...]
    input: Input = field(default_factory=Input)
    stem: Block = field(default_factory=Stem)
    head: Block = field(default_factory=Head)
    name: str = ""
    _digest: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(_canonical(self.blocks)))
        if not self.blocks:
            raise SpecError("a network must have at least one block, got none")
        given = [3, self.stem.outputs]  # channels: the image's, the stem's, each block's
        for index, block in enumerate(self.blocks):
            takes = block.takes()
            before = (
                (given[-1],) if len(takes) == 1 else tuple(read_before(block, given)[: len(takes)])
            )
            if takes != before:
                rule = (
                    f"block {index} must take {_channels(before)} input channels (the "
                    "previous output)"
                )
                raise SpecError(f"{rule}, got {_channels(takes)}")
            given.append(block.outputs)
        if self.head.takes() not in ((), (given[-1],)):
            raise SpecError(
                f"head must take {given[-1]} input channels (the previous output), got "
                f"{_channels(self.head.takes())}"
            )

    def __eq__(self, other: object) -> bool:
        return self.digest() == other.digest() if isinstance(other, ArchSpec) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest())

    @property
    def parts(self) -> tuple[tuple[str, Block], ...]:
        """(name, block) of ``stem``, ``blocks.0`` ... and ``head``."""
        blocks = ((f"blocks.{index}", block) for index, block in enumerate(self.blocks))
        return (("stem", self.stem), *blocks, ("head", self.head))

    @property
    def embedding_size(self) -> int:
        """Length of the embedding vector."""
        return self.shapes()[-1].channels

    @property
    def feature_size(self) -> tuple[int, int]:
        """(height, width) of the last map, which the head takes."""
        return self.sizes()[-1]

    def shapes(self) -> tuple[Shape, ...]:
        """(channels, height, width) after each of ``parts``.

        Raises:
            SpecError: If a part does not fit the map before it.
        """
        found = [Shape(3, self.input.height, self.input.width)]
        for name, block in self.parts:
            try:
                found.append(block_output(block, inputs_of(block, found)))
            except SpecError as error:
                raise SpecError(f"{name}: {error}") from None
        return tuple(found[1:])

    def sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) after the stem and then after each block."""
        return tuple((shape.height, shape.width) for shape in self.shapes()[:-1])

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The blocks by resolution.

        A stage begins at the first block and at each block of stride 2.
        """
        return tuple(self._stages())

    def at_resolution(self, height: int, width: int | None = None) -> ArchSpec:
        """The same network for another input size, in pixels.

        The head's global conv follows the smaller map.
        """
        return replace(
            self, input=replace(self.input, height=height, width=height if width is None else width)
        )

    def at_side(self, side: int) -> ArchSpec:
        """The same network with an input whose longer side has ``side`` pixels.

        Its aspect is kept to the nearest pixel.
        """
        height, width = scaled_size((self.input.height, self.input.width), side)
        return self.at_resolution(height, width)

    def renamed(self, name: str) -> ArchSpec:
        """The same network under another label."""
        return replace(self, name=name)

    def digest(self) -> str:
        """16 hexadecimal digits that name the network.

        They are the same in every process and on every machine. They are of the bodies' layers,
        from the embedding upwards: whatever kinds and options say the same layers, the digest is
        the same.
        """
        if not self._digest:
            object.__setattr__(self, "_digest", self._make_digest())
        return self._digest

    def _make_digest(self) -> str:
        found = [hashlib.sha256(_text(self.input).encode()).hexdigest()]
        for block in (self.stem, *self.blocks, self.head):
            own = block_digest(block)
            if not own:
                found.append(found[-1])
                continue
            reads = block_reads(block)  # what its body reads, not what its kind might
            read = found[-1] if reads == 1 else ",".join(read_before(block, found)[:reads])
            found.append(hashlib.sha256(f"{own},{read}".encode()).hexdigest())
        return found[-1][:16]

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
            spec_columns(self),
            spec_rows(self),
            ", ".join(filter(None, (self.name, size, f"digest {self.digest()}"))),
        )

    def _stages(self) -> Iterator[Stage]:
        sizes = self.sizes()
        starts = [
            0,
            *(i for i, block in enumerate(self.blocks) if i and block.stride == 2),
            len(self.blocks),
        ]
        for start, end in itertools.pairwise(starts):
            yield Stage(start, self.blocks[start:end], *sizes[end])


def _canonical(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, canonical.

    Blocks come in runs of one object, and to look one up costs more than to see that it is the last
    one again.
    """
    last = found = None
    for block in blocks:
        if block is not last or found is None:
            last, found = block, canonical_block(block)
        yield found


def down(pixels: int, stride: int) -> int:
    """Side of a map after a padded conv of ``stride``: rounded up, never below 1."""
    return -(-pixels // stride)


def scaled_size(size: tuple[int, int], side: int, longest: int | None = None) -> tuple[int, int]:
    """``size`` in pixels, scaled so that ``longest`` becomes ``side``; never below 1.

    ``longest`` is by default the longer side of ``size``. 112x96 at the side 56 is 56x48.
    """
    whole = longest or max(size)
    height, width = (max(1, (2 * pixels * side + whole) // (2 * whole)) for pixels in size)
    return height, width


@lru_cache(maxsize=1 << 10)
def _text(image: Input) -> str:
    return json.dumps(
        {f.name: getattr(image, f.name) for f in fields(image)}, separators=(",", ":")
    )


def _channels(channels: tuple[int, ...]) -> str:
    return " and ".join(map(str, channels))
