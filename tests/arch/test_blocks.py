"""Rules of single blocks, and the laws of their canonical form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.arch import Block, InvertedBottleneck, Mixing, SeesawBlock, canonical_block
from seesawnas.arch.layers import split_channels
from seesawnas.errors import SpecError
from tests.strategies import blocks

any_block = blocks(24)
seesaw_blocks = any_block.filter(lambda block: isinstance(block, SeesawBlock))


def seesaw(split: tuple[int, ...] = (1, 3), mixing: Mixing = "share", **fields: Any) -> SeesawBlock:
    widths = {"inputs": 24, "middle": 48, "outputs": 24}
    return SeesawBlock(**{**widths, **fields}, split=split, mixing=mixing)


def plain(**fields: Any) -> InvertedBottleneck:
    return InvertedBottleneck(**{"inputs": 24, "middle": 48, "outputs": 24, **fields})


@given(any_block)
def test_the_canonical_form_is_its_own_canonical_form(block: Block) -> None:
    once = canonical_block(block)
    assert canonical_block(once) == once
    assert type(canonical_block(once)) is type(once)


@given(any_block)
def test_the_canonical_form_keeps_what_the_layers_show(block: Block) -> None:
    form = canonical_block(block)
    for name in (
        "inputs",
        "middle",
        "outputs",
        "stride",
        "kernel",
        "activation",
        "squeezed",
        "is_residual",
    ):
        assert getattr(form, name) == getattr(block, name), name


@given(seesaw_blocks, st.sampled_from((2, 3, 7)))
def test_a_split_in_larger_numbers_is_the_same_split(block: Block, factor: int) -> None:
    assert isinstance(block, SeesawBlock)
    larger = replace(block, split=tuple(factor * part for part in block.split))
    assert canonical_block(larger) == canonical_block(block)


def test_a_split_of_two_and_six_is_one_and_three() -> None:
    assert canonical_block(seesaw((2, 6))) == canonical_block(seesaw((1, 3))) == seesaw((1, 3))


@pytest.mark.parametrize("mixing", ["share", "shuffle", "plain"])
@pytest.mark.parametrize("split", [(1,), (5,)])
def test_one_group_is_an_inverted_bottleneck(split: tuple[int, ...], mixing: Mixing) -> None:
    fields: dict[str, Any] = {
        "stride": 2,
        "kernel": 5,
        "se": 3,
        "activation": "relu",
        "skip": "conv",
    }
    assert canonical_block(seesaw(split, mixing, **fields)) == canonical_block(plain(**fields))


@pytest.mark.parametrize("split", [(1, 1), (1, 2, 1), (2, 2), (3, 6, 3), (1, 1, 1)])
def test_sharing_a_split_that_reads_the_same_both_ways_is_plain(split: tuple[int, ...]) -> None:
    assert canonical_block(seesaw(split, "share")) == canonical_block(seesaw(split, "plain"))


def test_sharing_an_uneven_split_is_not_plain() -> None:
    assert (
        len({canonical_block(seesaw((1, 3), mixing)) for mixing in ("share", "shuffle", "plain")})
        == 3
    )


def test_a_shuffle_is_not_plain_unless_every_group_has_one_channel() -> None:
    assert canonical_block(seesaw((1, 1), "shuffle")) != canonical_block(seesaw((1, 1), "plain"))
    one_each: dict[str, Any] = {"inputs": 4, "middle": 2, "outputs": 4}
    assert canonical_block(seesaw((1, 1), "shuffle", **one_each)) == canonical_block(
        seesaw((1, 1), "plain", **one_each)
    )


def canonical_skips(block: Block, stride: int) -> set[Block]:
    """The canonical forms of ``block`` with each skip branch."""
    skips = ("none", "conv", "maxpool_conv")
    return {
        canonical_block(replace(block, stride=stride, skip=skip))  # type: ignore[call-arg]
        for skip in skips
    }


@given(any_block)
def test_a_skip_branch_is_ignored_where_the_stride_is_1(block: Block) -> None:
    forms = canonical_skips(block, stride=1)
    assert len(forms) == 1
    assert next(iter(forms)).skip == "none"


@given(any_block)
def test_a_skip_branch_counts_where_the_stride_is_2(block: Block) -> None:
    assert len(canonical_skips(block, stride=2)) == 3


@given(st.integers(1, 60), st.data())
def test_reductions_are_equal_exactly_where_their_hidden_widths_are(
    middle: int, data: st.DataObject
) -> None:
    first, second = (data.draw(st.integers(0, middle)) for _ in range(2))
    one, two = (plain(middle=middle, se=se) for se in (first, second))
    assert (canonical_block(one) == canonical_block(two)) == (one.squeezed == two.squeezed)
    assert canonical_block(one).squeezed == one.squeezed


def test_channels_are_split_in_the_ratio() -> None:
    assert split_channels(64, (1, 3)) == (16, 48)
    assert split_channels(12, (1, 2, 1)) == (3, 6, 3)


def test_share_reverses_the_second_split_and_nothing_else_does() -> None:
    assert seesaw((1, 3), "share").project_split == (3, 1)
    assert (
        seesaw((1, 3), "shuffle").project_split == seesaw((1, 3), "plain").project_split == (1, 3)
    )


@pytest.mark.parametrize(
    ("fields", "residual"),
    [({}, True), ({"stride": 2}, False), ({"outputs": 12}, False)],
)
def test_the_input_is_added_where_stride_is_1_and_the_widths_agree(
    fields: dict[str, Any], residual: bool
) -> None:
    assert plain(**fields).is_residual is residual


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"inputs": 0}, "inputs must be positive, got 0"),
        ({"middle": -4}, "middle must be positive, got -4"),
        ({"outputs": 0}, "outputs must be positive, got 0"),
        ({"stride": 3}, "stride must be 1 or 2, got 3"),
        ({"kernel": 4}, r"kernel must be one of \[3, 5, 7\], got 4"),
        (
            {"se": -1},
            r"se must be off or a reduction ratio of at most 48 \(the middle width\), got -1",
        ),
        (
            {"se": 49},
            r"se must be off or a reduction ratio of at most 48 \(the middle width\), got 49",
        ),
        ({"activation": "sine"}, "activation must be one of swish, .*, got sine"),
        ({"skip": "pool"}, "skip must be one of none, conv, maxpool_conv, got pool"),
    ],
)
def test_a_block_that_breaks_a_rule_is_refused_with_the_value(
    fields: dict[str, Any], message: str
) -> None:
    for make in (plain, seesaw):
        with pytest.raises(SpecError, match=f"^{message}$"):
            make(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mixing": "stir"}, "kind must be one of share, shuffle, plain, got stir"),
        ({"split": ()}, r"split must be positive integers, got \[\]"),
        ({"split": (1, 0)}, r"split must be positive integers, got \[1, 0\]"),
        ({"inputs": 30}, r"split \[1, 3\] must divide the channels: 30 is not a multiple of 4"),
        ({"middle": 50}, r"split \[1, 3\] must divide the channels: 50 is not a multiple of 4"),
        ({"outputs": 6}, r"split \[1, 3\] must divide the channels: 6 is not a multiple of 4"),
        (
            {"split": (1, 1, 2), "mixing": "shuffle", "middle": 4},
            "middle width 4 must be divisible by the 3 shuffle groups",
        ),
    ],
)
def test_a_split_that_breaks_a_rule_is_refused_with_the_value(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=f"^{message}$"):
        seesaw(**fields)


def test_a_split_is_reduced_before_it_must_divide() -> None:
    assert canonical_block(seesaw((50, 150))) == seesaw((1, 3))
