"""In which order channels are made, so that groups of convolutions read runs of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Literal, TypeAlias

Groups: TypeAlias = tuple[tuple[int, ...], ...]
"""The input channels of each group of a convolution, each channel once."""
Places: TypeAlias = Literal["free", "own", "kept", "fixed"]
"""In which places the channels of a map lie.

free: wherever they are wanted; own: in the maker's order, whatever it reads; kept: in those of the
maps that are read; fixed: in the maker's order, which needs that of the maps that are read.
"""


def cut(channels: Sequence[int], sizes: Iterable[int]) -> Groups:
    """``channels`` in groups of ``sizes``, one after another."""
    ends = accumulate(sizes, initial=0)
    return tuple(tuple(channels[start:end]) for start, end in pairwise(ends))


def runs_of(channels: Iterable[int]) -> list[tuple[int, int]]:
    """``channels``, sorted, as (start, end) runs."""
    found: list[tuple[int, int]] = []
    for channel in sorted(channels):
        if found and found[-1][1] == channel:
            found[-1] = (found[-1][0], channel + 1)
        else:
            found.append((channel, channel + 1))
    return found


def is_scattered(groups: Groups) -> bool:
    """Whether a group reads channels that do not lie side by side."""
    return any(len(runs_of(group)) > 1 for group in groups)


def are_equal_runs(groups: Groups, made: Sequence[int]) -> bool:
    """Whether equal groups read all channels in turn, and make equally many each.

    Then they run as one grouped convolution. ``made`` are the outputs of each group.
    """
    sizes = {(len(group), outputs) for group, outputs in zip(groups, made, strict=True)}
    channels = [channel for group in groups for channel in group]
    return len(sizes) == 1 and channels == list(range(len(channels)))


def best_order(readers: Sequence[Groups]) -> tuple[int, ...] | None:
    """Which channel comes first, second, ..., for all convolutions that read a map.

    Channels are sorted by the groups of the first that is scattered, if all together read fewer
    runs then; None if they stay as they are.
    """
    scattered = next((one for one in readers if is_scattered(one)), None)
    if scattered is None:
        return None
    order = tuple(channel for group in scattered for channel in sorted(group))
    before = sum(len(runs_of(group)) for one in readers for group in one)
    after = sum(len(runs_of(group)) for one in readers for group in moved(one, order))
    return order if after < before else None


def moved(groups: Groups, order: Sequence[int]) -> Groups:
    """What ``groups`` read if the channels lie in ``order``; each sorted."""
    places = places_of(order)
    return tuple(tuple(sorted(places[channel] for channel in group)) for group in groups)


def places_of(order: Iterable[int]) -> dict[int, int]:
    """The place of each channel."""
    return {channel: place for place, channel in enumerate(order)}


def free_families(maps: Sequence[tuple[Places, Sequence[int]]]) -> list[list[int]]:
    """Maps that must have their channels in the same places, if these may be chosen.

    Args:
        maps: Of each map, the last of which is the output: the places of its channels, and the
            indices of the maps that it is made of; those of inputs are negative.

    Returns:
        The families, each by its maps' indices; a family with a map whose places are not to be
        chosen is none of them.
    """
    parent = list(range(len(maps)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    fixed = {len(maps) - 1}
    for index, (places, reads) in enumerate(maps):
        if places == "kept" and min(reads) >= 0:
            for read in reads:
                parent[root(read)] = root(index)
        elif places != "free":
            own = () if places == "own" else reads
            fixed.update([index, *(read for read in own if read >= 0)])
    taken = {root(index) for index in fixed}
    families: dict[int, list[int]] = {}
    for index in range(len(maps)):
        families.setdefault(root(index), []).append(index)
    return [family for one, family in families.items() if one not in taken]
