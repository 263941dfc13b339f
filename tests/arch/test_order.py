"""Which maps may have their channels in another order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from seesawnas.arch.order import Places, free_families

Maps = Sequence[tuple[Places, Sequence[int]]]


@pytest.mark.parametrize(
    ("maps", "families"),
    [
        ([("free", [-1])], []),
        ([("free", [-1]), ("free", [0])], [[0]]),
        ([("free", [-1]), ("kept", [0]), ("free", [1])], [[0, 1]]),
        # a sum ties what it adds, also what came first of it
        ([("free", [-1]), ("free", [0]), ("kept", [0, 1]), ("free", [2])], [[0, 1, 2]]),
        # what reads an input keeps the input's order
        ([("kept", [-1]), ("free", [0])], []),
        ([("free", [-1]), ("kept", [0, -2]), ("free", [1])], []),
        # groups that each run alone make their own order, but read any
        ([("free", [-1]), ("own", [0]), ("free", [1])], [[0]]),
        # what is neither, such as a shuffle that runs, needs the order of what it reads
        ([("free", [-1]), ("fixed", [0]), ("free", [1])], []),
        # one fixed map fixes its family
        ([("free", [-1]), ("own", [0]), ("kept", [0, 1]), ("free", [2])], []),
        # two families
        ([("free", [-1]), ("free", [0]), ("free", [1])], [[0], [1]]),
    ],
)
def test_maps_of_one_order_are_a_family_if_none_of_them_is_bound(
    maps: Maps, families: list[list[int]]
) -> None:
    assert free_families(maps) == families
