"""What layers count in the form in which they run."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from seesawnas.arch import ArchSpec, Body, Draft, Shape
from seesawnas.arch.layers import Act, Add, Conv, Layer, Linear, Norm, Pool, Shuffle, Slice
from seesawnas.cost import counts
from seesawnas.cost.counts import (
    UNITS,
    Lowering,
    block_counts,
    layer_counts,
    network_counts,
    placed_blocks,
)
from seesawnas.device.latency.prepare import random_network
from seesawnas.nn.deploy import deploy_form
from seesawnas.nn.deploy.form import ConcatMaps, Convolve, ShuffleChannels, SliceChannels
from seesawnas.space import FeasibleSet, load, load_space
from tests.strategies import arch_specs

LOWERINGS = [Lowering(waste, lanes) for waste in (0, 1e6, math.inf) for lanes in (4, 8, 16)]


@settings(max_examples=60)
@given(arch_specs(max_blocks=4))
def test_counts_are_known_and_positive_and_add_up(spec: ArchSpec) -> None:
    for lowering in LOWERINGS[::4]:
        total: dict[str, int] = {}
        for block, inputs in placed_blocks(spec):
            for name, number in block_counts(block, inputs, lowering):
                assert name in UNITS
                assert number > 0
                total[name] = total.get(name, 0) + number
        assert total == network_counts(spec, lowering)


@settings(max_examples=60)
@given(arch_specs(max_blocks=4))
def test_more_waste_is_more_madds_and_fewer_pieces(spec: ArchSpec) -> None:
    found = [network_counts(spec, Lowering(waste)) for waste in (0, 1e4, 1e5, math.inf)]
    madds = [
        sum(number for name, number in one.items() if name.endswith(".madds")) for one in found
    ]
    pieces = [one.get("pieces", 0) for one in found]
    assert madds == sorted(madds)
    assert pieces == sorted(pieces, reverse=True)
    assert pieces[-1] == 0


@pytest.mark.parametrize(
    ("layer", "read", "expected"),
    [
        (Norm(), (Shape(8, 4, 4),), {}),
        (Linear(10), (Shape(8, 1, 1),), {"linear.madds": 80, "small": 1}),
        (Act("swish"), (Shape(8, 1, 1),), {"small": 1}),
        (Act("swish"), (Shape(8, 4, 4),), {"swish.elements": 128, "layers": 1}),
        (Conv(16), (Shape(8, 1, 1),), {"linear.madds": 128, "small": 1}),
        (
            Conv(16, (3, 3), stride=2),
            (Shape(3, 4, 4),),
            {"full.madds": 9 * 3 * 16 * 4, "weights": 9 * 3 * 16, "layers": 1},
        ),
        (
            Conv(16, (3, 3), groups=16),
            (Shape(16, 4, 4),),
            {"depthwise.madds": 9 * 16 * 16, "depthwise.elements": 512, "layers": 1},
        ),
        (
            Conv(12, (3, 3), groups=12),
            (Shape(12, 4, 4),),
            {
                "depthwise.madds": 9 * 12 * 16,
                "depthwise.elements": 384,
                "unaligned_depthwise.elements": 384,
                "unaligned_depthwise.channels": 12,
                "layers": 1,
            },
        ),
        (
            Conv(16, None, groups=16),
            (Shape(16, 4, 4),),
            {"depthwise.madds": 256, "depthwise.elements": 272, "layers": 1},
        ),
        (
            Conv(32),
            (Shape(24, 2, 2),),
            {
                "pointwise.madds": 24 * 32 * 4,
                "pointwise.elements": 56 * 4,
                "weights": 24 * 32,
                "layers": 1,
            },
        ),
        (
            Conv(32, groups=2),
            (Shape(24, 2, 2),),
            {
                "grouped.madds": 12 * 32 * 4,
                "pointwise.elements": 56 * 4,
                "weights": 12 * 32,
                "groups": 2,
                "layers": 1,
            },
        ),
        (Pool("average", None), (Shape(8, 4, 4),), {"average_pool.elements": 128, "layers": 1}),
        (Shuffle(2), (Shape(8, 4, 4),), {"shuffle.elements": 128, "layers": 1}),
        (Add(), (Shape(8, 4, 4),) * 2, {"add.elements": 128, "layers": 1}),
    ],
)
def test_what_a_layer_counts(
    layer: Layer, read: tuple[Shape, ...], expected: dict[str, int]
) -> None:
    for waste in (0, math.inf):
        assert counted(layer, read, Lowering(waste)) == expected


def test_uneven_groups_are_one_convolution_or_several() -> None:
    conv, x = Conv(64, groups=(1, 3)), (Shape(32, 2, 2),)
    own, wasted = (8 * 16 + 24 * 48) * 4, (8 * 48 + 24 * 16) * 4
    dense = {
        "pointwise.madds": own + wasted,
        "pointwise.elements": 96 * 4,
        "weights": 32 * 64,
        "layers": 1,
    }
    separate = {
        "separate.madds": own,
        "separate.elements": 96 * 4,
        "weights": own // 4,
        "pieces": 2,
        "layers": 1,
    }
    assert counted(conv, x, Lowering(wasted)) == dense
    assert counted(conv, x, Lowering(wasted - 1)) == separate
    assert counted(conv, x, Lowering(0, 16)) == {**separate, "unaligned.elements": 32 * 4}


def test_groups_in_the_order_of_a_shuffle_gather_pieces() -> None:
    conv, x = Conv(64, groups=2), (Shape(32, 2, 2),)
    assert counted(conv, x, Lowering(0), scattered=True) == {
        "separate.madds": 16 * 64 * 4,
        "separate.elements": 96 * 4,
        "gathered.elements": 32 * 4,
        "weights": 16 * 64,
        "pieces": 8,
        "layers": 1,
    }
    assert "pointwise.madds" in counted(conv, x, Lowering(math.inf), scattered=True)


def test_a_shuffle_is_folded_into_the_convolutions_that_read_it() -> None:
    draft = Draft()
    x = draft.shuffle("shuffle", draft.conv("expand", -1, 32, groups=2), 2)
    x = draft.conv("project", draft.depthwise("depthwise", x, 32, 3), 16, groups=2)
    assert not moved(draft.body())
    draft.join("residual", x, -1)
    assert not moved(draft.body())


@pytest.mark.parametrize("reader", ["sum", "slice", "nothing", "shuffle"])
def test_a_shuffle_that_others_read_moves_its_map(reader: str) -> None:
    draft = Draft()
    x = draft.shuffle("shuffle", -1, 2)
    y = draft.conv("project", draft.depthwise("depthwise", x, 16, 3), 16)
    match reader:
        case "sum":
            draft.join("sum", x, y)
        case "slice":
            draft.add("half", Slice(0, 8), x)
        case "shuffle":
            draft.shuffle("again", x, 4)
        case _:
            draft.act("last", x, "relu")
    assert moved(draft.body())


@pytest.mark.parametrize("waste", [0.0, 1e6, math.inf])
@pytest.mark.parametrize("name", ["seesaw_share", "seesaw_shuffle", "mobilefacenet", "mobiface"])
def test_counts_are_those_of_the_form_that_runs(name: str, waste: float) -> None:
    agree(load(f"paper/{name}"), waste)


@pytest.mark.parametrize("waste", [0.0, 1e6, math.inf])
def test_counts_of_a_space_are_those_of_the_form_that_runs(waste: float) -> None:
    feasible = FeasibleSet(load_space("seesaw"))
    for spec in feasible.specs(feasible.sample(6, 3)):
        agree(spec, waste)


def agree(spec: ArchSpec, waste: float) -> None:
    """The convolutions of maps of the counts and of the form: MAdds and weights."""
    form = deploy_form(random_network(spec), waste)
    found = network_counts(spec, Lowering(waste))
    of_form = {"depthwise": 0, "others": 0, "weights": 0}
    for step, shape in zip(form.steps, form.shapes(), strict=True):
        operator = step.operator
        if not isinstance(operator, Convolve) or shape.height * shape.width == 1:
            # A vector counts as linear; the global depthwise convolution makes one.
            continue
        madds = operator.weight.numel() * shape.height * shape.width
        if operator.is_depthwise:
            of_form["depthwise"] += madds
        else:
            of_form["others"] += madds
            of_form["weights"] += operator.weight.numel()
    others = ("full", "pointwise", "grouped", "separate")
    assert sum(found.get(f"{kind}.madds", 0) for kind in others) == of_form["others"]
    assert found["weights"] == of_form["weights"]
    assert found["depthwise.madds"] >= of_form["depthwise"]
    kinds = [type(step.operator) for step in form.steps]
    has_pieces = SliceChannels in kinds and ConcatMaps in kinds
    assert has_pieces == bool(found.get("pieces"))
    assert (ShuffleChannels in kinds) == bool(found.get("shuffle.elements"))


def counted(
    layer: Layer, read: tuple[Shape, ...], lowering: Lowering, *, scattered: bool = False
) -> dict[str, int]:
    """Without zeros."""
    found = layer_counts(layer, read, lowering, scattered=scattered)
    return {name: number for name, number in found.items() if number}


def moved(body: Body) -> bool:
    """Whether a shuffle of ``body`` is left to run."""
    folded, _ = counts._orders(body)
    shuffles = {i for i, node in enumerate(body) if isinstance(node.layer, Shuffle)}
    return folded != shuffles
