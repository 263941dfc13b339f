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

from seesawnas.arch import ArchSpec, Block, Shape
from seesawnas.arch.parts import block_output, inputs_of
from seesawnas.arch.remake import options_of, remade, shuffled_groups, ties_widths, width_step
from seesawnas.arch.rules import Option
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
            places.append(places[-1] + (not ties_widths(block)))
        channels = (spec.stem.outputs, *(block.outputs for block in spec.blocks))
        widths = [0] * (places[-1] + 1)
        steps = [1] * len(widths)
        for place, width in zip(places, channels, strict=True):
            widths[place] = width
        for block, before, after in zip(spec.blocks, places, places[1:], strict=False):
            steps[before], steps[after] = lcm(steps[before], width_step(block)), lcm(steps[after], width_step(block))
        even = tuple(lcm(step, gcd(_EVEN, width)) for step, width in zip(steps, widths, strict=True))
        return cls(spec, tuple(places), tuple(widths), even)

    def at(self, multiplier: float) -> Widths:
        """Every width times ``multiplier``, to the nearest step and at least one."""
        pairs = zip(self.widths, self.steps, strict=True)
        return tuple(max(1, round(width * multiplier / step)) * step for width, step in pairs)

    def network(self, widths: Widths) -> ArchSpec:
        """The network at these widths, multiples of the steps; whether its form is the same, :meth:`keeps` says."""
        channels = [widths[place] for place in self.places]
        picture = Shape(3, self.spec.input.height, self.spec.input.width)
        stem = remade(self.spec.stem, (picture,), channels[0])
        found = [picture, block_output(stem, (picture,))]
        row: list[Block] = []
        for block, outputs in zip(self.spec.blocks, channels[1:], strict=True):
            inputs = inputs_of(block, found)
            row.append(remade(block, inputs, outputs, _middle(block, inputs[0].channels)))
            found.append(block_output(row[-1], inputs))
        return replace(self.spec, blocks=tuple(row), stem=stem)

    def keeps(self, network: ArchSpec) -> bool:
        """Whether ``network`` has its shortcuts where the segments' own has: none came by two widths that met."""
        pairs = zip(network.blocks, self.spec.blocks, strict=True)
        return all(ties_widths(block) == ties_widths(own) for block, own in pairs)


def scaled(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """``spec`` with all widths of stem and blocks times ``multiplier``. Raises SpecError where its form would change."""
    segments = Segments.of(spec)
    found = segments.network(segments.at(multiplier))
    if not segments.keeps(found):
        raise SpecError(f"width must leave shortcuts where they are, got {multiplier:g}")
    return found


def _middle(block: Block, inputs: int) -> dict[str, Option]:
    """The block's expansion of ``inputs``, to the nearest width that its split divides; never below its SE's reduction.

    Of blocks without a middle of their own, nothing.
    """
    row = block.row()
    if "middle" not in row:
        return {}
    step = lcm(width_step(block), shuffled_groups(block), gcd(_EVEN, block.middle))
    least = -(-int(options_of(block).get("se", 0)) // step)
    return {"middle": max(1, least, round(Fraction(block.middle * inputs, block.inputs * step))) * step}
