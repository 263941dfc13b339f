"""Which networks a design trains, and what it cannot tell apart."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, product
from math import prod

import pytest
from pyDOE3 import fracfact_aliasing

from seesawnas.ablation.design import Design, contrasts, make_design
from seesawnas.ablation.levels import Levels
from seesawnas.ablation.result import DesignKind
from seesawnas.errors import StudyError
from tests.ablation.designed import NAMES, two_levels

LEVELS: Levels = {"kind": ("share", "shuffle", "plain"), "se": ("4", "0")}
FRACTIONAL = range(3, 11)


def signs(design: Design, row: tuple[str, ...], effect: tuple[int, ...]) -> int:
    return prod(1 if row[index] != design.factors[index][1][0] else -1 for index in effect)


def brute_force_aliases(design: Design, order: int) -> list[list[tuple[tuple[int, ...], int]]]:
    """Effects of at most that order whose signs are equal, or opposite, in every row."""
    effects = [
        e for size in range(1, order + 1) for e in combinations(range(len(design.factors)), size)
    ]
    found: list[list[tuple[tuple[int, ...], int]]] = []
    for effect in effects:
        for same in found:
            products = {
                signs(design, row, effect) * signs(design, row, same[0][0]) for row in design.rows
            }
            if len(products) == 1:
                same.append((effect, products.pop()))
                break
        else:
            found.append([(effect, 1)])
    return found


def test_one_at_a_time_is_the_base_and_each_other_level_alone() -> None:
    design = make_design(LEVELS, "one-at-a-time")
    assert design.rows == (("share", "4"), ("shuffle", "4"), ("plain", "4"), ("share", "0"))
    assert [design.name(row) for row in design.rows] == [
        "base",
        "kind=shuffle",
        "kind=plain",
        "se=0",
    ]
    assert (design.resolution, design.aliases) == (None, ())


def test_full_is_every_combination_the_base_first() -> None:
    design = make_design(LEVELS, "full")
    assert design.rows[0] == ("share", "4")
    assert set(design.rows) == set(product(*LEVELS.values()))
    assert len(design.rows) == 6
    assert design.name(("shuffle", "0")) == "kind=shuffle, se=0"
    assert (design.resolution, design.aliases) == (None, ())


@pytest.mark.parametrize("count", FRACTIONAL)
def test_a_fractional_design_has_the_base_first_and_each_pair_of_levels_equally_often(
    count: int,
) -> None:
    design = two_levels(count, "fractional")
    assert design.rows[0] == ("0",) * count
    assert len(set(design.rows)) == len(design.rows)
    for one, two in combinations(range(count), 2):
        cells = [(row[one], row[two]) for row in design.rows]
        assert {cells.count(cell) for cell in product("01", "01")} == {len(design.rows) // 4}


@pytest.mark.parametrize("count", FRACTIONAL)
def test_a_fractional_design_is_the_smallest_that_keeps_interactions_off_main_effects(
    count: int,
) -> None:
    design = two_levels(count, "fractional")
    assert len(design.rows) < 2**count
    if count == 3:
        assert (design.resolution, len(design.rows)) == ("III", 4)
    else:
        assert design.resolution in ("IV", "V")
        assert len(design.rows) // 2 < 2 * count <= len(design.rows), (
            "resolution IV takes two networks a factor"
        )


@pytest.mark.parametrize("count", FRACTIONAL)
def test_the_resolution_is_the_length_of_the_shortest_word_of_the_rows(count: int) -> None:
    design = two_levels(count, "fractional")
    words = (word for size in range(1, count + 1) for word in combinations(range(count), size))
    shortest = next(
        word for word in words if len({signs(design, row, word) for row in design.rows}) == 1
    )
    assert design.resolution == {3: "III", 4: "IV", 5: "V"}[len(shortest)]


@pytest.mark.parametrize("count", FRACTIONAL)
def test_aliases_are_those_of_the_rows_with_their_signs(count: int) -> None:
    design = two_levels(count, "fractional")
    expected = [
        " = ".join(
            ("-" if sign < 0 else "") + " × ".join(NAMES[index] for index in effect)
            for effect, sign in same
        )
        for same in brute_force_aliases(design, 2)
        if len(same) > 1
    ]
    assert design.aliases == tuple(expected)
    assert bool(expected) == (count != 5)


@pytest.mark.parametrize("count", FRACTIONAL)
def test_aliases_are_those_that_pydoe_finds(count: int) -> None:
    design = two_levels(count, "fractional")
    columns = -contrasts(design.rows, design.factors).astype(float)
    classes, _ = fracfact_aliasing(columns)  # type: ignore[no-untyped-call]
    expected = set()
    for words in classes:
        same = [word for word in words.split(" = ") if len(word) <= 2]
        if len(same) > 1:
            expected.add(
                frozenset(
                    " × ".join(NAMES[ord(letter) - ord("a")] for letter in word) for word in same
                )
            )
    assert {frozenset(alias.replace("-", "").split(" = ")) for alias in design.aliases} == expected


def test_half_of_three_factors_says_which_interaction_each_main_effect_is() -> None:
    design = two_levels(3, "fractional")
    assert design.aliases == ("se = -kind × split", "kind = -se × split", "split = -se × kind")


def test_levels_keep_their_order_and_names_in_a_fractional_design() -> None:
    levels: Levels = {
        "se": ("4", "0"),
        "kind": ("share", "plain"),
        "skip": ("none", "conv"),
        "kernel": ("3", "5"),
    }
    design = make_design(levels, "fractional")
    assert design.factors == tuple(levels.items())
    assert design.rows[0] == ("4", "share", "none", "3")
    found = defaultdict(set)
    for row in design.rows:
        for factor, level in zip(levels, row, strict=True):
            found[factor].add(level)
    assert found == {factor: set(words) for factor, words in levels.items()}


@pytest.mark.parametrize(
    ("levels", "kind", "message"),
    [
        ({}, "one-at-a-time", "factors must be at least one, got none"),
        ({"se": ("4",)}, "full", "se must have at least two levels, got 4"),
        (
            dict.fromkeys(NAMES, ("0", "1")),
            "full",
            "a full design must have at most 512 networks, got 1024; give fewer factors or levels",
        ),
        (
            LEVELS,
            "fractional",
            "kind must have two levels in a fractional design, got share, shuffle, plain; give "
            "two with --levels",
        ),
        (
            {"se": ("4", "0"), "kind": ("share", "plain")},
            "fractional",
            "a fractional design must have 3 to 10 factors, got 2",
        ),
    ],
)
def test_what_cannot_be_planned_says_the_rule(
    levels: Levels, kind: DesignKind, message: str
) -> None:
    with pytest.raises(StudyError) as error:
        make_design(levels, kind)
    assert str(error.value) == message
