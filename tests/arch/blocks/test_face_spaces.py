"""Spaces of variable groups, ShuffleNetV2 units and cells, counted exactly.

Against every combination built by hand.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from seesawnas.cost import Budget, cost
from seesawnas.errors import SpecError
from seesawnas.space import FeasibleSet, load_point, load_space, shipped
from seesawnas.space.feasible.locate import locate
from tests.space.feasible.checks import chi_square, quantile

VARGROUP = """
stem: {kind: conv_vargroup, width: {choice: [16, 24]}, factor: {choice: [1, 2]}}
defaults: {kind: vargroup, activation: {choice: [prelu, relu]}, se: {choice: [off, 4]}}
stages:
- {depth: {choice: [1, 2]}, width: {choice: [16, 24]}, stride: {choice: [1, 2]},
   group_width: {choice: [4, 8]}}
- {depth: 1, width: 32, stride: 2, factor: {choice: [1, 2]}}
head: {kind: vargfacenet, width: 32, hidden: {choice: [16, 32]}, embedding: {choice: [16, none]}}
"""
SHUFFLE = """
stem: {kind: conv, width: 16, slopes: {choice: [channel, layer]}}
defaults: {kind: shufflenet_v2, activation: {choice: [prelu, relu]},
  slopes: {choice: [channel, layer]}}
stages:
- {depth: {choice: [1, 2]}, width: {choice: [16, 24]}, stride: {choice: [1, 2]},
   kernel: {choice: [3, 5]}}
head: {kind: shufflefacenet, width: 32, slopes: {choice: [channel, layer]}, embedding: 16}
"""
CELLS = """
stem: {kind: conv_norm, width: 16}
defaults: {kind: darts_cell, activation: {choice: [prelu, relu]}, op_2b: {choice: [dw1, dw3]}}
stages:
- {depth: {choice: [1, 2, 3]}, width: {choice: [16, 24]}, stride: {choice: [1, 2]},
   op_3a: {choice: [dw3, skip]},
   from_2a: {choice: [0, 1]}, from_3a: {choice: [0, 1, 2]}}
- {depth: 2, width: 32, stride: 2, op_5a: {choice: [max3, avg3]}, from_5a: {choice: [0, 4]}}
head: {kind: pocketnet, width: 16, embedding: {choice: [16, none]}}
"""


@pytest.mark.parametrize("text", [VARGROUP, SHUFFLE, CELLS], ids=["vargroup", "shuffle", "cells"])
def test_a_space_is_counted_exactly(tmp_path: Path, text: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_text("input: {height: 48, width: 40}\n" + text)
    space = load_space(str(path))
    specs = set()
    for options in product(*(decision.options for decision in space.decisions)):
        try:
            specs.add(
                space.choose(dict(zip((one.name for one in space.decisions), options, strict=True)))
            )
        except SpecError:
            continue
    madds = sorted(cost(spec).madds for spec in specs)
    middle = madds[len(madds) // 2]
    feasible = FeasibleSet(space, Budget.parse(str(middle)))
    assert (feasible.size, feasible.min_madds, feasible.max_madds) == (
        len(specs),
        madds[0],
        madds[-1],
    )
    assert feasible.count == sum(one <= middle for one in madds)
    assert 0 < feasible.count < feasible.size
    drawn = list(feasible.specs(feasible.sample(20, 1)))
    assert all(spec in specs and cost(spec).madds <= middle for spec in drawn)


@pytest.mark.parametrize("text", [VARGROUP, SHUFFLE, CELLS], ids=["vargroup", "shuffle", "cells"])
def test_draws_within_a_budget_are_uniform_over_networks(tmp_path: Path, text: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_text("input: {height: 48, width: 40}\n" + text)
    whole = FeasibleSet(load_space(str(path)))
    feasible = FeasibleSet(load_space(str(path)), Budget((whole.min_madds + whole.max_madds) // 2))
    assert 0 < feasible.count < whole.count
    drawn = Counter(feasible.specs(feasible.sample(20 * feasible.count, 1)))
    assert len(drawn) <= feasible.count
    assert chi_square(drawn, feasible.count) < quantile(feasible.count - 1)


@pytest.mark.parametrize(
    ("ref", "points"),
    [
        ("vargroup", ["vargfacenet"]),
        ("shufflenet", ["shufflefacenet_0_5x", "shufflefacenet_1x", "shufflefacenet_1_5x"]),
        ("pocketnet", ["pocketnet_s128", "pocketnet_s256"]),
        ("mobilefacenet", ["mobiface", "mobilefacenet_512"]),
        ("mixed", ["mobilefacenet_512", "seesaw_share", "seesaw_shuffle"]),
    ],
)
def test_the_published_networks_of_a_space_are_found_in_it_and_no_others(
    ref: str, points: list[str]
) -> None:
    feasible = FeasibleSet(load_space(ref))
    assert {point for point in shipped("paper") if locate(feasible, load_point(point).spec)} == {
        f"paper/{point}" for point in points
    }
