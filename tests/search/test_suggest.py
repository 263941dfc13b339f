"""``suggest``: any sampler of Optuna proposes networks within the budget, and learns from them."""

from __future__ import annotations

import random
import statistics
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.samplers import BaseSampler, NSGAIISampler, QMCSampler, RandomSampler, TPESampler

import seesawnas as sn
from seesawnas.cost import Budget
from seesawnas.space import FeasibleSet
from seesawnas.space.feasible.locate import locate
from seesawnas.space.feasible.moves import approach
from tests.search.samplers.toy import distance_from, toy_set
from tests.space.documents import choice, space_of, stage

BUDGETS = ("110K", "250K", "240K..250K", "100K<=madds<=250K, params<=9K")
SETS = {budget: toy_set(budget) for budget in BUDGETS}
SAMPLERS: dict[str, Callable[[], BaseSampler]] = {
    "random": lambda: RandomSampler(seed=0),
    "tpe": lambda: TPESampler(seed=0, n_startup_trials=4),
    "multivariate": lambda: TPESampler(seed=0, n_startup_trials=4, multivariate=True),
    "nsga2": lambda: NSGAIISampler(seed=0, population_size=4),
    "qmc": lambda: QMCSampler(seed=0, warn_independent_sampling=False),
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def study(name: str) -> optuna.Study:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.create_study(sampler=SAMPLERS[name]())


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("budget", BUDGETS)
def test_every_network_is_within_the_budget_and_every_trial_has_the_same_parameters(
    name: str, budget: str
) -> None:
    feasible, made = SETS[budget], study(name)

    def objective(trial: optuna.Trial) -> float:
        spec = sn.suggest(trial, feasible)
        assert feasible.holds(spec)
        return sn.cost(spec).madds

    made.optimize(objective, n_trials=12)
    assert {trial.state for trial in made.trials} == {optuna.trial.TrialState.COMPLETE}
    distributions = made.trials[0].distributions
    assert list(distributions) == [decision.name for decision in feasible.decisions]
    assert all(trial.distributions == distributions for trial in made.trials)
    for again in (made.best_trial, optuna.trial.FixedTrial(made.best_params)):
        assert sn.cost(sn.suggest(again, feasible)).madds == made.best_value


@given(st.sampled_from(BUDGETS), st.randoms(use_true_random=False))
def test_any_parameters_are_one_network_within_the_budget(budget: str, rng: random.Random) -> None:
    feasible = SETS[budget]
    params: dict[str, Any] = {d.name: rng.choice(d.options) for d in feasible.decisions}
    first, again = (sn.suggest(optuna.trial.FixedTrial(params), feasible) for _ in range(2))
    assert first == again
    assert feasible.holds(first)
    own = feasible.space.choose(params)
    assert (first == own) == feasible.holds(own)


@given(st.sampled_from(BUDGETS), st.randoms(use_true_random=False))
def test_what_is_changed_comes_within_the_budget_decision_by_decision(
    budget: str, rng: random.Random
) -> None:
    feasible = SETS[budget]
    params = {d.name: rng.choice(d.options) for d in feasible.decisions}
    found = approach(feasible, params)
    if found is not None:
        assert feasible.holds(feasible.space.choose(found))
        assert feasible.holds(feasible.space.choose(params)) == (found == params)


def test_one_change_that_is_enough_is_the_only_one() -> None:
    feasible = toy_set("250K")
    inside = dict(next(feasible.sample(1, seed=0).assignments()))
    for decision in feasible.decisions:
        for option in decision.options:
            params = {**inside, decision.name: option}
            found = approach(feasible, params)
            assert found is not None
            assert sum(found[name] != params[name] for name in found) <= 1


def test_options_that_do_not_fit_together_are_changed_too() -> None:
    space = space_of(stage(width=choice(8, 12), split=choice([1, 3], [1, 4]), depth=choice(1, 2)))
    feasible = FeasibleSet(space, Budget.parse("1M"))
    for width in (8, 12):
        params = {"stages.0.width": width, "stages.0.split": "1:4", "stages.0.depth": 2}
        assert feasible.holds(sn.suggest(optuna.trial.FixedTrial(params), feasible))


def test_conditional_options_are_parameters_in_every_trial() -> None:
    kinds = choice("share", "vargroup")
    space = space_of(
        stage(kind=kinds, se=choice("off", 4), split=choice([1, 3], [1]), group_width=choice(4, 8)),
        stage(depth=choice(1, 2), skip=choice("none", "conv", when={"stride": 2})),
    )
    feasible, made = FeasibleSet(space, Budget.parse("1M")), study("tpe")
    made.optimize(lambda trial: sn.cost(sn.suggest(trial, feasible)).madds, n_trials=12)
    names = [decision.name for decision in feasible.decisions]
    assert all(list(trial.params) == names for trial in made.trials)


def test_a_sampler_learns_through_it() -> None:
    feasible = toy_set("250K")
    goal = dict(next(feasible.sample(1, seed=3).assignments()))
    distance = distance_from(goal, feasible)

    def late(name: str) -> float:
        made = study(name)

        def objective(trial: optuna.Trial) -> float:
            found = locate(feasible, sn.suggest(trial, feasible))
            assert found is not None
            return distance(found)

        made.optimize(objective, n_trials=40)
        return statistics.mean(trial.value or 0.0 for trial in made.trials[-10:])

    assert late("tpe") < 0.8 * late("random")
