"""Scopes, inheritance, conditions, and what a decision is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seesawnas.arch import InvertedBottleneck, SeesawBlock
from seesawnas.errors import DocumentError, SpecError
from seesawnas.space import Decision, SearchSpace, load_space, to_space
from tests.space.documents import choice, space_of, stage
from tests.strategies import space_documents


def options(space: SearchSpace) -> dict[str, tuple[Any, ...]]:
    return {decision.name: decision.options for decision in space.decisions}


def test_blocks_inherit_from_defaults_then_stage_then_block() -> None:
    space = space_of(
        stage(depth=3, kernel=5, blocks={1: {"kernel": 7, "se": "off"}}),
        stage(),
        defaults={"se": 4, "kernel": 3, "activation": "relu"},
    )
    blocks = space.choose({}).blocks
    assert [block.kernel for block in blocks] == [5, 7, 5, 3]
    assert [block.se for block in blocks] == [4, 0, 4, 4]
    assert {block.activation for block in blocks} == {"relu"}


def test_null_is_a_value_that_a_narrower_scope_may_set() -> None:
    space = space_of(stage(se=None, skip=None), defaults={"se": 4, "skip": "conv"})
    assert space.choose({}).blocks[0].se == 0
    assert space.choose({}).blocks[0].skip == "none"


def test_stem_and_head_take_the_default_activation_unless_they_set_their_own() -> None:
    spec = space_of(defaults={"activation": "relu"}).choose({})
    assert (spec.stem.activation, spec.head.activation) == ("relu", "relu")
    spec = space_of(
        defaults={"activation": "relu"}, stem={"width": 8, "activation": "gelu"}
    ).choose({})
    assert (spec.stem.activation, spec.head.activation) == ("gelu", "relu")


def test_expansion_and_middle_replace_each_other_from_scope_to_scope() -> None:
    first = {"kind": "share", "width": 8, "stride": 2, "depth": 3}
    space = space_of(
        {**first, "middle": 24, "blocks": {2: {"expansion": 1}}}, defaults={"expansion": 2}
    )
    assert [block.middle for block in space.choose({}).blocks] == [24, 24, 8]
    space = space_of({**first, "blocks": {0: {"middle": 32}}}, defaults={"expansion": 2})
    assert [block.middle for block in space.choose({}).blocks] == [32, 16, 16]


def test_only_the_first_block_of_a_stage_has_its_stride() -> None:
    assert [block.stride for block in space_of(stage(depth=3)).choose({}).blocks] == [2, 1, 1]


def test_a_decision_is_named_by_the_place_that_declares_it() -> None:
    space = space_of(
        stage(depth={"range": [1, 2]}, width=choice(8, 16), blocks={0: {"se": choice("off", 4)}}),
        stage(depth=2),
        input={"height": choice(16, 32), "width": 16},
        stem={"width": {"range": [8, 24, 8]}},
        defaults={"activation": choice("swish", "relu"), "split": choice([1, 3], [3, 1])},
        head={"width": 8, "embedding": choice("none", 4)},
    )
    assert options(space) == {
        "input.height": (16, 32),
        "stem.width": (8, 16, 24),
        "defaults.activation": ("swish", "relu"),
        "stages.0.depth": (1, 2),
        "stages.0.width": (8, 16),
        "defaults.split": ("1:3", "3:1"),
        "stages.0.blocks.0.se": (0, 4),
        "head.embedding": (0, 4),
    }
    assert all(
        isinstance(option, (bool, int, float, str))
        for found in options(space).values()
        for option in found
    )


def test_a_choice_of_one_is_no_decision() -> None:
    assert space_of(stage(width=choice(16))).decisions == ()
    assert space_of(stage(width=choice(16))).choose({}).blocks[0].outputs == 16


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([1, 3], (1, 2, 3)),
        ([1, 2, 0.5], (1, 1.5, 2)),
        ([1, 1.3, 0.1], (1, 1.1, 1.2, 1.3)),
        ([1, 4, 2], (1, 3)),
        ([2.0, 4.0], (2, 3, 4)),
    ],
)
def test_a_range_has_both_ends_and_exact_decimal_steps(
    raw: list[float], expected: tuple[float, ...]
) -> None:
    found = options(space_of(stage(kind="inverted_bottleneck", expansion={"range": raw})))[
        "stages.0.expansion"
    ]
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("alias", "name"), [("silu", "swish"), ("h_swish", "hard_swish"), ("hswish", "hard_swish")]
)
def test_an_activation_may_go_by_its_other_name(alias: str, name: str) -> None:
    assert space_of(stage(activation=alias)).choose({}).blocks[0].activation == name


def test_numbers_that_are_equal_build_equal_networks() -> None:
    one, two = (
        space_of(stage(**keys)).choose({})
        for keys in ({"kernel": 5, "stride": 2}, {"kernel": 5.0, "stride": 2.0})
    )
    assert one == two
    assert one.digest() == two.digest()
    assert all(type(block.kernel) is int for block in two.blocks)


def test_a_split_may_be_written_as_text() -> None:
    block = space_of(stage(split="2:6")).choose({}).blocks[0]
    assert isinstance(block, SeesawBlock)
    assert block.split == (1, 3)


def test_an_option_is_chosen_by_its_name_and_left_out_ones_take_the_first() -> None:
    space = space_of(stage(width=choice(16, 8), se=choice(4, "off")))
    assert space.choose({}) == space.choose({"stages.0.width": 16, "stages.0.se": 4})
    assert space.choose({"stages.0.width": 8}).blocks[0].outputs == 8
    assert space.choose({"stages.0.se": 0}).blocks[0].se == 0


def test_a_choice_holds_only_where_its_condition_does() -> None:
    space = space_of(stage(depth=2, se=choice(2, 4, when={"stride": 2})))
    assert [block.se for block in space.choose({"stages.0.se": 4}).blocks] == [4, 0]


def test_otherwise_says_what_holds_where_the_condition_does_not() -> None:
    space = space_of(stage(depth=2, expansion=choice(3, 4, when={"stride": 2}, otherwise=1)))
    assert [block.middle for block in space.choose({"stages.0.expansion": 4}).blocks] == [32, 8]


def test_a_condition_may_list_values_and_name_several_attributes() -> None:
    se = choice(4, when={"kind": ["share", "shuffle"], "kernel": 5}, otherwise=2)
    space = space_of(stage(kind=choice("share", "shuffle", "plain"), kernel=choice(3, 5), se=se))
    found = {
        (kind, kernel): space.choose({"stages.0.kind": kind, "stages.0.kernel": kernel})
        .blocks[0]
        .se
        for kind in ("share", "shuffle", "plain")
        for kernel in (3, 5)
    }
    assert {key for key, value in found.items() if value == 4} == {("share", 5), ("shuffle", 5)}


def test_a_condition_on_a_split_holds_for_that_ratio_alone() -> None:
    space = space_of(stage(split=choice([1, 3], [1, 1]), se=choice(4, when={"split": [2, 6]})))
    assert [space.choose({"stages.0.split": split}).blocks[0].se for split in ("1:3", "1:1")] == [
        4,
        0,
    ]


def test_conditions_look_at_what_was_picked_and_not_at_each_other() -> None:
    space = space_of(
        stage(
            kernel=choice(5, when={"se": 4}, otherwise=3),
            se=choice(4, when={"kernel": 5}),
        )
    )
    block = space.choose({}).blocks[0]
    assert (block.kernel, block.se) == (5, 4)


def test_a_kind_may_be_a_decision() -> None:
    space = space_of(stage(kind=choice("share", "inverted_bottleneck")))
    assert isinstance(space.choose({}).blocks[0], SeesawBlock)
    assert isinstance(
        space.choose({"stages.0.kind": "inverted_bottleneck"}).blocks[0], InvertedBottleneck
    )


def test_options_that_do_not_fit_are_refused_by_the_block() -> None:
    space = space_of(stage(), stage(width=choice(8, 10), depth=2))
    with pytest.raises(
        SpecError,
        match=r"^stages.1.blocks.0: split \[1, 3\] must divide the channels: 10 is not a multiple "
        r"of 4$",
    ):
        space.choose({"stages.1.width": 10})


def test_a_restricted_space_has_only_the_options_given() -> None:
    space = load_space("seesaw").restrict(
        {"stages.0.width": (48,), "stages.1.width": (96, 160), "no.such": (1,)}
    )
    assert "stages.0.width" not in options(space)
    assert options(space)["stages.1.width"] == (96, 160)
    assert space.choose({}).blocks[0].outputs == 48


def test_decisions_are_values() -> None:
    assert Decision("a", (1, 2)) == Decision("a", (1, 2))
    assert load_space("seesaw").decisions == load_space("seesaw").decisions


@settings(max_examples=60)
@given(space_documents(), st.data())
def test_every_assignment_makes_a_network_within_its_options_or_says_where_it_fails(
    values: dict[str, Any], data: st.DataObject
) -> None:
    try:
        space = to_space(values, "FILE")
    except DocumentError as error:
        expected = ("no block uses this choice", "below the depth")
        assert all(any(one in fault for one in expected) for fault in error.faults)  # noqa: PT017
        assume(False)
    assignment = {d.name: data.draw(st.sampled_from(d.options)) for d in space.decisions}
    try:
        spec = space.choose(assignment)
    except SpecError as error:
        assert str(error).startswith("stages.")  # noqa: PT017
        return
    depths = [
        assignment.get(f"stages.{i}.depth", stage.depth.options[0])
        for i, stage in enumerate(space.stages)
    ]
    assert len(spec.blocks) == sum(int(depth) for depth in depths)
    assert spec.stem.width == assignment.get("stem.width", 8)
    assert space.choose(assignment) == spec
