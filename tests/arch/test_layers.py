"""Layers one by one, and the bodies of blocks, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.arch import Block, Head, InvertedBottleneck, SeesawBlock, Shape, Stem, body_of
from seesawnas.arch.body import read_shapes, shapes
from seesawnas.arch.layers import Add, Concat, Conv, Linear, Pool, Scale, Shuffle, Slice
from seesawnas.cost import Cost
from seesawnas.cost.cost import block_cost
from seesawnas.errors import SpecError


def seesaw(**fields: Any) -> SeesawBlock:
    widths: dict[str, Any] = {
        "inputs": 8,
        "middle": 16,
        "outputs": 8,
        "split": (1, 3),
        "mixing": "share",
    }
    return SeesawBlock(**{**widths, **fields})


def counted(block: Block, height: int, width: int, channels: int = 8) -> Cost:
    return block_cost(block, (Shape(channels, height, width),))


def labels(block: Block, size: int) -> list[str]:
    body, inputs = body_of(block), (Shape(8, size, size),)
    found = shapes(body, inputs)
    return [node.layer.label(*read_shapes(node, found, inputs)) for node in body]


def test_a_convolution_uses_every_weight_once_at_every_position() -> None:
    conv, x = Conv(64, (3, 3), 2), Shape(3, 112, 96)
    assert conv.params(x) == 3 * 3 * 3 * 64
    assert conv.output(x) == (64, 56, 48)
    assert conv.madds(x) == conv.params(x) * 56 * 48
    assert conv.label(x) == "conv 3x3 3->64"


def test_a_grouped_convolution_counts_as_grouped() -> None:
    whole, grouped, x = Conv(64), Conv(64, groups=4), Shape(32, 7, 7)
    assert grouped.madds(x) * 4 == whole.madds(x)
    assert grouped.params(x) * 4 == whole.params(x)


def test_uneven_groups_count_each_and_equal_ones_are_a_number() -> None:
    assert Conv(8, groups=(1, 3)).params(Shape(16, 1, 1)) == 4 * 2 + 12 * 6
    assert Conv(8, groups=(2, 6)) == Conv(8, groups=(1, 3))
    assert Conv(8, groups=(3, 3)) == Conv(8, groups=2)
    assert Conv(8, groups=(4,)) == Conv(8)


def test_a_depthwise_convolution_has_one_kernel_a_channel() -> None:
    depthwise, x = Conv(16, (5, 5), groups=16), Shape(16, 7, 7)
    assert depthwise.params(x) == 25 * 16
    assert depthwise.madds(x) == 25 * 16 * 49
    assert depthwise.label(x) == "depthwise 5x5 16"


def test_a_convolution_over_the_whole_map_leaves_one_pixel() -> None:
    conv, x = Conv(16, None, groups=16), Shape(16, 7, 6)
    assert conv.output(x) == (16, 1, 1)
    assert conv.params(x) == conv.madds(x) == 42 * 16


def test_a_bias_is_a_parameter_and_no_multiply_add() -> None:
    x = Shape(8, 1, 1)
    assert Linear(4, bias=True).params(x) == 36
    assert Linear(4).params(x) == Linear(4, bias=True).madds(x) == 32
    assert Conv(4, bias=True).params(x) == 36


def test_a_linear_layer_flattens_the_map() -> None:
    assert Linear(4).params(Shape(8, 3, 2)) == 4 * 48


@pytest.mark.parametrize(
    ("pool", "size"),
    [
        (Pool("max", 2, 2), (3, 4)),
        (Pool("max", 2, 2, ceil=True), (4, 5)),
        (Pool("average", 3, 2, 1), (4, 5)),
    ],
)
def test_pools_round_as_torch_does(pool: Pool, size: tuple[int, int]) -> None:
    assert pool.output(Shape(8, 7, 9)) == (8, *size)


@pytest.mark.parametrize(
    ("layer", "read"),
    [
        (Conv(8, groups=3), [Shape(8, 1, 1)]),
        (Conv(8, (5, 5), padding=0), [Shape(8, 4, 4)]),
        (Shuffle(3), [Shape(8, 1, 1)]),
        (Slice(4, 12), [Shape(8, 1, 1)]),
        (Add(), [Shape(8, 1, 1), Shape(8, 1, 2)]),
        (Concat(), [Shape(8, 1, 1), Shape(8, 1, 2)]),
        (Scale(), [Shape(8, 2, 2), Shape(8, 2, 2)]),
    ],
)
def test_what_does_not_fit_is_refused(layer: Any, read: list[Shape]) -> None:
    with pytest.raises(SpecError):
        layer.output(*read)


def test_flops_are_two_a_multiply_add() -> None:
    assert Cost(madds=21).flops == 42


def test_costs_add_up_field_by_field() -> None:
    assert Cost(1, 2, 3) + Cost(10, 20, 30) == Cost(11, 22, 33)


def test_an_uneven_split_costs_the_sum_of_its_groups() -> None:
    # 8 -> 16 in 1:3 is 2 -> 4 and 6 -> 12; 16 -> 8 in 3:1 is 12 -> 6 and 4 -> 2.
    cost = counted(seesaw(), 10, 10)
    assert cost.madds == 100 * ((2 * 4 + 6 * 12) + 9 * 16 + (12 * 6 + 4 * 2))
    assert cost.params == cost.madds // 100 + 2 * (16 + 16 + 8)


@pytest.mark.parametrize(("split", "share"), [((1, 1), 2), ((1, 1, 1, 1), 4), ((1,), 1)])
def test_equal_groups_divide_the_pointwise_cost(split: tuple[int, ...], share: int) -> None:
    assert counted(seesaw(split=split), 3, 3).madds == 9 * (
        8 * 16 // share + 9 * 16 + 16 * 8 // share
    )


def test_mixing_changes_no_cost() -> None:
    assert (
        len({counted(seesaw(mixing=mixing), 7, 7) for mixing in ("share", "shuffle", "plain")}) == 1
    )


def test_squeeze_and_excitation_counts_its_two_linear_layers() -> None:
    without, with_se = (counted(seesaw(se=se), 7, 7) for se in (0, 4))
    assert with_se.madds - without.madds == 2 * 16 * 4
    assert with_se.params - without.params == (16 * 4 + 4) + 4 + (4 * 16 + 16)


def test_prelu_has_a_slope_a_channel_and_other_activations_have_none() -> None:
    swish, prelu = (counted(seesaw(activation=a), 7, 7) for a in ("swish", "prelu"))
    assert prelu.params - swish.params == 16 + 16
    assert prelu.madds == swish.madds


@pytest.mark.parametrize("skip", ["conv", "maxpool_conv"])
def test_a_skip_branch_costs_a_full_convolution_at_the_smaller_map(skip: str) -> None:
    without, with_skip = (counted(seesaw(stride=2, skip=s), 7, 7) for s in ("none", skip))
    assert with_skip.madds - without.madds == 4 * 4 * 8 * 8
    assert with_skip.params - without.params == 8 * 8 + 2 * 8


def test_strides_act_in_the_depthwise_convolution() -> None:
    body = body_of(InvertedBottleneck(inputs=8, middle=16, outputs=8, stride=2))
    found = zip(body, shapes(body, (Shape(8, 7, 9),)), strict=True)
    assert [shape[1:] for node, shape in found if isinstance(node.layer, Conv)] == [
        (7, 9),
        (4, 5),
        (4, 5),
    ]


def test_a_body_has_its_layers_in_running_order() -> None:
    assert labels(seesaw(se=4), 4) == [
        "conv 1x1 8->16 in 1:3",
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
        "conv 1x1 16->8 in 3:1",
        "batch norm",
        "add",
    ]
    assert labels(seesaw(stride=2, skip="maxpool_conv", activation="relu"), 4)[-6:] == [
        "batch norm",
        "max pool 2x2",
        "conv 1x1 8->8",
        "batch norm",
        "relu",
        "add",
    ]
    assert labels(seesaw(stride=2), 4)[-1] == "batch norm"
    assert labels(seesaw(mixing="shuffle"), 4)[3] == "shuffle 2"


def test_the_stem_halves_the_image() -> None:
    cost = counted(Stem(8), 15, 16, channels=3)
    assert cost.madds == 8 * 8 * (27 * 8 + 9 * 8)
    assert cost.params == 27 * 8 + 9 * 8 + 2 * 2 * 8


def test_the_heads_global_convolution_covers_the_whole_map() -> None:
    cost = counted(Head(16, "swish", 4), 7, 6)
    assert cost.madds == 42 * 8 * 16 + 42 * 16 + 16 * 4
    assert cost.params == 8 * 16 + 2 * 16 + 42 * 16 + 2 * 16 + 16 * 4 + 2 * 4


def test_a_head_without_embedding_ends_with_its_global_convolution() -> None:
    assert labels(Head(16, "relu", 0), 2) == [
        "conv 1x1 8->16",
        "batch norm",
        "relu",
        "depthwise 2x2 16",
        "batch norm",
    ]
