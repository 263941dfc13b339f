"""Designs: every option occurs, the same for a seed, and more informative than uniform draws."""

from __future__ import annotations

import numpy as np
import pytest

from seesawnas.cost import Budget
from seesawnas.cost.lowering import Lowering
from seesawnas.device.latency.design import (
    counted_names,
    counts_matrix,
    design_networks,
    select_d_optimal,
)
from seesawnas.errors import InvalidInput
from seesawnas.space import FeasibleSet, load_space
from seesawnas.space.feasible.locate import locate
from tests.space.documents import choice, space_of, stage

LOWERING = Lowering(0)
SPACE = space_of(
    stage(kind=choice("share", "plain"), split=choice([1, 3], [1, 1], [1]), depth=choice(1, 2)),
    stage(se=choice("off", 4, 5), expansion=choice(2, 3), width=choice(8, 16)),
    defaults={"activation": choice("swish", "prelu")},
)


def test_forty_networks_cover_every_option_of_seesaw() -> None:
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("120M..150M"))
    networks = design_networks(feasible, 40)
    assert len(set(networks)) == 40
    assert all(feasible.holds(spec) for spec in networks)
    assert networks == design_networks(feasible, 40)
    assert networks != design_networks(feasible, 40, seed=1)
    found = [locate(feasible, spec) or {} for spec in networks]
    for decision in feasible.decisions:
        assert {one[decision.name] for one in found} == set(decision.options)


def test_all_networks_of_a_small_space_may_be_wanted() -> None:
    feasible = FeasibleSet(SPACE)
    assert set(design_networks(feasible, feasible.count)) == set(
        feasible.specs(feasible.at(range(feasible.count)))
    )
    with pytest.raises(InvalidInput, match="must be at most"):
        design_networks(feasible, feasible.count + 1)


def test_the_rows_that_are_selected_say_more_than_the_first_ones() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 6)) * [1, 1, 1, 1, 1, 0.1]
    chosen = select_d_optimal(rows, 12)
    assert len(set(chosen)) == 12

    def information(places: list[int]) -> float:
        return float(np.linalg.slogdet(rows[places].T @ rows[places])[1])

    assert information(chosen) > information(list(range(12)))


def test_counts_are_in_the_order_of_their_names() -> None:
    networks = design_networks(FeasibleSet(SPACE), 5)
    names = counted_names(networks, LOWERING)
    assert list(names) == sorted(names)
    whole = counts_matrix(networks, LOWERING)
    assert (counts_matrix(networks, LOWERING, names[::-1]) == whole[:, ::-1]).all()
