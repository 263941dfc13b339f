"""Feasible sets checked: by brute force, and whether draws are uniform."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import assume

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget
from seesawnas.errors import BudgetError, DocumentError
from seesawnas.space import FeasibleSet, SearchSpace, to_space
from tests.space.documents import choice, networks, space_of, spellings, stage

MOST_SPELLINGS = 500


def everything(feasible: FeasibleSet) -> tuple[list[ArchSpec], list[int]]:
    sample = feasible.at(range(feasible.count))
    return list(feasible.specs(sample)), sample.madds.tolist()


def assert_is_exactly(feasible: FeasibleSet, expected: dict[ArchSpec, int]) -> None:
    assert feasible.count == len(expected)
    specs, madds = everything(feasible)
    assert len(set(specs)) == len(specs)
    assert dict(zip(specs, madds, strict=True)) == expected


def budgets(costs: list[int]) -> list[Budget]:
    """Ceilings and bands whose ends lie on, just below and just above costs."""
    low, middle, high = costs[0], costs[len(costs) // 2], costs[-1]
    ceilings = [
        Budget(low),
        Budget(middle),
        Budget(max(low, middle - 1)),
        Budget(high),
        Budget(10**15),
    ]
    bands = [
        (low, high),
        (middle, high),
        (middle, middle),
        (high, 10**15),
        (min(low + 1, high), high),
    ]
    return [*ceilings, *(Budget(top, bottom) for bottom, top in bands)]


def check_against_brute_force(space: SearchSpace) -> None:
    expected = networks(space)
    if not expected:
        with pytest.raises(DocumentError, match="contains no network"):
            FeasibleSet(space)
        return
    feasible = FeasibleSet(space)
    assert feasible.size == len(expected)
    assert (feasible.min_madds, feasible.max_madds) == (
        min(expected.values()),
        max(expected.values()),
    )
    assert_is_exactly(feasible, expected)
    for budget in budgets(sorted(expected.values())):
        admitted = {spec: madds for spec, madds in expected.items() if budget.admits_madds(madds)}
        if admitted:
            assert_is_exactly(FeasibleSet(space, budget), admitted)
        else:
            with pytest.raises(BudgetError):
                FeasibleSet(space, budget)


def small_space(values: dict[str, Any]) -> SearchSpace:
    """The space of ``values``.

    Examples that the grammar or the boundary rule refuses, or that are too large, are dropped.
    """
    try:
        space = to_space(values, "FILE")
        assume(spellings(space) <= MOST_SPELLINGS)
        FeasibleSet(space)
    except DocumentError as error:
        assume("contains no network" in str(error))
    return space


# (work that listing is said to take, costs sorted at most): ask the children, sort their costs, or
# add them up on the grid.
WAYS = [(1e300, 0), (-1.0, 10**9), (-1.0, 0)]


SPACES: dict[str, SearchSpace] = {
    "stem": space_of(stem={"width": choice(8, 12, 16), "activation": choice("relu", "swish")}),
    "head": space_of(
        head={
            "width": choice(8, 16),
            "activation": choice("relu", "swish"),
            "embedding": choice("none", 4, 8),
        }
    ),
    "input": space_of(
        stage(), stage(), input={"height": choice(16, 17, 18, 40), "width": choice(16, 31)}
    ),
    "defaults shared by stages": space_of(
        {"width": 8, "stride": 2, "depth": choice(1, 2)},
        {"width": choice(8, 12), "stride": 2},
        defaults={
            "kind": choice("share", "shuffle", "plain"),
            "split": choice([1, 3], [1, 1], [1, 2, 1], [1]),
            "expansion": choice(1, 2),
            "activation": choice("swish", "relu"),
        },
    ),
    "defaults shared by some blocks of some stages": space_of(
        stage(depth=2, blocks={1: {"se": 4}}),
        stage(se=choice("off", 2), depth=choice(1, 2), kernel=choice(3, 5)),
        stage(),
        defaults={"se": choice("off", 2, 4), "kernel": choice(3, 5)},
    ),
    "a default that divides only some widths": space_of(
        stage(width=choice(8, 12, 10), split=[1, 1]),
        {"width": choice(8, 12, 15), "stride": 2, "kind": "share", "expansion": 2},
        defaults={"split": choice([1, 1], [1, 2], [1, 3])},
    ),
    "overrides of single blocks": space_of(
        stage(
            depth=choice(1, 2, 4),
            expansion=choice(1, 2),
            blocks={
                0: {"expansion": choice(3, 4)},
                2: {
                    "kind": choice("share", "inverted_bottleneck"),
                    "activation": choice("relu", "gelu"),
                },
            },
        )
    ),
    "strides": space_of(
        stage(stride=choice(1, 2), depth=2),
        stage(stride=choice(2, 1), width=choice(8, 12)),
        stage(width=12),
    ),
    "skip branches": space_of(
        stage(stride=choice(1, 2), skip=choice("none", "conv", "maxpool_conv"), depth=2),
        stage(skip=choice("none", "conv", when={"kind": "share"}), kind=choice("share", "plain")),
    ),
    "reductions with one hidden width": space_of(
        stage(se=choice("off", 4, 5, 6, 7, 8), expansion=choice(2, 3))
    ),
    "a middle width": space_of(
        {
            "kind": "share",
            "width": choice(8, 12),
            "middle": choice(8, 16, 20),
            "stride": 2,
            "depth": choice(1, 2),
        }
    ),
    "conditional activations": space_of(
        stage(depth=2, activation=choice("relu", "gelu", when={"stride": 2}, otherwise="swish")),
        stage(
            depth=choice(1, 2),
            se=choice(4, when={"activation": "relu"}),
            activation=choice("relu", "swish"),
        ),
    ),
    "one activation for all": space_of(
        stage(), stage(), defaults={"activation": choice("relu", "gelu", "prelu")}
    ),
    "five stages": space_of(
        *[stage(width=8, depth=choice(1, 2)) for _ in range(2)],
        *[stage(expansion=choice(1, 2)) for _ in range(2)],
        stage(width=choice(8, 12)),
        input={"height": 64, "width": 48},
    ),
    "a stage that goes on at stride 1 with another block": space_of(
        stage(depth=choice(1, 2, 3)),
        stage(stride=1, kernel=5, depth=choice(1, 2)),
        stage(stride=1, depth=choice(1, 2)),
    ),
}


def quantile(freedom: int) -> float:
    """Wilson and Hilferty's approximation of the 99.9 % point."""
    return float(freedom * (1 - 2 / (9 * freedom) + 3.0902 * (2 / (9 * freedom)) ** 0.5) ** 3)


def chi_square(counts: Counter[Any], categories: int) -> float:
    expected = counts.total() / categories
    observed = np.array([*counts.values(), *[0] * (categories - len(counts))])
    return float((((observed - expected) ** 2) / expected).sum())
