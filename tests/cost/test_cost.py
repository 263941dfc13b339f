"""Networks: every way to add up gives the same sum, and the sum is the published one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from seesawnas.arch import ArchSpec
from seesawnas.cost import COSTS, Cost, PartCost, cost, costs_by_block, costs_by_op, costs_by_stage
from seesawnas.cost.cost import cost_and_output
from seesawnas.space import load
from tests.strategies import arch_specs


def added(parts: tuple[PartCost, ...]) -> Cost:
    return sum((part.cost for part in parts), Cost())


@settings(max_examples=60)
@given(arch_specs(max_blocks=4))
def test_blocks_and_stages_and_operators_add_up_to_the_whole(spec: ArchSpec) -> None:
    assert (
        added(costs_by_block(spec))
        == added(costs_by_stage(spec))
        == added(costs_by_op(spec))
        == cost(spec)
    )


@settings(max_examples=60)
@given(arch_specs(max_blocks=4))
def test_every_part_knows_its_name_and_output_shape(spec: ArchSpec) -> None:
    names = [part.name for part in costs_by_block(spec)]
    assert names == ["stem", *(f"blocks.{i}" for i in range(len(spec.blocks))), "head"]
    assert [part.name for part in costs_by_stage(spec)] == [
        "stem",
        *(f"stages.{i}" for i in range(len(spec.stages))),
        "head",
    ]
    shapes = [part.output for part in costs_by_block(spec)]
    widths = [spec.stem.width, *(block.outputs for block in spec.blocks)]
    assert shapes[:-1] == [(width, *size) for width, size in zip(widths, spec.sizes(), strict=True)]
    assert shapes[-1] == (spec.embedding_size, 1, 1)
    assert costs_by_op(spec)[-1].output == shapes[-1]


@given(arch_specs())
def test_flops_are_twice_the_multiply_adds(spec: ArchSpec) -> None:
    assert cost(spec).flops == 2 * cost(spec).madds


@given(arch_specs())
def test_a_larger_image_costs_more_and_learns_no_less(spec: ArchSpec) -> None:
    larger = spec.at_resolution(2 * spec.input.height, 2 * spec.input.width)
    assert cost(larger).madds > cost(spec).madds
    assert cost(larger).params >= cost(spec).params


def test_operators_are_named_after_their_part() -> None:
    names = [part.name for part in costs_by_op(load("paper/seesaw_share"))]
    assert names[0] == "stem: conv 3x3 3->64"
    assert "blocks.0: conv 1x1 64->128 in 1:3" in names
    assert "head: depthwise 7x7 512" in names
    assert names[-1] == "head: batch norm"


@pytest.mark.parametrize(
    ("stage", "params", "madds"),
    [("stem", 2_560, 7_225_344), ("head", 355_840, 3_498_496)],
)
def test_the_parts_of_seesaw_share_count_as_worked_out_by_hand(
    stage: str, params: int, madds: int
) -> None:
    part = next(part for part in costs_by_stage(load("paper/seesaw_share")) if part.name == stage)
    assert (part.cost.params, part.cost.madds) == (params, madds)


def test_the_price_of_a_network_is_known_in_microseconds() -> None:
    spec = load("paper/seesaw_share")
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(20):
        cost_and_output.cache_clear()
        for times in (cold, warm):
            start = time.perf_counter()
            cost(spec)
            times.append(time.perf_counter() - start)
    assert min(warm) < 500e-6
    assert min(cold) < 5e-3


def test_every_cost_stands_in_one_table_with_its_words() -> None:
    assert list(COSTS) == ["madds", "params", "activation_bytes"]
    assert [kind.words(12_300_000) for kind in COSTS.values()] == [
        "12.30 M MAdds",
        "12.30 M params",
        "12.3 MB of activations",
    ]
    assert COSTS["activation_bytes"].words(None) == "activations unknown"
    assert [kind.column for kind in COSTS.values()] == [
        "MAdds (M)",
        "params (M)",
        "activations (MB)",
    ]
    assert Cost(1_000, 20, 300).__rich__() == "1,000 MAdds, 20 params, 300 bytes of activations"
