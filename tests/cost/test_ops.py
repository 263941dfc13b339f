"""Operators one by one, and what blocks lower to, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.arch import Head, InvertedBottleneck, SeesawBlock, Stem
from seesawnas.cost import Cost
from seesawnas.cost.lower import lower_block, lower_head, lower_stem
from seesawnas.cost.ops import Conv, Linear, Op, Pointwise, activation_bytes


def seesaw(**fields: Any) -> SeesawBlock:
    widths: dict[str, Any] = {"inputs": 8, "middle": 16, "outputs": 8, "split": (1, 3), "mixing": "share"}
    return SeesawBlock(**{**widths, **fields})


def labels(ops: tuple[Op, ...]) -> list[str]:
    return [op.label for op in ops]


def test_a_convolution_uses_every_weight_once_at_every_position() -> None:
    conv = Conv(3, 64, (3, 3), 56, 48)
    assert conv.params == 3 * 3 * 3 * 64
    assert conv.madds == conv.params * 56 * 48
    assert conv.label == "conv 3x3 3->64"


def test_a_grouped_convolution_counts_as_grouped() -> None:
    whole, grouped = Conv(32, 64, (1, 1), 7, 7), Conv(32, 64, (1, 1), 7, 7, groups=4)
    assert grouped.madds * 4 == whole.madds
    assert grouped.params * 4 == whole.params


def test_a_depthwise_convolution_has_one_kernel_a_channel() -> None:
    depthwise = Conv(16, 16, (5, 5), 7, 7, groups=16)
    assert depthwise.params == 25 * 16
    assert depthwise.madds == 25 * 16 * 49
    assert depthwise.label == "depthwise 5x5 16"


def test_a_bias_is_a_parameter_and_no_multiply_add() -> None:
    assert Linear(8, 4, bias=True).params == 36
    assert Linear(8, 4, bias=False).params == Linear(8, 4, bias=True).madds == 32


def test_what_multiplies_nothing_costs_memory_alone() -> None:
    pool = Pointwise("max pool 2x2", 8, 4, 5)
    assert (pool.madds, pool.params, activation_bytes(pool)) == (0, 0, 4 * 8 * 4 * 5)


def test_flops_are_two_a_multiply_add() -> None:
    assert Cost(madds=21).flops == 42


def test_costs_add_up_field_by_field() -> None:
    assert Cost(1, 2, 3) + Cost(10, 20, 30) == Cost(11, 22, 33)


def test_an_uneven_split_costs_the_sum_of_its_groups() -> None:
    # 8 -> 16 in 1:3 is 2 -> 4 and 6 -> 12; 16 -> 8 in 3:1 is 12 -> 6 and 4 -> 2.
    cost = Cost.of(lower_block(seesaw(), 10, 10))
    assert cost.madds == 100 * ((2 * 4 + 6 * 12) + 9 * 16 + (12 * 6 + 4 * 2))
    assert cost.params == cost.madds // 100 + 2 * (16 + 16 + 8)


@pytest.mark.parametrize(("split", "share"), [((1, 1), 2), ((1, 1, 1, 1), 4), ((1,), 1)])
def test_equal_groups_divide_the_pointwise_cost(split: tuple[int, ...], share: int) -> None:
    cost = Cost.of(lower_block(seesaw(split=split), 3, 3))
    assert cost.madds == 9 * (8 * 16 // share + 9 * 16 + 16 * 8 // share)


def test_mixing_changes_no_cost() -> None:
    assert len({Cost.of(lower_block(seesaw(mixing=mixing), 7, 7)) for mixing in ("share", "shuffle", "plain")}) == 1


def test_squeeze_and_excitation_counts_its_two_linear_layers() -> None:
    without, with_se = (Cost.of(lower_block(seesaw(se=se), 7, 7)) for se in (0, 4))
    assert with_se.madds - without.madds == 2 * 16 * 4
    assert with_se.params - without.params == (16 * 4 + 4) + 4 + (4 * 16 + 16)


def test_prelu_has_a_slope_a_channel_and_other_activations_have_none() -> None:
    swish, prelu = (Cost.of(lower_block(seesaw(activation=a), 7, 7)) for a in ("swish", "prelu"))
    assert prelu.params - swish.params == 16 + 16
    assert prelu.madds == swish.madds


@pytest.mark.parametrize("skip", ["conv", "maxpool_conv"])
def test_a_skip_branch_costs_a_full_convolution_at_the_smaller_map(skip: str) -> None:
    without, with_skip = (Cost.of(lower_block(seesaw(stride=2, skip=s), 7, 7)) for s in ("none", skip))
    assert with_skip.madds - without.madds == 4 * 4 * 8 * 8
    assert with_skip.params - without.params == 8 * 8 + 2 * 8


def test_strides_act_in_the_depthwise_convolution() -> None:
    block = InvertedBottleneck(inputs=8, middle=16, outputs=8, stride=2)
    sizes = [(op.height, op.width) for op in lower_block(block, 7, 9) if isinstance(op, Conv)]
    assert sizes == [(7, 9), (4, 5), (4, 5)]


def test_a_block_lowers_to_its_operators_in_running_order() -> None:
    assert labels(lower_block(seesaw(se=4), 4, 4)) == [
        "conv 1x1 2->4",
        "conv 1x1 6->12",
        "batch norm",
        "swish",
        "depthwise 3x3 16",
        "batch norm",
        "swish",
        "average pool",
        "linear 16->4",
        "prelu",
        "linear 4->16",
        "sigmoid",
        "scale",
        "conv 1x1 12->6",
        "conv 1x1 4->2",
        "batch norm",
        "add",
    ]
    assert labels(lower_block(seesaw(stride=2, skip="maxpool_conv", activation="relu"), 4, 4))[-6:] == [
        "batch norm",
        "max pool 2x2",
        "conv 1x1 8->8",
        "batch norm",
        "relu",
        "add",
    ]
    assert labels(lower_block(seesaw(stride=2), 4, 4))[-1] == "batch norm"


def test_the_stem_halves_the_picture() -> None:
    cost = Cost.of(lower_stem(Stem(8), 15, 16))
    assert cost.madds == 8 * 8 * (27 * 8 + 9 * 8)
    assert cost.params == 27 * 8 + 9 * 8 + 2 * 2 * 8


def test_the_heads_global_convolution_covers_the_whole_map() -> None:
    cost = Cost.of(lower_head(Head(16, "swish", 4), 8, 7, 6))
    assert cost.madds == 42 * 8 * 16 + 42 * 16 + 16 * 4
    assert cost.params == 8 * 16 + 2 * 16 + 42 * 16 + 2 * 16 + 16 * 4 + 2 * 4


def test_a_head_without_embedding_ends_with_its_global_convolution() -> None:
    assert labels(lower_head(Head(16, "relu", 0), 8, 2, 2)) == [
        "conv 1x1 8->16",
        "batch norm",
        "relu",
        "depthwise 2x2 16",
        "batch norm",
    ]
