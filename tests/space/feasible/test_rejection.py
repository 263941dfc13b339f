"""Budgets of several limits against brute force.

Nothing outside, nothing missing, all equally likely, rates as they are.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, Limit, cost
from seesawnas.errors import BudgetError
from seesawnas.space import FeasibleSet, SearchSpace, load_space
from seesawnas.space.feasible import feasible, rejection
from seesawnas.space.feasible.moves import crossover, mutate, neighbours, repair
from seesawnas.space.feasible.rejection import Acceptance
from tests.space.documents import choice, networks, space_of, stage
from tests.space.feasible.checks import SPACES, chi_square, quantile, small_space
from tests.strategies import space_documents

MIXED = space_of(
    stage(kind=choice("share", "plain"), split=choice([1, 3], [1, 1], [1]), depth=choice(1, 2)),
    stage(se=choice("off", 4, 5), expansion=choice(2, 3), width=choice(8, 16)),
    defaults={"activation": choice("swish", "prelu")},
)


def admitted(space: SearchSpace, budget: Budget) -> set[ArchSpec]:
    return {spec for spec in networks(space) if budget.admits(cost(spec))}


def middling(space: SearchSpace, share: float = 0.6) -> Budget:
    """A ceiling on MAdds that ``share`` of the networks meet, and one on params that ``share`` of
    these meet.
    """
    specs = networks(space)
    madds = sorted(specs.values())[int(share * (len(specs) - 1))]
    within = sorted(cost(spec).params for spec in specs if specs[spec] <= madds)
    return Budget(madds, others=(Limit("params", within[int(share * (len(within) - 1))]),))


@pytest.fixture
def by_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """No set is short enough to be gone through."""
    monkeypatch.setattr(feasible, "LISTED_AT_MOST", 0)
    monkeypatch.setattr(rejection, "TRIES", 40)


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(
    space_documents(),
    st.sampled_from(["params", "activation_bytes"]),
    st.integers(0, 99),
    st.booleans(),
)
def test_a_short_set_is_exactly_what_brute_force_finds(
    values: dict[str, Any], name: str, rank: int, ceiling: bool
) -> None:
    space = small_space(values)
    specs = networks(space)
    assume(specs)
    value = sorted(getattr(cost(spec), name) for spec in specs)[rank * len(specs) // 100]
    limit = Limit(name, value) if ceiling else Limit(name, None, value)
    for budget in (Budget(None, others=(limit,)), Budget(max(specs.values()), others=(limit,))):
        found = FeasibleSet(space, budget)
        drawn = list(found.specs(found.at(range(found.count))))
        assert len(drawn) == len(set(drawn))
        assert set(drawn) == admitted(space, budget)
        assert found.is_counted()
        assert found.acceptance is None


@pytest.mark.parametrize("name", SPACES)
def test_limits_anywhere_hold_in_every_space(name: str) -> None:
    budget = middling(SPACES[name])
    found = FeasibleSet(SPACES[name], budget)
    assert set(found.specs(found.at(range(found.count)))) == admitted(SPACES[name], budget)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.usefixtures("by_draws")
def test_a_draw_by_rejection_is_uniform_over_what_all_limits_admit(seed: int) -> None:
    budget = middling(MIXED)
    found, expected = FeasibleSet(MIXED, budget), admitted(MIXED, budget)
    assert not found.is_counted()
    drawn = Counter(found.specs(found.sample(30 * len(expected), seed)))
    assert set(drawn) == expected
    assert chi_square(drawn, len(expected)) < quantile(len(expected) - 1)


@pytest.mark.usefixtures("by_draws")
def test_single_draws_are_uniform_too() -> None:
    budget = middling(MIXED, 0.3)
    found, expected = FeasibleSet(MIXED, budget), admitted(MIXED, budget)
    rng = random.Random(7)
    drawn = Counter(MIXED.choose(found.draw(rng)) for _ in range(20 * len(expected)))
    assert set(drawn) <= expected
    assert chi_square(drawn, len(expected)) < quantile(len(expected) - 1)


@pytest.mark.usefixtures("by_draws")
def test_the_acceptance_rate_covers_the_truth() -> None:
    for share in (0.2, 0.5, 0.9):
        budget = middling(MIXED, share)
        found = FeasibleSet(MIXED, budget)
        assert found.acceptance is not None
        low, high = found.acceptance.count_interval
        assert low <= len(admitted(MIXED, budget)) <= high
        assert low < found.acceptance.count < high
        assert found.acceptance.drawn == rejection.PILOT


def test_the_interval_is_wilson_s() -> None:
    low, high = Acceptance(1, 10, 1000).interval
    assert (round(low, 4), round(high, 4)) == (0.0179, 0.4042)
    assert Acceptance(10, 10, 1000).interval[1] == pytest.approx(1)
    assert Acceptance(1, 10, 1000).count_interval == (17, 405)


@pytest.mark.usefixtures("by_draws")
def test_a_pilot_without_a_hit_is_followed_by_draws_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rejection, "PILOT", 1)
    monkeypatch.setattr(rejection, "SECOND", 300)
    smallest = min(cost(spec).params for spec in networks(MIXED))
    found = FeasibleSet(MIXED, Budget(None, others=(Limit("params", smallest),)))
    assert found.acceptance is not None
    assert found.acceptance.drawn == 300


@pytest.mark.usefixtures("by_draws")
def test_a_set_that_is_not_counted_has_no_number_and_no_indices() -> None:
    found = FeasibleSet(MIXED, middling(MIXED))
    assert not found.is_counted()
    assert not found.is_counted(at_most=10**30)
    for ask in (lambda: found.count, lambda: found.at([0])):
        with pytest.raises(
            BudgetError,
            match=r"must have at most 0 networks within the MAdds limit, got \d+; use \.acceptance",
        ):
            ask()


@pytest.mark.parametrize("listed", [True, False])
def test_a_sample_under_several_limits_grows_without_changing_its_beginning(
    listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feasible, "LISTED_AT_MOST", 10_000 if listed else 0)
    found = FeasibleSet(MIXED, middling(MIXED, 0.2))
    long, short, none = found.sample(300, 5), found.sample(10, 5), found.sample(0, 5)
    assert long.vectors[:10].tolist() == short.vectors.tolist()
    assert (len(long), len(short), len(none)) == (300, 10, 0)
    assert long.vectors.tolist() != found.sample(300, 6).vectors.tolist()


def test_what_nothing_meets_is_refused_with_what_the_networks_have() -> None:
    values = [cost(spec).params for spec in networks(MIXED)]
    with pytest.raises(BudgetError) as caught:
        FeasibleSet(MIXED, Budget(None, others=(Limit("params", 10),)))
    assert str(caught.value) == (
        f"budget must contain at least one network of FILE, got params<=10: the {len(values)} "
        "networks "
        f"have params from {min(values)} to {max(values)}"
    )


@pytest.mark.usefixtures("by_draws")
def test_what_no_draw_meets_is_refused_with_the_number_of_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rejection, "SECOND", 500)
    budget = Budget(10**9, others=(Limit("params", 10), Limit("activation_bytes", None, 1)))
    rule = (
        r"^budget must contain at least one network of FILE, got 1\.000 G, params<=10, "
        r"activation_bytes>=1: "
        r"2,500 sampled of the \d+ networks within 1\.000 G MAdds have params from \d+ to \d+, "
        r"activation_bytes from \d+ to \d+$"
    )
    with pytest.raises(BudgetError, match=rule):
        FeasibleSet(MIXED, budget)


def test_madds_that_nothing_meets_are_told_as_ever() -> None:
    with pytest.raises(
        BudgetError, match=r"got 1\.0 K, params<=1\.00 M: MAdds range from 38\.35 M"
    ):
        FeasibleSet(load_space("seesaw"), Budget.parse("1K, params<=1M"))


def limited_sets() -> st.SearchStrategy[FeasibleSet]:
    names, shares = st.sampled_from(sorted(SPACES)), st.sampled_from((0.0, 0.4, 0.8))
    return st.tuples(names, shares).map(
        lambda d: FeasibleSet(SPACES[d[0]], middling(SPACES[d[0]], d[1]))
    )


def assert_moves_stay_inside(found: FeasibleSet, seed: int) -> None:
    rng = random.Random(seed)
    mother, father = found.draw(rng), found.draw(rng)
    wild = {decision.name: rng.choice(decision.options) for decision in found.decisions}
    moved = [
        mother,
        mutate(found, mother, rng),
        crossover(found, mother, father, rng),
        repair(found, wild, rng),
    ]
    for assignment in [*moved, *neighbours(found, mother)]:
        assert set(assignment) == {decision.name for decision in found.decisions}
        assert found.budget is not None
        assert found.budget.admits(cost(found.space.choose(assignment)))


@settings(max_examples=30)
@given(limited_sets(), st.integers(0, 10**6))
def test_every_move_stays_inside_all_limits(found: FeasibleSet, seed: int) -> None:
    assert_moves_stay_inside(found, seed)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
@pytest.mark.usefixtures("by_draws")
def test_every_move_by_few_draws_stays_inside_too(seed: int) -> None:
    assert_moves_stay_inside(FeasibleSet(MIXED, middling(MIXED, 0.05)), seed)


def test_a_repair_keeps_what_fits_and_a_child_has_its_parents_options() -> None:
    found, rng = FeasibleSet(MIXED, middling(MIXED)), random.Random(3)
    for _ in range(10):
        mother, father = found.draw(rng), found.draw(rng)
        assert MIXED.choose(repair(found, mother, rng)) == MIXED.choose(mother)
        child = MIXED.choose(crossover(found, mother, father, rng))
        assert child in admitted(MIXED, found.budget)  # type: ignore[arg-type]


@pytest.mark.usefixtures("by_draws")
def test_a_child_that_no_draw_finds_is_a_parent_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    found, rng = FeasibleSet(MIXED, middling(MIXED)), random.Random(3)
    fits = found.draw(rng)
    dear = {decision.name: decision.options[-1] for decision in MIXED.decisions}
    assert not found.holds(MIXED.choose(dear))
    monkeypatch.setattr(rejection, "TRIES", 0)
    for mother, father in ((fits, dear), (dear, fits)):
        assert MIXED.choose(crossover(found, mother, father, rng)) == MIXED.choose(fits)
    with pytest.raises(BudgetError):
        crossover(found, dear, dear, rng)


def test_moves_work_in_a_shipped_space_under_limits_on_two_costs() -> None:
    found = FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M, params<=1M"))
    assert found.acceptance is not None
    assert found.acceptance.accepted == 304  # of 2,000 draws, always the same ones
    assert_moves_stay_inside(found, 4)
