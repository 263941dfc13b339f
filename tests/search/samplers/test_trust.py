"""How far earlier studies are trusted."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import islice
from statistics import mean

import numpy as np
import pytest

from seesawnas.analysis.linear_model import PENALTIES, Floats, OneHot
from seesawnas.search import NetworkProposer
from seesawnas.search.priors import Prior
from seesawnas.search.samplers import INFORMED_STARTUP, History, LinearThompson, Past
from seesawnas.search.samplers._linear import _scalars
from seesawnas.search.samplers._trust import InformedPosterior, Offsets
from seesawnas.space import Assignment, FeasibleSet
from seesawnas.testing import SamplerSuite
from tests.search.samplers.toy import distance_from, memory, toy_set
from tests.study.fakes import measured

FEASIBLE = toy_set("250K")
OPTIONS = OneHot(FEASIBLE.decisions)


def prior(seed: int, sign: float = 1.0) -> Prior:
    """What 60 networks say of the goal of ``seed``."""
    distance = distance_from(FEASIBLE.draw(random.Random(f"goal {seed}")), FEASIBLE)
    rng = random.Random(seed)
    networks = [FEASIBLE.draw(rng) for _ in range(60)]
    scores = np.array([-sign * distance(one) for one in networks])
    return Prior.learn("old", networks, scores, FEASIBLE.decisions)


def history(seed: int, trials: int) -> History:
    distance = distance_from(FEASIBLE.draw(random.Random(f"goal {seed}")), FEASIBLE)
    rng = random.Random(seed + 99)
    networks = [FEASIBLE.draw(rng) for _ in range(trials)]
    return History(tuple(Past(n, one, (distance(one),)) for n, one in enumerate(networks)))


def trusts(known: History, *priors: Prior) -> list[float]:
    return list(LinearThompson(FEASIBLE, priors=priors).trust(known))


def test_trust_begins_as_it_is_set_and_goes_where_the_trials_say() -> None:
    right, wrong = prior(0), prior(0, -1.0)
    assert trusts(History(()), right) == trusts(History(()), wrong) == [pytest.approx(0.65)]
    assert trusts(history(0, 12), right)[0] > 0.95
    assert trusts(history(0, 12), wrong)[0] < 0.2
    assert trusts(history(0, 30), wrong)[0] < trusts(history(0, 4), wrong)[0]


def test_of_several_the_right_one_is_found() -> None:
    found = trusts(history(0, 30), prior(0, -1.0), prior(0), prior(5))
    assert found[1] == max(found) > 0.9
    assert max(found[0], found[2]) < 0.5
    assert LinearThompson(FEASIBLE).trust(history(0, 3)) == ()


def test_priors_that_say_the_same_or_the_opposite_share_trust() -> None:
    known, right, wrong = history(0, 30), prior(0), prior(0, -1.0)
    alone, (first, second) = trusts(known, right)[0], trusts(known, right, right)
    assert first == pytest.approx(second)
    assert first < alone
    good, bad = trusts(known, right, wrong)
    assert good > bad > trusts(known, wrong)[0]


@pytest.mark.parametrize("priors", [1, 2, 3, 4])
def test_every_division_of_trust_is_considered_and_probabilities_sum_to_one(priors: int) -> None:
    offsets = Offsets.of([np.ones(OPTIONS.size)] * priors)
    assert offsets.scales.shape == (len(offsets.log_prior), priors)
    assert len(np.unique(offsets.scales, axis=0)) == len(offsets.scales)
    assert offsets.scales.min() == 0.0
    assert offsets.scales.sum(axis=1).max() == 2.0
    assert np.exp(offsets.log_prior).sum() == pytest.approx(1.0)


def test_the_marginal_likelihood_is_that_of_the_whole_covariance() -> None:
    """Against the density of all trials written out: a multivariate t distribution."""
    rng = np.random.default_rng(0)
    taken = OPTIONS.rows([FEASIBLE.draw(random.Random(n)) for n in range(9)])
    values, column = rng.normal(size=9), rng.normal(size=OPTIONS.size)
    offsets = Offsets.of([column])
    found = InformedPosterior.of(taken, values, offsets).probabilities
    x, y = taken - taken.mean(axis=0), (values - values.mean()) / values.std()
    logs = np.array(
        [
            [_log_density(x, y - scale * (x @ column), penalty) for penalty in PENALTIES]
            for scale in offsets.scales[:, 0]
        ]
    )
    logs += offsets.log_prior[:, None]
    likely = np.exp(logs - logs.max())
    np.testing.assert_allclose(found, likely / likely.sum(), rtol=1e-9)


def _log_density(x: Floats, errors: Floats, penalty: float) -> float:
    covariance = np.eye(len(x)) + x @ x.T / penalty
    square = errors @ np.linalg.solve(covariance, errors)
    degrees = 2.0 + len(x) - 1
    _, determinant = np.linalg.slogdet(covariance)
    return float(-0.5 * (degrees * np.log(1.0 + square) + determinant))


def test_of_several_objectives_a_prior_says_as_much_as_the_first_has_of_their_sum() -> None:
    known = [Past(n, one, (0.0, float(n))) for n, one in enumerate(networks_of(4))]
    values, share = _scalars(known, np.random.default_rng(0))
    assert 0 < share < 1
    offsets = Offsets.of([prior(0).column(OPTIONS)])
    np.testing.assert_allclose(offsets.weighed(share).columns, share * offsets.columns)
    assert offsets.weighed(1.0) is offsets
    assert offsets.weighed(share).share == share
    taken = OPTIONS.rows([one.assignment for one in known])
    half = InformedPosterior.of(taken, values, offsets.weighed(0.0))
    plain = np.random.default_rng(1)
    np.testing.assert_allclose(
        half.draw(plain, 0.0),
        InformedPosterior.of(taken, values, Offsets.of([np.zeros(OPTIONS.size)])).draw(
            np.random.default_rng(1), 0.0
        ),
    )
    alone = [Past(n, one, (float(n),)) for n, one in enumerate(networks_of(4))]
    assert _scalars(alone, np.random.default_rng(0))[1] == 1.0


def networks_of(number: int) -> list[Assignment]:
    rng = random.Random(7)
    return [FEASIBLE.draw(rng) for _ in range(number)]


def test_drawn_weights_without_boldness_are_the_mean_of_some_scale() -> None:
    column = np.random.default_rng(1).normal(size=OPTIONS.size)
    posterior = InformedPosterior.of(np.zeros((0, OPTIONS.size)), np.zeros(0), Offsets.of([column]))
    drawn = [posterior.draw(np.random.default_rng(seed), 0.0) for seed in range(40)]
    shares = {round(float(one @ column / (column @ column)), 6) for one in drawn}
    assert shares == {0.0, 0.5, 1.0, 1.5, 2.0}


def nearest(seed: int, *priors: Prior, trials: int = 12) -> float:
    """The least distance to the goal of ``seed`` that a search finds."""
    distance = distance_from(FEASIBLE.draw(random.Random(f"goal {seed}")), FEASIBLE)
    record, sampler = memory(FEASIBLE), LinearThompson(FEASIBLE, priors=priors)
    startup = INFORMED_STARTUP if priors else 8
    propose = NetworkProposer(FEASIBLE, (), seed, sampler, startup)
    for _ in range(trials):
        proposal = propose(record)
        assert proposal is not None
        record.add(proposal)
        trial = record.next_waiting()
        assert trial is not None
        record.complete(trial.number, measured(-distance(dict(proposal.assignment))))
    return -float(record.study.best_value)


@pytest.mark.parametrize(
    ("trials", "share", "expected"), [(5, 1.0, 0.25), (5, 0.2, 0.85), (20, 1.0, 1.0)]
)
def test_in_the_first_trials_less_is_drawn_beside_a_trusted_prior(
    trials: int, share: float, expected: float
) -> None:
    assert _spread(trials, share, scale=1.0) == pytest.approx(
        expected * _spread(trials, share, scale=0.0)
    )


def _spread(trials: int, share: float, scale: float) -> float:
    """How far a draw is from the mean if the scale is known, of scores that say nothing."""
    offsets = Offsets(np.zeros((OPTIONS.size, 1)), np.array([[scale]]), np.zeros(1), share)
    taken = OPTIONS.rows([one.assignment for one in history(0, trials).complete])
    posterior = InformedPosterior.of(taken, np.zeros(trials), offsets)
    drawn = [posterior.draw(np.random.default_rng(1), boldness) for boldness in (1.0, 0.0)]
    return float(np.linalg.norm(drawn[0] - drawn[1]))


@pytest.mark.slow
def test_a_right_prior_helps_and_a_wrong_one_costs_little() -> None:
    seeds = range(6)
    alone = mean(nearest(seed) for seed in seeds)
    assert mean(nearest(seed, prior(seed)) for seed in seeds) < 0.5 * alone
    assert mean(nearest(seed, prior(seed, -1.0)) for seed in seeds) < alone + 0.05


def test_who_has_the_proposed_network_is_offered_others() -> None:
    sampler = LinearThompson(FEASIBLE, priors=[prior(0)])
    found = [*islice(sampler.candidates(history(0, 30), random.Random(0)), 20)]
    assert len({tuple(one.values()) for one in found}) > 5


class TestInformed(SamplerSuite):
    """A sampler that learns from an earlier study is one like every other."""

    @pytest.fixture
    def make(self) -> Callable[[FeasibleSet], LinearThompson]:
        return _with_prior


def _with_prior(feasible: FeasibleSet) -> LinearThompson:
    weights = {
        one.name: {option: float(place) for place, option in enumerate(one.options)}
        for one in feasible.decisions
    }
    return LinearThompson(feasible, priors=[Prior("old", 10, 0.5, weights)])
