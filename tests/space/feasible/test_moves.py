"""Where a network lies in a space, and the moves from one network of the set to another."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, cost
from seesawnas.errors import SpecError
from seesawnas.space import Assignment, FeasibleSet, SearchSpace, load, load_space
from seesawnas.space.feasible.locate import locate
from seesawnas.space.feasible.moves import crossover, mutate, neighbours, repair
from tests.space.documents import choice, networks, space_of, stage
from tests.space.feasible.checks import SPACES, small_space
from tests.strategies import space_documents

seeds = st.integers(0, 10**6)


def feasible_sets() -> st.SearchStrategy[FeasibleSet]:
    """The sets of small spaces, each under a ceiling at one of its own costs."""

    def under(drawn: tuple[str, float]) -> FeasibleSet:
        costs = sorted(networks(SPACES[drawn[0]]).values())
        return FeasibleSet(SPACES[drawn[0]], Budget(costs[int(drawn[1] * (len(costs) - 1))]))

    return st.tuples(st.sampled_from(sorted(SPACES)), st.sampled_from((0.0, 0.3, 0.7, 1.0))).map(
        under
    )


def draw(feasible: FeasibleSet, seed: int) -> dict[str, Any]:
    return next(feasible.sample(1, seed).assignments())


def assert_in_the_set(feasible: FeasibleSet, assignment: Assignment) -> ArchSpec:
    assert set(assignment) == {decision.name for decision in feasible.decisions}
    assert all(assignment[decision.name] in decision.options for decision in feasible.decisions)
    spec = feasible.space.choose(assignment)
    assert feasible.budget is None or feasible.budget.admits(cost(spec))
    return spec


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(space_documents())
def test_every_network_of_a_space_is_found_in_it(values: dict[str, Any]) -> None:
    space = small_space(values)
    expected = networks(space)
    if not expected:
        return
    feasible = FeasibleSet(space)
    for spec in list(expected)[:: max(1, len(expected) // 25)]:
        found = locate(feasible, spec)
        assert found is not None
        assert assert_in_the_set(feasible, found) == spec
        assert locate(feasible, spec) == found


@pytest.mark.parametrize("name", SPACES)
def test_every_network_is_found_wherever_its_decisions_lie(name: str) -> None:
    feasible = FeasibleSet(SPACES[name])
    for spec in networks(SPACES[name]):
        found = locate(feasible, spec)
        assert found is not None
        assert feasible.space.choose(found) == spec


@pytest.mark.parametrize(
    ("ref", "points"),
    [
        ("seesaw", ("seesaw_share", "seesaw_shuffle", "seesaw_shuffle_mobi")),
        ("seesaw_wide", ("dw_seesaw_v1", "dw_seesaw_v1_conv", "dw_seesaw_v2")),
    ],
)
def test_the_shipped_spaces_contain_the_published_networks(
    ref: str, points: tuple[str, ...]
) -> None:
    feasible = FeasibleSet(load_space(ref))
    for point in points:
        found = locate(feasible, load(f"paper/{point}"))
        assert found is not None, point
        assert feasible.space.choose(found) == load(f"paper/{point}")


def test_a_network_outside_the_space_or_over_the_budget_is_not_found() -> None:
    space = load_space("seesaw")
    assert locate(FeasibleSet(space), load("paper/mobilefacenet")) is None
    assert locate(FeasibleSet(space), load("paper/dw_seesaw_v1")) is None
    assert locate(FeasibleSet(space), load("paper/seesaw_share").at_resolution(96)) is None
    assert locate(FeasibleSet(space, Budget.parse("145M")), load("paper/seesaw_share")) is None
    assert locate(FeasibleSet(space, Budget.parse("146M")), load("paper/seesaw_share")) is not None


@settings(max_examples=40)
@given(feasible_sets(), seeds)
def test_neighbours_are_the_other_networks_that_one_decision_makes(
    feasible: FeasibleSet, seed: int
) -> None:
    start = draw(feasible, seed)
    expected = set()
    for decision in feasible.decisions:
        for option in decision.options:
            try:
                spec = feasible.space.choose({**start, decision.name: option})
            except SpecError:
                continue
            if feasible.budget is None or feasible.budget.admits(cost(spec)):
                expected.add(spec)
    found = [assert_in_the_set(feasible, near) for near in neighbours(feasible, start)]
    assert len(set(found)) == len(found)
    assert set(found) == expected - {feasible.space.choose(start)}


@settings(max_examples=40)
@given(feasible_sets(), seeds)
def test_a_mutant_is_another_network_of_the_set_where_there_is_one_near(
    feasible: FeasibleSet, seed: int
) -> None:
    start = draw(feasible, seed)
    mutant = assert_in_the_set(feasible, mutate(feasible, start, random.Random(seed)))
    if any(True for _ in neighbours(feasible, start)):
        assert mutant != feasible.space.choose(start)
    assert mutant == feasible.space.choose(mutate(feasible, start, random.Random(seed)))


def inherited(space: SearchSpace, mother: Assignment, father: Assignment) -> set[ArchSpec]:
    """Every network that takes each decision from one parent or the other."""
    found = set()
    for picks in product(*({mother[name], father[name]} for name in mother)):
        try:
            found.add(space.choose(dict(zip(mother, picks, strict=True))))
        except SpecError:
            continue
    return found


@settings(max_examples=40)
@given(feasible_sets(), seeds, seeds)
def test_a_child_takes_every_decision_from_a_parent_and_fits(
    feasible: FeasibleSet, one: int, two: int
) -> None:
    mother, father = draw(feasible, one), draw(feasible, two)
    child = assert_in_the_set(feasible, crossover(feasible, mother, father, random.Random(one)))
    assert child in inherited(feasible.space, mother, father)


@settings(max_examples=20)
@given(feasible_sets(), seeds)
def test_the_child_of_equal_parents_is_their_like(feasible: FeasibleSet, seed: int) -> None:
    parent = draw(feasible, seed)
    assert feasible.space.choose(
        crossover(feasible, parent, parent, random.Random(0))
    ) == feasible.space.choose(parent)


def test_crossover_reaches_every_feasible_mix_of_the_parents() -> None:
    space = SPACES["defaults shared by stages"]
    feasible = FeasibleSet(space, Budget(sorted(networks(space).values())[40]))
    mother, father = draw(feasible, 3), draw(feasible, 11)
    possible = {
        spec
        for spec in inherited(space, mother, father)
        if feasible.budget and feasible.budget.admits(cost(spec))
    }
    rng = random.Random(1)
    found = {
        space.choose(crossover(feasible, mother, father, rng)) for _ in range(40 * len(possible))
    }
    assert len(possible) > 2
    assert found == possible


@settings(max_examples=40)
@given(feasible_sets(), seeds)
def test_a_repaired_network_fits_whatever_it_was(feasible: FeasibleSet, seed: int) -> None:
    rng = random.Random(seed)
    wild = {decision.name: rng.choice(decision.options) for decision in feasible.decisions}
    repaired = assert_in_the_set(feasible, repair(feasible, wild, rng))
    try:
        spec = feasible.space.choose(wild)
    except SpecError:
        return
    if feasible.budget is None or feasible.budget.admits(cost(spec)):
        assert repaired == spec


def test_a_repair_gives_up_no_more_than_it_must() -> None:
    space = space_of(
        stage(width=choice(8, 16), expansion=choice(1, 2), kernel=choice(3, 5), se=choice("off", 4))
    )
    dear = {decision.name: decision.options[-1] for decision in space.decisions}
    feasible = FeasibleSet(space, Budget(FeasibleSet(space).max_madds - 1))
    for seed in range(10):
        repaired = repair(feasible, dear, random.Random(seed))
        assert sum(repaired[name] != dear[name] for name in dear) == 1


def test_a_network_that_is_alone_in_its_space_stays_itself() -> None:
    for space in (space_of(), space_of(stage(se=choice(5, 6), expansion=1))):
        alone = FeasibleSet(space)
        assert alone.count == 1
        only = draw(alone, 0)
        spec = space.choose(only)
        assert list(neighbours(alone, only)) == []
        for moved in (
            mutate(alone, only, random.Random(0)),
            crossover(alone, only, only, random.Random(0)),
            repair(alone, only, random.Random(0)),
        ):
            assert space.choose(moved) == spec


def test_moves_work_in_a_shipped_space_under_a_tight_band() -> None:
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M"))
    rng = random.Random(4)
    mother, father = draw(feasible, 1), draw(feasible, 2)
    assert_in_the_set(feasible, mutate(feasible, mother, rng))
    assert_in_the_set(feasible, crossover(feasible, mother, father, rng))
    dear = {decision.name: decision.options[-1] for decision in feasible.decisions}
    assert_in_the_set(feasible, repair(feasible, dear, rng))
