"""What an ablation reads and sets in a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seesawnas.ablation.factors import (
    FACTORS,
    MIXED,
    factors_of,
    known_factor,
    level_of,
    parse_level,
    with_level,
    with_levels,
)
from seesawnas.arch import ArchSpec, SeesawBlock
from seesawnas.errors import SpecError
from seesawnas.space import load
from tests.kinds import Forked, MeanHead, cell_network, forked_network
from tests.papers import BOTTLENECKS
from tests.strategies import arch_specs

# Those that networks of bottlenecks have.
OWN = ("split", "kind", "se", "activation", "skip", "expansion", "kernel", "embedding", "width")
FACTOR_LEVELS = [(name, level) for name in OWN for level in FACTORS[name].defaults]
READABLE = [(factor, level) for factor, level in FACTOR_LEVELS if factor != "width"]
SHARE = load("paper/seesaw_share")


def built(spec: ArchSpec, factor: str, level: str) -> ArchSpec:
    """The network at that level; a case without one is no case."""
    try:
        return with_level(spec, factor, level)
    except SpecError:
        assume(False)
        raise


@given(arch_specs(), st.sampled_from(READABLE))
def test_a_level_that_was_set_is_read_or_another_name_of_the_same_network(
    spec: ArchSpec, wanted: tuple[str, str]
) -> None:
    factor, level = wanted
    found = built(spec, factor, level)
    read = level_of(found, factor)
    assert read == level or with_level(spec, factor, level) == with_level(found, factor, read)


@pytest.mark.parametrize("ref", BOTTLENECKS)
@pytest.mark.parametrize(("factor", "level"), READABLE)
def test_in_the_papers_networks_each_default_level_that_was_set_is_read(
    ref: str, factor: str, level: str
) -> None:
    spec = load(ref)
    if (factor, level) == ("split", "1:2:1") and ref in (
        "paper/seesaw_shuffle",
        "paper/seesaw_shuffle_mobi",
    ):
        with pytest.raises(
            SpecError, match="middle width 128 must be divisible by the 3 shuffle groups"
        ):
            with_level(spec, factor, level)
        return
    assert level_of(with_level(spec, factor, level), factor) == level


@given(arch_specs(), st.sampled_from(sorted(OWN)))
def test_a_networks_own_level_changes_nothing(spec: ArchSpec, factor: str) -> None:
    assert with_level(spec, factor, level_of(spec, factor)).digest() == spec.digest()


@given(arch_specs(), st.sampled_from(FACTOR_LEVELS))
def test_setting_a_level_twice_is_setting_it_once(spec: ArchSpec, wanted: tuple[str, str]) -> None:
    assume(wanted[0] != "width")
    once = built(spec, *wanted)
    assert with_level(once, *wanted) == once


@given(arch_specs(), st.sampled_from(FACTOR_LEVELS), st.sampled_from(sorted(OWN)))
def test_a_level_leaves_other_factors_alone(
    spec: ArchSpec, wanted: tuple[str, str], other: str
) -> None:
    factor, level = wanted
    # Kinds come with splits; hidden widths follow the middle's.
    tied = {
        "split",
        "kind",
        "width",
        "expansion",
        "se",
    }
    assume(other != factor and not ({factor, other} <= tied))
    assert level_of(built(spec, factor, level), other) == level_of(spec, other)


@given(
    arch_specs(),
    st.dictionaries(
        st.sampled_from(("se", "kernel", "activation", "skip")), st.just(0), min_size=1
    ),
)
def test_factors_of_their_own_may_be_set_together_or_one_by_one(
    spec: ArchSpec, chosen: dict[str, int]
) -> None:
    levels = {factor: FACTORS[factor].defaults[-1] for factor in chosen}
    one_by_one = spec
    for factor, level in levels.items():
        one_by_one = with_level(one_by_one, factor, level)
    assert with_levels(spec, levels) == one_by_one


@given(st.sampled_from(sorted(OWN)), st.text(max_size=12))
def test_any_word_is_a_level_or_an_error_that_names_factor_and_word(factor: str, word: str) -> None:
    try:
        level = parse_level(factor, word)
    except SpecError as error:
        said = str(error)
    else:
        assert parse_level(factor, level) == level
        return
    shown = word if word.strip() else "an empty word"
    assert said.startswith(f"{factor} must ")
    assert said.endswith(f", got {shown}")


@given(
    arch_specs(max_blocks=2),
    st.sampled_from(sorted(OWN)),
    st.sampled_from(("5", "1:4", "5/3", "0.1", "none")),
)
def test_a_level_builds_or_the_error_is_one_line(spec: ArchSpec, factor: str, word: str) -> None:
    try:
        found = with_level(spec, factor, word)
    except SpecError as error:
        said = str(error)
    else:
        assert found.stem.activation == spec.stem.activation
        return
    assert "\n" not in said
    assert " must " in said


@pytest.mark.parametrize(
    ("factor", "word", "level"),
    [
        ("se", "off", "0"),
        ("se", "0", "0"),
        ("split", "2:6", "1:3"),
        ("split", "1", "1"),
        ("split", "4", "1"),
        ("activation", "silu", "swish"),
        ("embedding", "none", "none"),
        ("expansion", "1.50", "1.5"),
        ("expansion", "3/2", "1.5"),
        ("expansion", "2/3", "2/3"),
        ("width", "1.0", "1"),
    ],
)
def test_a_level_has_one_spelling(factor: str, word: str, level: str) -> None:
    assert parse_level(factor, word) == level


@pytest.mark.parametrize(
    ("factor", "word", "message"),
    [
        ("se", "-4", "se must be off or a positive reduction, got -4"),
        (
            "split",
            "0:3",
            r"split must be a list of positive whole numbers such as \[1, 3\], got 0:3",
        ),
        (
            "kind",
            "sharing",
            "kind must be one of share, shuffle, plain, inverted_bottleneck, .*, got sharing; "
            "did you mean share\\?",
        ),
        ("embedding", "0", "embedding must be positive, got 0"),
        ("kernel", "4", "kernel must be one of 3, 5, 7, got 4"),
        ("expansion", "wide", "expansion must be a number such as 1.5 or 3/2, got wide"),
        (
            "expansion",
            "1e999999999",
            "expansion must be a number such as 1.5 or 3/2, got 1e999999999",
        ),
        ("width", "1/0", "width must be a number such as 1.5 or 3/2, got 1/0"),
        ("width", "-1", "width must be positive and at most 1000, got -1"),
        ("depth", "3", "factor must be one of split, kind, se, .*, width, got depth"),
    ],
)
def test_a_word_that_is_no_level_says_the_rule(factor: str, word: str, message: str) -> None:
    with pytest.raises(SpecError, match=f"^{message}$"):
        parse_level(factor, word)


def test_mixed_can_be_kept_but_not_set() -> None:
    assert level_of(SHARE, "expansion") == MIXED
    assert with_levels(SHARE, {"expansion": MIXED}) == SHARE
    with pytest.raises(SpecError, match=r"^se must be a level that can be set, got mixed$"):
        with_level(SHARE, "se", MIXED)


def test_a_network_that_cannot_be_built_says_what_was_asked_and_where() -> None:
    with pytest.raises(
        SpecError, match=r"^split=1:4: block 0: split \[1, 4\] must divide the channels: 64 is not"
    ):
        with_level(SHARE, "split", "1:4")
    with pytest.raises(
        SpecError,
        match=r"^expansion=1.01: block 0: expansion must give a whole number as width, got 1.01 x "
        r"64$",
    ):
        with_level(SHARE, "expansion", "1.01")


def test_kind_mixes_what_is_split_and_splits_a_network_without_groups() -> None:
    mobile = load("paper/mobilefacenet")
    assert level_of(mobile, "kind") == "inverted_bottleneck"
    shuffled = with_level(mobile, "kind", "shuffle")
    assert {block.split for block in shuffled.blocks if isinstance(block, SeesawBlock)} == {(1, 3)}
    assert with_levels(mobile, {"kind": "shuffle", "split": "1:1"}) == with_level(
        shuffled, "split", "1:1"
    )
    partly = replace(SHARE, blocks=(with_level(SHARE, "split", "1").blocks[0], *SHARE.blocks[1:]))
    assert with_level(partly, "kind", "plain").blocks[0] == partly.blocks[0]


def test_split_gives_whole_blocks_the_networks_kind() -> None:
    shuffle = load("paper/seesaw_shuffle")
    partly = replace(
        shuffle, blocks=(with_level(shuffle, "split", "1").blocks[0], *shuffle.blocks[1:])
    )
    assert level_of(partly, "split") == MIXED
    assert with_level(partly, "split", "1:3") == shuffle
    assert level_of(with_level(load("paper/mobilefacenet"), "split", "1:3"), "kind") == "share"


def test_one_group_has_no_kind_to_tell() -> None:
    whole = {
        with_levels(SHARE, {"split": "1", "kind": kind}).digest()
        for kind in FACTORS["kind"].defaults
    }
    assert whole == {with_level(SHARE, "kind", "inverted_bottleneck").digest()}


def test_a_reduction_is_read_where_the_hidden_widths_of_all_blocks_allow_it() -> None:
    narrow = SeesawBlock(inputs=64, middle=36, outputs=64, split=(1, 1), mixing="plain", se=8)
    spec = replace(SHARE, blocks=(narrow, replace(narrow, middle=64)), name="")
    assert {block.se for block in spec.blocks} == {8, 9}, (
        "36 // 8 and 36 // 9 are both 4; the largest is canonical"
    )
    assert level_of(spec, "se") == "8"


def test_width_scales_all_but_what_comes_out_of_the_network() -> None:
    half = with_level(SHARE, "width", "0.5")
    assert half.stem.width == SHARE.stem.width // 2
    assert [block.outputs * 2 for block in half.blocks] == [block.outputs for block in SHARE.blocks]
    assert half.head == SHARE.head


def test_the_tables_order_and_defaults_stay() -> None:
    names = ("split", "kind", "se", "activation", "skip", "expansion", "kernel", "embedding")
    assert tuple(FACTORS)[: len(names)] == names
    assert tuple(FACTORS)[-1] == "width"
    assert FACTORS["split"].defaults == ("1:3", "1:1", "1:2:1", "1")
    assert FACTORS["kind"].defaults[:3] == ("share", "shuffle", "plain")
    assert [FACTORS[name].defaults for name in ("se", "expansion", "width")] == [
        ("4", "8", "0"),
        ("2", "3", "4"),
        ("1", "0.75", "1.25"),
    ]


def test_a_kind_s_own_attributes_are_factors_of_its_networks() -> None:
    forked, cells = forked_network(), cell_network()
    assert set(factors_of(forked)) == {"reach", "gated", "activation", "embedding", "kind", "width"}
    assert set(factors_of(cells)) == {"edge", "biased", "kind", "width"}
    assert level_of(forked, "reach") == MIXED
    changed = with_levels(forked, {"reach": "3", "gated": "no", "activation": "silu"})
    assert [(block.reach, block.gated, block.activation) for block in changed.blocks] == [
        (3, "no", "swish")
    ] * 3
    assert level_of(with_levels(cells, {"edge": "dw5", "biased": "yes"}), "edge") == "dw5"
    assert with_level(cells, "biased", "yes").head == MeanHead(outputs=32, biased="yes")
    assert parse_level("reach", "9") == "9"
    assert known_factor("reach").defaults == ("3", "5")


def test_only_blocks_that_have_the_attribute_change() -> None:
    mixed = replace(SHARE, blocks=(*SHARE.blocks, Forked(inputs=128, outputs=128)))
    changed = with_levels(mixed, {"split": "1:1", "se": "8", "reach": "9"})
    assert {block.split for block in changed.blocks[:-1]} == {(1, 1)}
    assert changed.blocks[-1] == Forked(inputs=128, outputs=128, reach=9)
    assert level_of(mixed, "split") == "1:3"
    assert level_of(mixed, "kind") == MIXED
    with pytest.raises(
        SpecError, match=r"^kind=plain: block 15: expansion or middle is required, got neither$"
    ):
        with_level(mixed, "kind", "plain")
    assert level_of(with_levels(mixed, {"kind": "plain", "expansion": "2"}), "kind") == "plain"


def test_a_factor_that_the_network_does_not_have_is_refused() -> None:
    for change in (level_of, lambda spec, factor: with_level(spec, factor, "1:3")):
        with pytest.raises(
            SpecError, match=r"^factor must be an attribute of this network: .*edge.*, got split$"
        ):
            change(cell_network(), "split")
    with pytest.raises(
        SpecError,
        match=r"^reach=4: reach must be one of 3, 5, 9, got 4$|^reach must be one of 3, 5, 9",
    ):
        with_level(forked_network(), "reach", "4")
