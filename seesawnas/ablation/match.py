"""``matched(spec, madds)``: the network rescaled in width until it costs ``madds``, so that arms are judged at equal cost.

First one multiplier for all widths (MAdds rise with it, so it is found by bisection), then, since widths move in steps,
single segments a step up or down as long as that comes closer. No segment ends more than two steps from the multiplier's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from seesawnas.ablation.widths import Segments, Widths
from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import SpecError

CLOSE = 0.0025
"""Near enough to stop: a quarter of a per cent of MAdds."""
FAR = 0.01
"""Worth a word: arms further than one per cent from the base are not at equal cost."""
_MULTIPLIERS = 1 / 32, 32.0
_BISECTIONS = 40
_REACH = 2


@dataclass(frozen=True, slots=True)
class Match:
    """A rescaled network; ``multiplier`` is its widths' before rounding, ``off`` how far its MAdds are from those asked."""

    spec: ArchSpec
    multiplier: float
    off: float

    @property
    def is_far(self) -> bool:
        """Whether no width comes within one per cent."""
        return abs(self.off) > FAR


def matched(spec: ArchSpec, madds: int) -> Match:
    """The network of ``spec``'s form whose MAdds are closest to ``madds``; ``spec`` itself where it is near enough."""
    itself = Match(spec, 1.0, _off(spec, madds))
    if abs(itself.off) <= CLOSE:
        return itself
    segments = Segments.of(spec)
    ends = _bracket(segments, madds)
    found = [_refined(segments, multiplier, madds) for multiplier in ends]
    return min((itself, *(match for match in found if match)), key=lambda match: abs(match.off))


def _bracket(segments: Segments, madds: int) -> tuple[float, float]:
    """Two close multipliers, the first at or below ``madds`` and the second at or above, where there are such."""
    low, high = _MULTIPLIERS
    for _ in range(_BISECTIONS):
        middle = (low * high) ** 0.5
        if _madds(segments, segments.at(middle)) < madds:
            low = middle
        else:
            high = middle
    return low, high


def _madds(segments: Segments, widths: Widths) -> float:
    """At widths at which a block cannot be made, about what they would cost: MAdds rise with their square."""
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
        near = tuple(width + move.get(index, 0) * segments.steps[index] for index, width in enumerate(widths))
        reach = zip(near, start, segments.steps, strict=True)
        if min(near) > 0 and all(abs(width - first) <= _REACH * step for width, first, step in reach):
            yield near


def _off(spec: ArchSpec, madds: int) -> float:
    return cost(spec).madds / madds - 1
