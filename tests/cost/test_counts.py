"""What layers count in the form in which they run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings

from seesawnas.arch import ArchSpec, Shape
from seesawnas.arch.layers import Act, Add, Conv, Layer, Linear, Norm, Pool, Shuffle
from seesawnas.arch.order import Groups
from seesawnas.cost.counts import (
    UNITS,
    block_counts,
    layer_counts,
    network_counts,
    placed_blocks,
)
from seesawnas.cost.lowering import Lowering
from seesawnas.device.latency.prepare import random_network
from seesawnas.nn.deploy import deploy_form
from seesawnas.nn.deploy.form import Affine, Convolve, DeployForm, ShuffleChannels
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
        (Norm(), (Shape(8, 4, 4),), {"norm.elements": 128, "layers": 1}),
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
    assert counted(layer, read) == expected


def test_uneven_groups_are_one_convolution_or_several() -> None:
    conv, x = Conv(64, groups=(1, 3)), (Shape(32, 2, 2),)
    own = (8 * 16 + 24 * 48) * 4
    separate = {
        "separate.madds": own,
        "separate.elements": 96 * 4,
        "weights": own // 4,
        "pieces": 2,
        "layers": 1,
    }
    assert counted(conv, x, dense=True) == {
        "pointwise.madds": 32 * 64 * 4,
        "pointwise.elements": 96 * 4,
        "weights": 32 * 64,
        "layers": 1,
    }
    groups = (tuple(range(8)), tuple(range(8, 32)))
    assert counted(conv, x, groups=groups) == separate
    assert counted(conv, x, lanes=16, groups=groups) == {**separate, "unaligned.elements": 32 * 4}


def test_groups_that_read_several_runs_gather_pieces() -> None:
    evens, odds = tuple(range(0, 4, 2)), (1, 3, *range(4, 32))
    assert counted(Conv(64, groups=(1, 15)), (Shape(32, 2, 2),), groups=(evens, odds)) == {
        "separate.madds": (2 * 4 + 30 * 60) * 4,
        "separate.elements": 96 * 4,
        # 0, 2 | 1, 3..31: runs of 1 and 1, and of 1 and 29, cut and joined; 4 and 60 are made.
        "unaligned.elements": (2 * (1 + 1 + 1 + 29) + 4 + 60) * 4,
        "gathered.elements": 32 * 4,
        "weights": 2 * 4 + 30 * 60,
        "pieces": 8,
        "layers": 1,
    }


def test_more_groups_than_channels_of_each_are_no_depthwise_convolution() -> None:
    found = counted(Conv(64, groups=32), (Shape(32, 2, 2),))
    assert (found["grouped.madds"], found["groups"]) == (64 * 4, 32)
    assert "depthwise.madds" not in found


PUBLISHED = [
    "seesaw_share",
    "seesaw_shuffle",
    "seesaw_net",
    "dw_seesaw_v2",
    "mobilefacenet",
    "mobiface",
    "mobilenet_v2",
    "shufflenet",
    "shufflefacenet_1x",
    "mixfacenet_s",
    "pocketnet_s128",
    "ghostfacenet_v1_2",
    "vargfacenet",
]


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_are_those_of_the_form_that_runs(name: str) -> None:
    agree(load(f"paper/{name}"))


@pytest.mark.parametrize("name", ["seesaw", "mixed", "shufflenet", "vargroup"])
def test_counts_of_a_space_are_those_of_the_form_that_runs(name: str) -> None:
    feasible = FeasibleSet(load_space(name))
    for spec in feasible.specs(feasible.sample(2, 3)):
        agree(spec)


@settings(max_examples=30)
@given(arch_specs(max_blocks=4))
def test_counts_of_any_blocks_are_those_of_the_form_that_runs(spec: ArchSpec) -> None:
    agree(spec, wastes=(0.0, 2e4, math.inf))


def agree(spec: ArchSpec, wastes: Sequence[float] = (0.0, 1e6, math.inf)) -> None:
    """What runs on maps, of the counts and of the form."""
    network = random_network(spec)
    for waste in wastes:
        form = deploy_form(network, waste)
        assert of_counts(network_counts(spec, Lowering(waste))) == of_form(form)


def of_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """What can be told from a form, too."""
    dense = ("full", "pointwise", "separate")
    return {
        "grouped": counts.get("grouped.madds", 0),
        "dense": sum(counts.get(f"{kind}.madds", 0) for kind in dense),
        "depthwise": counts.get("depthwise.madds", 0),
        "weights": counts.get("weights", 0),
        "norms": counts.get("norm.elements", 0),
        "shuffles": counts.get("shuffle.elements", 0),
    }


def of_form(form: DeployForm, vectors: bool = True) -> dict[str, int]:
    """MAdds and weights of the convolutions of maps, and elements of what else may be folded.

    ``vectors``: of convolutions that make vectors, too, but for linear layers.
    """
    found = of_counts({})
    shapes = form.shapes()
    for step, shape in zip(form.steps, shapes, strict=True):
        x = form.read_shape(step.reads[0], shapes)
        if not vectors and shape[1:] == (1, 1):
            continue
        match step.operator:
            case Convolve() as conv if x.height * x.width > 1:
                madds = conv.weight.numel() * shape.height * shape.width
                if conv.is_depthwise:
                    found["depthwise"] += madds
                elif shape.height * shape.width > 1 or conv.groups > 1:  # no linear layer
                    found["dense" if conv.groups == 1 else "grouped"] += madds
                    found["weights"] += conv.weight.numel()
            case Affine():
                found["norms"] += shape.elements
            case ShuffleChannels():
                found["shuffles"] += shape.elements
    return found


def counted(
    layer: Layer,
    read: tuple[Shape, ...],
    lanes: int = 8,
    groups: Groups | None = None,
    dense: bool = False,
) -> dict[str, int]:
    """Without zeros."""
    found = layer_counts(layer, read, lanes, groups, dense)
    return {name: number for name, number in found.items() if number}
