"""Widths of a network as a few numbers that can be changed together without changing its form.

A segment is a run of channels that residual blocks tie together: the stem's, and anew after each block without a shortcut of
its own. A segment's width moves in steps that every split on it divides; a block's middle follows its inputs, to the nearest
width that its split divides, so that the expansion stays. SE reductions stay; the head's width and the embedding too: they
are what comes out of the network, and a factor of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm

from seesawnas.arch import ArchSpec, Block, SeesawBlock
from seesawnas.errors import SpecError

_EVEN = 4
"""Widths that are multiples of 4 stay so, where no split asks for more."""

Widths = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of ``spec``: ``places`` says to which one the stem and each block's outputs belong."""

    spec: ArchSpec
    places: tuple[int, ...]
    widths: Widths
    steps: Widths

    @classmethod
    def of(cls, spec: ArchSpec) -> Segments:
        """Those of a network."""
        places = [0]
        for block in spec.blocks:
            places.append(places[-1] + (not block.is_residual))
        channels = (spec.stem.width, *(block.outputs for block in spec.blocks))
        widths = [0] * (places[-1] + 1)
        steps = [1] * len(widths)
        for place, width in zip(places, channels, strict=True):
            widths[place] = width
        for block, before, after in zip(spec.blocks, places, places[1:], strict=False):
            steps[before], steps[after] = lcm(steps[before], _divisor(block)), lcm(steps[after], _divisor(block))
        even = tuple(lcm(step, gcd(_EVEN, width)) for step, width in zip(steps, widths, strict=True))
        return cls(spec, tuple(places), tuple(widths), even)

    def at(self, multiplier: float) -> Widths:
        """Every width times ``multiplier``, to the nearest step and at least one."""
        pairs = zip(self.widths, self.steps, strict=True)
        return tuple(max(1, round(width * multiplier / step)) * step for width, step in pairs)

    def network(self, widths: Widths) -> ArchSpec:
        """The network at these widths, multiples of the steps; whether its form is the same, :meth:`keeps` says."""
        channels = [widths[place] for place in self.places]
        row = [
            replace(block, inputs=inputs, middle=_middle(block, inputs), outputs=outputs)
            for block, inputs, outputs in zip(self.spec.blocks, channels, channels[1:], strict=False)
        ]
        return replace(self.spec, blocks=tuple(row), stem=replace(self.spec.stem, width=channels[0]))

    def keeps(self, network: ArchSpec) -> bool:
        """Whether ``network`` has its shortcuts where the segments' own has: none came by two widths that met."""
        pairs = zip(network.blocks, self.spec.blocks, strict=True)
        return all(block.is_residual == own.is_residual for block, own in pairs)


def scaled(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """``spec`` with all widths of stem and blocks times ``multiplier``. Raises SpecError where its form would change."""
    segments = Segments.of(spec)
    found = segments.network(segments.at(multiplier))
    if not segments.keeps(found):
        raise SpecError(f"width must leave shortcuts where they are, got {multiplier:g}")
    return found


def _middle(block: Block, inputs: int) -> int:
    """The block's expansion of ``inputs``, to the nearest width that its split divides; never below its SE's reduction."""
    step = _divisor(block)
    if isinstance(block, SeesawBlock) and block.mixing == "shuffle":
        step = lcm(step, len(block.split))
    step = lcm(step, gcd(_EVEN, block.middle))
    return max(1, -(-block.se // step), round(Fraction(block.middle * inputs, block.inputs * step))) * step


def _divisor(block: Block) -> int:
    return sum(block.split) if isinstance(block, SeesawBlock) else 1
