"""Latency as a hard limit: counted and drawn as MAdds are, checked by brute force."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, LatencyModel, Limit, cost
from seesawnas.cost.budget import limit_latency
from seesawnas.errors import BudgetError
from seesawnas.space import FeasibleSet, SearchSpace, load_space
from seesawnas.space.feasible import feasible as module
from seesawnas.space.feasible.locate import locate
from seesawnas.space.feasible.moves import crossover, mutate, repair
from tests.latency import COEFFICIENTS, model
from tests.space.documents import choice, networks, space_of, stage
from tests.space.feasible.checks import chi_square, quantile, small_space
from tests.strategies import space_documents

SPACE = space_of(
    stage(kind=choice("share", "plain"), split=choice([1, 3], [1, 1], [1]), depth=choice(1, 2)),
    stage(se=choice("off", 4, 5), expansion=choice(2, 3), width=choice(8, 16)),
    defaults={"activation": choice("swish", "prelu")},
)


def model_of(space: SearchSpace, factor: float = 1.08) -> LatencyModel:
    return model(factor=factor, inputs=[list(size) for size in space.input_sizes])


def bounds(space: SearchSpace, found: LatencyModel) -> dict[ArchSpec, int]:
    """What every network of the space takes at most, by brute force."""
    return {spec: found.bound(found.predict(spec)) for spec in networks(space)}


def drawn(found: FeasibleSet, n: int = 60) -> list[ArchSpec]:
    return list(found.specs(found.sample(n, 0)))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(space_documents(), st.integers(0, 99), st.booleans(), st.floats(0.7, 1.5))
def test_the_set_is_exactly_what_brute_force_finds(
    values: dict[str, Any], rank: int, ceiling: bool, factor: float
) -> None:
    space = small_space(values)
    found = model_of(space, factor)
    every = bounds(space, found)
    assume(every)
    value = sorted(every.values())[rank * len(every) // 100]
    limit = limit_latency(found, value) if ceiling else limit_latency(found, None, value)
    budget = Budget(None, others=(limit,))
    feasible = FeasibleSet(space, budget)
    expected = {spec for spec, bound in every.items() if limit.admits(bound)}
    assert feasible.count == len(expected)
    assert feasible.acceptance is None
    specs = list(feasible.specs(feasible.at(range(feasible.count))))
    assert len(specs) == len(set(specs))
    assert set(specs) == expected
    for spec in specs[:5]:
        assignment = locate(feasible, spec)
        assert assignment is not None
        assert space.choose(assignment) == spec


@pytest.mark.parametrize("listed", [True, False])
def test_beside_other_limits_the_set_is_what_brute_force_finds(
    listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not listed:
        monkeypatch.setattr(module, "LISTED_AT_MOST", 0)
    found = model_of(SPACE)
    every = bounds(SPACE, found)
    latency = sorted(every.values())[len(every) * 2 // 3]
    madds = sorted(networks(SPACE).values())[len(every) // 2]
    params = sorted(cost(spec).params for spec in every)[len(every) * 2 // 3]
    for budget in (
        Budget(madds, others=(limit_latency(found, latency),)),
        Budget(None, others=(Limit("params", params), limit_latency(found, latency))),
        Budget(madds, others=(Limit("params", params), limit_latency(found, latency))),
    ):
        expected = {spec for spec in every if budget.admits_network(spec)}
        assert expected
        feasible = FeasibleSet(SPACE, budget)
        if listed:
            assert set(feasible.specs(feasible.at(range(feasible.count)))) == expected
        else:
            low, high = feasible.acceptance.count_interval  # type: ignore[union-attr]
            assert low <= len(expected) <= high
        assert set(drawn(feasible, 20 * len(expected))) == expected


@pytest.mark.parametrize("beside", [None, "madds", "params"])
def test_draws_are_uniform(beside: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LISTED_AT_MOST", 0)
    found = model_of(SPACE)
    every = bounds(SPACE, found)
    limit = limit_latency(found, sorted(every.values())[len(every) // 2])
    budget = {
        None: Budget(None, others=(limit,)),
        "madds": Budget(sorted(networks(SPACE).values())[-3], others=(limit,)),
        "params": Budget(None, others=(Limit("params", None, 1), limit)),
    }[beside]
    expected = [spec for spec in every if budget.admits_network(spec)]
    feasible = FeasibleSet(SPACE, budget)
    counts = Counter(drawn(feasible, 30 * len(expected)))
    assert set(counts) == set(expected)
    assert chi_square(counts, len(expected)) < quantile(len(expected) - 1)


def test_all_that_is_sampled_from_a_large_space_lies_within_the_limit() -> None:
    found = model()
    space = load_space("seesaw")
    feasible = FeasibleSet(space, Budget(None, others=(limit_latency(found, 9000, 8000),)))
    assert feasible.acceptance is None
    assert feasible.latency_ends is not None
    assert feasible.min_madds == 38_345_728
    assert all(8000 <= found.bound(found.predict(spec)) <= 9000 for spec in drawn(feasible, 100))


def test_moves_stay_within_the_limit() -> None:
    found = model_of(SPACE)
    every = bounds(SPACE, found)
    for limits in (
        Budget(None, others=(limit_latency(found, sorted(every.values())[len(every) // 2]),)),
        Budget(
            sorted(networks(SPACE).values())[len(every) // 2],
            others=(limit_latency(found, sorted(every.values())[len(every) // 2]),),
        ),
    ):
        feasible, rng = FeasibleSet(SPACE, limits), random.Random(0)
        outside = next(FeasibleSet(SPACE).at([0]).assignments())
        for _ in range(5):
            one, other = feasible.draw(rng), feasible.draw(rng)
            for moved in (
                mutate(feasible, one, rng),
                crossover(feasible, one, other, rng),
                repair(feasible, outside, rng),
            ):
                assert limits.admits_network(SPACE.choose(moved))


def test_a_narrow_latency_beside_madds_is_counted_by_latency(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LISTED_AT_MOST", 0)
    monkeypatch.setattr(module, "FEW", 0.9)
    found = model_of(SPACE)
    every = bounds(SPACE, found)
    latency = min(every.values())
    budget = Budget(max(networks(SPACE).values()), others=(limit_latency(found, latency),))
    feasible = FeasibleSet(SPACE, budget)
    assert feasible.candidates.measure.name == "latency"
    assert set(drawn(feasible)) == {spec for spec, bound in every.items() if bound == latency}


def test_a_limit_that_nothing_meets_is_one_line() -> None:
    found = model_of(SPACE)
    with pytest.raises(BudgetError, match=r"got latency<=1 us: predicted latency x 1\.08 ranges"):
        FeasibleSet(SPACE, Budget(None, others=(limit_latency(found, 1),)))
    with pytest.raises(BudgetError, match=r"got .*latency<=1 us: .* latency"):
        FeasibleSet(SPACE, Budget(10**9, others=(limit_latency(found, 1),)))


def test_a_space_that_the_model_was_not_measured_on_is_refused() -> None:
    other_size = limit_latency(model(inputs=[[7, 7]]), 10**6)
    with pytest.raises(BudgetError, match="input must be 7x7"):
        FeasibleSet(SPACE, Budget(None, others=(other_size,)))
    known = {name: value for name, value in COEFFICIENTS.items() if name != "prelu.elements"}
    sizes = [list(size) for size in SPACE.input_sizes]
    without = limit_latency(model(coefficients=known, inputs=sizes), 10**6)
    with pytest.raises(BudgetError, match=r"must have a coefficient of prelu\.elements"):
        FeasibleSet(SPACE, Budget(None, others=(without,)))
