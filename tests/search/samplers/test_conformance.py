"""What every sampler must hold to. A new one is tested by its name in ``SAMPLERS``."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest

from seesawnas.search import NetworkProposer
from seesawnas.search.samplers import SAMPLERS, History, Past, make_sampler
from seesawnas.study import ACCURACY, Objectives, TrialState, trial_spec
from tests.search.samplers.toy import TWO, grow, journal, live, memory, toy_set

FEASIBLE = toy_set("250K")
FEW = toy_set("110K")


@pytest.fixture(params=SAMPLERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[ACCURACY, TWO], ids=["one objective", "two objectives"])
def objectives(request: pytest.FixtureRequest) -> Objectives:
    found = request.param
    assert isinstance(found, Objectives)
    return found


def length(name: str) -> int:
    """Trials of a study long enough to see a sampler at work; a Gaussian process takes its time."""
    return 12 if name == "gp" else 42


def proposer(name: str, seed: int = 0) -> NetworkProposer:
    return NetworkProposer(FEASIBLE, (), seed, sampler=name, startup=5)


def test_a_resumed_study_goes_on_as_an_uninterrupted_one_at_every_trial(
    name: str, objectives: Objectives
) -> None:
    record, lasting = memory(FEASIBLE, objectives), proposer(name)
    for _ in range(length(name)):
        proposal = lasting(record)
        assert proposal is not None
        assert proposer(name)(record) == proposal
        live(record, proposal)


def test_all_are_feasible_and_none_comes_twice(name: str, objectives: Objectives) -> None:
    record = memory(FEASIBLE, objectives)
    keys = grow(record, proposer(name), length(name))
    assert len(set(keys)) == len(keys) == length(name)
    assert {trial.state for trial in record.trials()} == {
        TrialState.COMPLETE,
        TrialState.PRUNED,
        TrialState.FAIL,
    }
    for trial in record.trials():
        assert FEASIBLE.holds(trial_spec(trial))
        assert FEASIBLE.space.choose(trial.params) == trial_spec(trial)


def test_a_study_is_the_same_for_a_seed_and_another_for_another(
    name: str, objectives: Objectives
) -> None:
    studies = [grow(memory(FEASIBLE, objectives), proposer(name, seed), 9) for seed in (3, 3, 4)]
    assert studies[0] == studies[1]
    assert studies[0] != studies[2]


def test_a_study_that_another_process_opens_goes_on_the_same(name: str, tmp_path: Path) -> None:
    whole = grow(memory(FEASIBLE), proposer(name), 12)
    for trials in (3, 9, 12):
        parts = grow(journal(FEASIBLE, tmp_path), proposer(name), trials)
    assert parts == whole


def test_every_network_of_a_small_set_is_tried_once_and_then_there_is_none(name: str) -> None:
    record, small = memory(FEW), NetworkProposer(FEW, (), 0, sampler=name, startup=3)
    keys = grow(record, small, 10_000)
    assert len(set(keys)) == len(keys) == FEW.count
    assert 8 < FEW.count < 40
    assert small(record) is None


def test_trials_under_way_do_not_stop_it_and_are_not_proposed_again(
    name: str, objectives: Objectives
) -> None:
    record, propose = memory(FEASIBLE, objectives), proposer(name)
    grow(record, propose, 12)
    for _ in range(3):
        proposal = propose(record)
        assert proposal is not None
        keys = record.keys()
        assert proposal.key not in keys
        record.add(proposal)
        record.next_waiting()
    assert len(record.trials(TrialState.RUNNING)) == 3


def test_it_proposes_on_while_every_trial_fails(name: str) -> None:
    record, propose = memory(FEASIBLE), proposer(name)
    for _ in range(12):
        proposal = propose(record)
        assert proposal is not None
        record.add(proposal)
        trial = record.next_waiting()
        assert trial is not None
        record.fail(trial.number, "loss is not finite")
    assert len(record.keys()) == 12


def test_equal_losses_and_a_single_complete_trial_are_enough(name: str) -> None:
    assignments = list(FEASIBLE.sample(6, seed=0).assignments())
    for objectives, numbers in ((1, (1, 6)), (2, (6,)), (3, (1, 6))):
        for number in numbers:
            past = tuple(
                Past(i, a, (0.5,) * objectives) for i, a in enumerate(assignments[:number])
            )
            history = History(past, objectives=objectives)
            found = list(
                islice(make_sampler(name, FEASIBLE).candidates(history, random.Random(1)), 3)
            )
            assert all(FEASIBLE.holds(FEASIBLE.space.choose(assignment)) for assignment in found)


def test_a_budget_of_several_limits_is_kept(name: str) -> None:
    several = toy_set("180K<=madds<=250K, params<=9K")
    assert 100 < several.count < 0.9 * several.candidates.count
    record = memory(several)
    grow(record, NetworkProposer(several, (), 0, sampler=name, startup=3), 8)
    assert len(record.keys()) == 8
    for trial in record.trials():
        assert 180_000 <= trial.user_attrs["madds"] <= 250_000
        assert trial.user_attrs["params"] <= 9_000
