"""Widths of a network as a few numbers that can be changed together without changing its form.

A segment is a run of channels that blocks tie together: the stem's, and anew after each block whose
outputs may be as many as it likes whatever comes in. A segment's width moves in steps that every
group of a convolution and every shuffle on it divides; a block's middle, if it has one, follows its
inputs, to the nearest width that its groups divide, so that the expansion stays. All other
attributes stay; the head's width and the embedding too: they are what comes out of the network, and
a factor of their own. What a block ties and in which steps it can be made is learnt from its body,
and by making it: no kind is named here.

``matched(spec, madds)`` is the network rescaled in width until it costs ``madds``, so that arms are
judged at equal cost. First comes one multiplier for all widths (MAdds rise with it, so it is found
by bisection); then, since widths move in steps, single segments go a step up or down as long as
that comes closer. No segment ends more than two steps from the multiplier's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from math import gcd, lcm
from typing import Any

from seesawnas.arch import ArchSpec, Block, Inputs, Kind, Shape, body_of, find_kind, kind_of
from seesawnas.arch.blocks.parts import block_output, canonical_block, inputs_of
from seesawnas.arch.layers import Conv, Shuffle, Slice
from seesawnas.arch.rules import Option
from seesawnas.cost import cost
from seesawnas.errors import SpecError


def kind_named(name: str) -> Kind:
    """The kind of that name.

    Raises:
        SpecError: If there is none that can be imported, as of a class within a function.
    """
    found = find_kind(name)
    if found is None:
        raise SpecError(f"kind must be one that can be imported, got {name}")
    return found


@lru_cache(maxsize=1 << 14)
def options_of(block: Block) -> tuple[tuple[str, Option], ...]:
    """The block's attributes as its kind takes them."""
    declared = kind_named(kind_of(block)).attributes
    return tuple((name, declared[name].rule(value)) for name, value in block.row().items())


def rebuild_block(
    block: Block, kind: Kind, inputs: Inputs, changes: Mapping[str, Any], width: int | None = None
) -> Block:
    """A block of ``kind`` with ``block``'s attributes, as far as it has them, and ``changes``.

    Raises:
        SpecError: If the kind cannot be made with them.
    """
    options = {name: value for name, value in options_of(block) if name in kind.attributes}
    for name in changes:
        for other in _partners(kind, name):
            options.pop(other, None)
    own = getattr(block, "width", block.outputs)
    known: dict[str, Any] = {**options, **changes}
    stride = known.pop("stride", block.stride)  # a stem's, if its kind leaves it open
    try:
        return kind.make(inputs[: kind.reads], own if width is None else width, stride, **known)
    except TypeError as error:  # what must be given is not there
        raise SpecError(
            f"{kind.name} must have every attribute that it requires: {error}"
        ) from None


def _partners(kind: Kind, name: str) -> Iterator[str]:
    """The attributes that say what ``name`` says in another way."""
    for other, one in kind.attributes.items():
        if one.instead_of == name or (
            name in kind.attributes and kind.attributes[name].instead_of == other
        ):
            yield other


_EVEN = 4
"""Widths that are multiples of 4 stay so, if no split asks for more."""

Widths = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of ``spec``.

    ``places`` says to which one the stem and each block's outputs belong.
    """

    spec: ArchSpec
    places: tuple[int, ...]
    widths: Widths
    steps: Widths

    @classmethod
    def of(cls, spec: ArchSpec) -> Segments:
        """Those of a network."""
        found = [Shape(3, spec.input.height, spec.input.width)]
        found += spec.shapes()
        placed = [
            (block, inputs_of(block, found[: index + 2])) for index, block in enumerate(spec.blocks)
        ]
        places = [0]
        for block, inputs in placed:
            places.append(places[-1] + (not _ties(block, inputs)))
        channels = (spec.stem.outputs, *(block.outputs for block in spec.blocks))
        widths = [0] * (places[-1] + 1)
        steps = [1] * len(widths)
        for place, width in zip(places, channels, strict=True):
            widths[place] = width
        for (block, inputs), before, after in zip(placed, places, places[1:], strict=False):
            step = _step(block, inputs)
            steps[before], steps[after] = lcm(steps[before], step), lcm(steps[after], step)
        even = tuple(
            lcm(step, gcd(_EVEN, width)) for step, width in zip(steps, widths, strict=True)
        )
        return cls(spec, tuple(places), tuple(widths), even)

    def at(self, multiplier: float) -> Widths:
        """Every width times ``multiplier``, to the nearest step and at least one."""
        pairs = zip(self.widths, self.steps, strict=True)
        return tuple(max(1, round(width * multiplier / step)) * step for width, step in pairs)

    def network(self, widths: Widths) -> ArchSpec:
        """The network at these widths, multiples of the steps.

        :meth:`keeps` says whether its form is the same.

        Raises:
            SpecError: If a kind cannot be made at them.
        """
        channels = [widths[place] for place in self.places]
        image = Shape(3, self.spec.input.height, self.spec.input.width)
        stem = _at_width(self.spec.stem, (image,), channels[0])
        found = [image, block_output(stem, (image,))]
        row = []
        for block, outputs in zip(self.spec.blocks, channels[1:], strict=True):
            inputs = inputs_of(block, found)
            row.append(_at_width(block, inputs, outputs))
            found.append(block_output(row[-1], inputs))
        return replace(self.spec, blocks=tuple(row), stem=stem)

    def keeps(self, network: ArchSpec) -> bool:
        """Whether ``network`` has the layers that the segments' own has.

        If so, no shortcut came by two widths that met.
        """
        pairs = zip(network.blocks, self.spec.blocks, strict=True)
        return all(_form(block) == _form(own) for block, own in pairs)


def scaled(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """``spec`` with all widths of stem and blocks times ``multiplier``.

    Raises:
        SpecError: If its form would change.
    """
    segments = Segments.of(spec)
    found = segments.network(segments.at(multiplier))
    if not segments.keeps(found):
        raise SpecError(f"width must not add or remove residual connections, got {multiplier:g}")
    return found


@lru_cache(maxsize=1 << 16)
def _at_width(block: Block, inputs: Inputs, outputs: int) -> Block:
    """The block where it finds ``inputs`` and gives ``outputs``."""
    kind = kind_named(kind_of(block))
    changes = {"middle": _middle(block, inputs[0].channels)} if "middle" in kind.attributes else {}
    return canonical_block(rebuild_block(block, kind, inputs, changes, outputs))


@lru_cache(maxsize=1 << 16)
def _form(block: Block) -> frozenset[tuple[str, str]]:
    """The layers by name; a shuffle of one channel a group is none, so it does not count."""
    return frozenset(
        (node.name, type(node.layer).__name__)
        for node in body_of(block)
        if not isinstance(node.layer, Shuffle)
    )


@lru_cache(maxsize=1 << 14)
def _ties(block: Block, inputs: Inputs) -> bool:
    """Whether the outputs must be as many as the inputs, for the block to keep its form."""
    if block.outputs != inputs[0].channels:
        return False
    try:
        return _form(_at_width(block, inputs, 2 * block.outputs)) != _form(block)
    except SpecError:
        return True


def _middle(block: Block, inputs: int) -> int:
    """The block's expansion of ``inputs``, to the nearest width that its groups divide.

    It is never below its SE's reduction.
    """
    step = lcm(_grouped(block), *_shuffled(block), gcd(_EVEN, block.middle))
    reduction = getattr(block, "se", 0)
    return (
        max(1, -(-reduction // step), round(Fraction(block.middle * inputs, block.inputs * step)))
        * step
    )


@lru_cache(maxsize=1 << 14)
def _step(block: Block, inputs: Inputs) -> int:
    """The smallest step of inputs and outputs at which the block can be made.

    It is one of those that its body speaks of.
    """
    whole = lcm(_grouped(block), *_sliced(block, inputs))
    if not hasattr(block, "middle"):
        whole = lcm(whole, *_shuffled(block))
    divisors = {step for step in range(1, min(whole, 1024) + 1) if whole % step == 0}
    # Groups may be as many as the width asks.
    powers = {1 << power for power in range(block.outputs.bit_length())}
    return next(
        (step for step in sorted(divisors | powers) if _can_move(block, inputs, step)), whole
    )


def _can_move(block: Block, inputs: Inputs, step: int) -> bool:
    """Whether the block can be made some steps up and down, its inputs and its outputs together."""
    if any(shape.channels % step for shape in inputs) or block.outputs % step:
        return False
    try:
        for more in (step, 2 * step, 3 * step):
            wider = tuple(shape._replace(channels=shape.channels + more) for shape in inputs)
            block_output(_at_width(block, wider, block.outputs + more), wider)
    except SpecError:
        return False
    return True


def _grouped(block: Block) -> int:
    """What the convolutions' groups divide; depthwise ones divide any width."""
    convs = [node.layer for node in body_of(block) if isinstance(node.layer, Conv)]
    return lcm(*(_total(conv.groups) for conv in convs if conv.groups != conv.outputs))


def _total(groups: int | tuple[int, ...]) -> int:
    return groups if isinstance(groups, int) else sum(groups)


def _shuffled(block: Block) -> list[int]:
    return [node.layer.groups for node in body_of(block) if isinstance(node.layer, Shuffle)]


def _sliced(block: Block, inputs: Inputs) -> list[int]:
    """In how many equal parts slices of the input cut it."""
    channels = inputs[0].channels
    slices = [node.layer for node in body_of(block) if isinstance(node.layer, Slice)]
    return [
        channels // gcd(channels, one.start, channels if one.stop is None else one.stop)
        for one in slices
    ]


CLOSE = 0.0025
"""Near enough to stop: a quarter of a per cent of MAdds."""
FAR = 0.01
"""Worth a word: arms further than one per cent from the base are not at equal cost."""
_MULTIPLIERS = 1 / 32, 32.0
_BISECTIONS = 40
_REACH = 2


@dataclass(frozen=True, slots=True)
class Match:
    """A rescaled network.

    ``multiplier`` is that of its widths before rounding, ``off`` how far its MAdds are from those
    asked.
    """

    spec: ArchSpec
    multiplier: float
    off: float

    @property
    def is_far(self) -> bool:
        """Whether no width comes within one per cent."""
        return abs(self.off) > FAR


def matched(spec: ArchSpec, madds: int) -> Match:
    """The network of ``spec``'s form whose MAdds are closest to ``madds``.

    It is ``spec`` itself if that is near enough.
    """
    itself = Match(spec, 1.0, _off(spec, madds))
    if abs(itself.off) <= CLOSE:
        return itself
    segments = Segments.of(spec)
    ends = _bracket(segments, madds)
    found = [_refined(segments, multiplier, madds) for multiplier in ends]
    return min((itself, *(match for match in found if match)), key=lambda match: abs(match.off))


def _bracket(segments: Segments, madds: int) -> tuple[float, float]:
    """Two close multipliers, the first at or below ``madds`` and the second at or above.

    If there are no such two, both are near one end of the range of multipliers.
    """
    low, high = _MULTIPLIERS
    for _ in range(_BISECTIONS):
        middle = (low * high) ** 0.5
        if _madds(segments, segments.at(middle)) < madds:
            low = middle
        else:
            high = middle
    return low, high


def _madds(segments: Segments, widths: Widths) -> float:
    """The MAdds at ``widths``; if a block cannot be made at them, about what they would cost.

    MAdds rise with the square of the widths.
    """
    try:
        return cost(segments.network(widths)).madds
    except SpecError:
        return cost(segments.spec).madds * (sum(widths) / sum(segments.widths)) ** 2


def _refined(segments: Segments, multiplier: float, madds: int) -> Match | None:
    start = segments.at(multiplier)
    best = _candidate(segments, start, multiplier, madds)
    widths = start
    while best is None or abs(best.off) > CLOSE:
        steps = [
            (match, near)
            for near in _neighbours(segments, start, widths)
            if (match := _candidate(segments, near, multiplier, madds))
        ]
        if not steps:
            break
        nearest, at = min(steps, key=lambda step: abs(step[0].off))
        if best is not None and abs(nearest.off) >= abs(best.off):
            break
        best, widths = nearest, at
    return best


def _candidate(segments: Segments, widths: Widths, multiplier: float, madds: int) -> Match | None:
    try:
        network = segments.network(widths)
    except SpecError:
        return None
    return Match(network, multiplier, _off(network, madds)) if segments.keeps(network) else None


def _neighbours(segments: Segments, start: Widths, widths: Widths) -> Iterator[Widths]:
    """One segment a step up or down, or one up and another down."""
    count = len(widths)
    moves: list[dict[int, int]] = [{index: sign} for index in range(count) for sign in (1, -1)]
    moves += [{up: 1, down: -1} for up, down in permutations(range(count), 2)]
    for move in moves:
        near = tuple(
            width + move.get(index, 0) * segments.steps[index] for index, width in enumerate(widths)
        )
        reach = zip(near, start, segments.steps, strict=True)
        if min(near) > 0 and all(
            abs(width - first) <= _REACH * step for width, first, step in reach
        ):
            yield near


def _off(spec: ArchSpec, madds: int) -> float:
    return cost(spec).madds / madds - 1
