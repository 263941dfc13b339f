"""What every sampler must fulfil."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

import pytest

from seesawnas.cost import Budget
from seesawnas.search.samplers import History, Past, Sampler
from seesawnas.space import Assignment, FeasibleSet, to_space

MakeSampler = Callable[[FeasibleSet], Sampler]

_SPACE: dict[str, Any] = {
    "name": "suite",
    "input": {"height": 32, "width": 32},
    "stem": {"width": 8},
    "defaults": {"kind": "share", "activation": {"choice": ["swish", "relu"]}},
    "stages": [
        {
            "depth": {"range": [1, 3]},
            "width": {"choice": [8, 16]},
            "stride": 2,
            "expansion": {"choice": [1, 2]},
            "se": {"choice": ["off", 4]},
        }
        for _ in range(2)
    ],
    "head": {"width": 32, "embedding": 16},
}
_TRIALS = 8


class SamplerSuite:
    """Needs the fixture ``make``, which makes a new sampler of a feasible set."""

    @pytest.fixture(params=["200K", "100K<=madds<=250K, params<=9K"])
    def feasible(self, request: pytest.FixtureRequest) -> FeasibleSet:
        """A small set; under several limits too."""
        return _feasible(request.param)

    @pytest.fixture(params=[1, 2])
    def history(self, request: pytest.FixtureRequest, feasible: FeasibleSet) -> History:
        """Trials of one objective, or two, some of them pruned or pending."""
        return _history(feasible, _TRIALS, request.param)

    def test_what_it_proposes_is_feasible(
        self, make: MakeSampler, feasible: FeasibleSet, history: History
    ) -> None:
        """By the budget, and a network of the space."""
        for assignment in _first(make(feasible), history):
            assert set(assignment) == {decision.name for decision in feasible.decisions}
            assert feasible.holds(feasible.space.choose(assignment))

    def test_it_proposes_by_the_history_and_the_generator_alone(
        self, make: MakeSampler, feasible: FeasibleSet, history: History
    ) -> None:
        """A new sampler continues like one that has seen every trial come."""
        lasting = make(feasible)
        for length in range(2, _TRIALS):
            _first(lasting, _history(feasible, length, history.objectives), 1)
        assert _first(lasting, history) == _first(make(feasible), history)

    def test_another_seed_proposes_others(
        self, make: MakeSampler, feasible: FeasibleSet, history: History
    ) -> None:
        """So that repeats of a study differ."""
        found = [_first(make(feasible), history, 8, seed) for seed in range(4)]
        assert any(one != found[0] for one in found[1:])

    def test_it_does_not_run_dry(
        self, make: MakeSampler, feasible: FeasibleSet, history: History
    ) -> None:
        """The caller takes the first that its study does not hold: there must be others."""
        tried = {feasible.space.choose(past.assignment) for past in history.complete}
        found = {feasible.space.choose(each) for each in _first(make(feasible), history, 200)}
        assert found - tried

    @pytest.mark.parametrize("trials", [1, 6])
    def test_equal_losses_and_a_single_trial_are_enough(
        self, make: MakeSampler, feasible: FeasibleSet, trials: int
    ) -> None:
        """Nothing to tell networks by is nothing to fail by."""
        past = tuple(Past(i, a, (0.5,)) for i, a in enumerate(_assignments(feasible, trials)))
        assert len(_first(make(feasible), History(past))) == 3


@cache
def _feasible(budget: str) -> FeasibleSet:
    return FeasibleSet(to_space(_SPACE, "suite"), Budget.parse(budget))


def _first(sampler: Sampler, history: History, n: int = 3, seed: int = 1) -> list[Assignment]:
    found: Iterator[Assignment] = sampler.candidates(history, random.Random(seed))
    return list(islice(found, n))


def _history(feasible: FeasibleSet, trials: int, objectives: int) -> History:
    rng = random.Random(0)
    losses = [tuple(rng.random() for _ in range(objectives)) for _ in range(_TRIALS)]
    chosen = list(enumerate(_assignments(feasible, _TRIALS + 2)))
    complete = tuple(Past(i, a, losses[i], {1: losses[i][0]}) for i, a in chosen[:trials])
    (pruned, stopped), (pending, waiting) = chosen[_TRIALS:]
    return History(
        complete, (Past(pruned, stopped, (), {1: 0.9}),), (Past(pending, waiting),), objectives
    )


def _assignments(feasible: FeasibleSet, n: int) -> list[Assignment]:
    return list(feasible.sample(n, seed=0).assignments())
