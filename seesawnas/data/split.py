"""Which people are trained on and which are only verified."""

from __future__ import annotations

from collections.abc import Sequence

from seesawnas.data.faces import rank
from seesawnas.errors import DataError

MIN_PEOPLE = 4
"""Two to train on and two to verify on: the least from which a pair of different people can be drawn on both sides."""


def split_people(names: Sequence[str], *, seed: int, share: float) -> tuple[list[str], list[str]]:
    """Return (training, verification) names, each sorted; ``share`` of them, at least two, are verified.

    A person's place follows from a hash of the seed and the name, so adding people moves few of those already there.
    Raises DataError where the share is not between 0 and 1 or there are fewer than four people.
    """
    if not 0.0 < share < 1.0:
        raise DataError(f"verification share: must be between 0 and 1, got {share}")
    if len(names) < MIN_PEOPLE:
        raise DataError(f"needs at least {MIN_PEOPLE} people with two readable images or more, found {len(names)}")
    held_out = min(max(2, round(share * len(names))), len(names) - 2)
    ranked = sorted(names, key=lambda name: rank(seed, name))
    return sorted(ranked[held_out:]), sorted(ranked[:held_out])
