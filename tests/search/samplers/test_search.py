from __future__ import annotations

import random
from itertools import islice
from statistics import mean

import pytest

from seesawnas.errors import StudyError
from seesawnas.search import plan
from seesawnas.search.samplers import (
    NSGAII,
    SAMPLERS,
    EvolutionSampler,
    History,
    MultivariateTPE,
    Past,
    RandomSampler,
    make_sampler,
)
from tests.search.samplers.toy import best_after, toy_set

FEASIBLE = toy_set("250K")
WHOLE = toy_set("2M")  # a budget that cuts nothing, and so ties no decision to another
SEEDS = range(12)


@pytest.fixture(scope="module")
def by_chance() -> float:
    return mean(best_after(RandomSampler(FEASIBLE), FEASIBLE, seed, 50) for seed in SEEDS)


@pytest.mark.parametrize(
    ("sampler", "share"), [(MultivariateTPE, 0.7), (EvolutionSampler, 0.7), (NSGAII, 0.8)]
)
def test_it_comes_nearer_to_a_smooth_objectives_best_than_chance(
    sampler: type[MultivariateTPE], share: float, by_chance: float
) -> None:
    found = mean(best_after(sampler(FEASIBLE), FEASIBLE, seed, 50) for seed in SEEDS)
    assert found < share * by_chance


def test_uniform_draws_go_over_the_whole_set_evenly() -> None:
    few = toy_set("111K")
    keys = [few.space.choose(a).digest() for a in few.sample(few.count * 100, seed=0).assignments()]
    drawn = islice(RandomSampler(few).candidates(History(()), random.Random(0)), few.count * 100)
    counts = [0] * few.count
    order = {
        few.space.choose(a).digest(): i
        for i, a in enumerate(few.at(range(few.count)).assignments())
    }
    for assignment in drawn:
        counts[order[few.space.choose(assignment).digest()]] += 1
    assert set(keys) == set(order)
    assert sum((count - 100) ** 2 / 100 for count in counts) < 3 * few.count


def test_evolution_breeds_of_the_population_alone_and_of_its_better_ones() -> None:
    assignments = list(FEASIBLE.sample(30, seed=1).assignments())
    # The oldest are the best.
    past = tuple(Past(i, a, (float(i),)) for i, a in enumerate(assignments))
    sampler = EvolutionSampler(FEASIBLE, population=10, tournament=10)
    parent = FEASIBLE.space.choose(past[20].assignment)
    for child in islice(sampler.candidates(History(past), random.Random(0)), 10):
        changed = [name for name, option in child.items() if option != past[20].assignment[name]]
        assert len(changed) == 1
        assert FEASIBLE.space.choose(child) != parent


def test_generations_are_worked_out_the_same_from_the_start_and_as_trials_come() -> None:
    rng = random.Random(0)
    past = tuple(
        Past(i, a, (rng.random(), rng.random()))
        for i, a in enumerate(FEASIBLE.sample(90, seed=2).assignments())
    )
    lasting = NSGAII(FEASIBLE, population=10)
    # A trial may also finish late, among those of lower numbers.
    for end in (
        *range(5, 90, 7),
        40,
        90,
    ):
        history = History(past[:end] if end % 2 else past[1:end], objectives=2)
        old, new = lasting._parents(history), NSGAII(FEASIBLE, population=10)._parents(history)
        assert old == new
        assert len(old) == (10 if len(history.complete) >= 10 else 0)


def test_the_elite_holds_the_whole_front_where_it_fits() -> None:
    assignments = list(FEASIBLE.sample(40, seed=3).assignments())
    past = tuple(
        Past(i, a, (float(i % 20), float((i * 7) % 20))) for i, a in enumerate(assignments)
    )
    parents = NSGAII(FEASIBLE, population=20)._parents(History(past, objectives=2))
    best = [
        trial
        for trial in past
        if not any(
            other.losses != trial.losses
            and all(a <= b for a, b in zip(other.losses, trial.losses, strict=True))
            for other in past
        )
    ]
    assert len(best) < 20
    assert {trial.losses for trial in best} <= {trial.losses for trial in parents}


@pytest.mark.parametrize("objectives", [1, 2])
def test_tpe_draws_away_from_what_was_pruned(objectives: int) -> None:
    """Where complete trials say nothing, the width that all pruned ones have comes up less."""
    rng = random.Random(0)
    complete = tuple(Past(i, WHOLE.draw(rng), (0.0,) * objectives) for i in range(20))
    wide = [a for a in WHOLE.sample(900, seed=1).assignments() if a["stages.1.width"] == 32][:150]
    pruned = tuple(Past(20 + i, a, (), {1: 1.0}) for i, a in enumerate(wide))

    def share(history: History) -> float:
        sampler = MultivariateTPE(WHOLE)
        found = [next(sampler.candidates(history, random.Random(seed))) for seed in range(60)]
        return mean(assignment["stages.1.width"] == 32 for assignment in found)

    without, taught = (share(History(complete, known, (), objectives)) for known in ((), pruned))
    assert taught < without - 0.1


def test_an_unknown_sampler_is_refused_by_name() -> None:
    with pytest.raises(
        StudyError,
        match=rf"sampler must be one of {', '.join(SAMPLERS)}, got tpee; did you mean tpe\?$",
    ):
        make_sampler("tpee", FEASIBLE)


def test_plans_know_every_sampler_by_name() -> None:
    assert tuple(SAMPLERS) == plan.SAMPLERS
