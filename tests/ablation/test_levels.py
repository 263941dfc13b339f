"""How a command's words become factors and levels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seesawnas.ablation.factors import factors_of, with_level, with_levels
from seesawnas.ablation.levels import chosen_levels, parse_factors, parse_levels
from seesawnas.arch import SeesawBlock
from seesawnas.errors import SpecError
from seesawnas.space import load
from tests.papers import BOTTLENECKS

SHARE = load("paper/seesaw_share")


def test_factors_come_in_the_order_named() -> None:
    assert parse_factors(" se, split,kind ") == ("se", "split", "kind")


@pytest.mark.parametrize(
    "text",
    [
        "se=0,4,8; split=1,1:3",
        "se=0,4,8 split=1,1:3",
        " se = 0, 4,8 ;split= 1 , 1:3; ",
        "se=off,4,8\nsplit=1,2:6",
    ],
)
def test_levels_may_be_spaced_in_any_way(text: str) -> None:
    assert parse_levels(text) == {"se": ("0", "4", "8"), "split": ("1", "1:3")}


def test_levels_of_several_texts_are_taken_together() -> None:
    assert parse_levels(["se=0", "kind=share,plain; width=0.5"]) == {
        "se": ("0",),
        "kind": ("share", "plain"),
        "width": ("0.5",),
    }
    assert parse_levels([]) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "factors must name at least one of split, kind, .*, got none"),
        ("se,se", "factors must name each factor once, got se twice"),
        ("se,depth", "factor must be one of split, kind, .*, got depth"),
    ],
)
def test_factors_that_are_none_say_the_rule(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=f"^{message}$"):
        parse_factors(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "levels must have the form se=0,4,8; split=1,1:3, got ''"),
        ("se", "levels must have the form se=0,4,8; split=1,1:3, got 'se'"),
        ("se=", "levels must have the form se=0,4,8; split=1,1:3, got 'se='"),
        ("se=0=4", "levels must have the form se=0,4,8; split=1,1:3, got 'se=0=4'"),
        ("se=0,off", "se must have each level once, got 0,off"),
        ("se=0,,4", "se must have a word for each level, got an empty word"),
        ("se=0; se=4", "levels must name each factor once, got se twice"),
        ("depth=2", "factor must be one of split, kind, .*, got depth"),
    ],
)
def test_levels_that_are_none_say_the_rule(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=f"^{message}$"):
        parse_levels(text)


def test_the_bases_own_level_comes_first() -> None:
    given = {"se": ("0", "4"), "kind": ("shuffle",)}
    assert chosen_levels(SHARE, ("se", "kind"), given, joint=False) == {
        "se": ("4", "0"),
        "kind": ("share", "shuffle"),
    }


def test_crossed_levels_hold_the_bases_own_too() -> None:
    given = {"se": ("0", "8"), "kind": ("shuffle",)}
    chosen = chosen_levels(SHARE, ("se", "kind"), given, joint=True)
    assert chosen == {"se": ("4", "0", "8"), "kind": ("share", "shuffle")}


def test_one_at_a_time_the_bases_own_level_is_always_there() -> None:
    assert chosen_levels(SHARE, ("se",), {"se": ("0", "8")}, joint=False) == {"se": ("4", "0", "8")}


@pytest.mark.parametrize("ref", BOTTLENECKS)
def test_default_levels_make_different_networks_of_the_papers(ref: str) -> None:
    base = load(ref)
    for factor, (own, *others) in chosen_levels(
        base, tuple(factors_of(base)), {}, joint=False
    ).items():
        digests = [base.digest(), *(with_level(base, factor, level).digest() for level in others)]
        assert len(set(digests)) == len(digests), (factor, own, others)


@pytest.mark.parametrize("ref", BOTTLENECKS)
def test_crossed_default_levels_build_in_every_pair(ref: str) -> None:
    base = load(ref)
    chosen = chosen_levels(base, ("kind", "split", "se", "width"), {}, joint=True)
    for one, two in (
        ("kind", "split"),
        ("split", "se"),
        ("kind", "se"),
        ("split", "width"),
        ("kind", "width"),
    ):
        for level in chosen[one]:
            for level2 in chosen[two]:
                with_levels(base, {one: level, two: level2})


def test_defaults_that_do_not_fit_the_base_are_left_out() -> None:
    shuffle = load("paper/seesaw_shuffle")
    assert chosen_levels(shuffle, ("split",), {}, joint=False) == {"split": ("1:3", "1:1", "1")}
    narrow = SeesawBlock(inputs=64, middle=128, outputs=64, split=(1, 1), mixing="plain")
    alone = replace(SHARE, blocks=(narrow,))
    assert chosen_levels(alone, ("kind",), {}, joint=False) == {"kind": ("plain", "shuffle")}, (
        "1:1 read backwards is 1:1"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": ("share",)}, "levels must be of the factors se, got kind"),
        ({"se": ("4",)}, "se must have a level other than the base's, got only 4"),
    ],
)
def test_levels_that_compare_nothing_say_so(
    given: dict[str, tuple[str, ...]], message: str
) -> None:
    with pytest.raises(SpecError, match=f"^{message}$"):
        chosen_levels(SHARE, ("se",), given, joint=False)


def test_a_factor_whose_defaults_change_nothing_says_so() -> None:
    block = next(block for block in SHARE.blocks if block.is_residual)
    flat = replace(SHARE, blocks=(block,), stem=replace(SHARE.stem, width=block.inputs))  # type: ignore[call-arg]
    with pytest.raises(
        SpecError, match=r"^skip must have a level other than the base's, got only none$"
    ):
        chosen_levels(flat, ("skip",), {}, joint=False)
