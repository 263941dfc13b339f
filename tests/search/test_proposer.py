from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seesawnas.cost import Budget, cost
from seesawnas.errors import StudyError
from seesawnas.search import NetworkProposer, fitting_points
from seesawnas.search.samplers import History
from seesawnas.space import Assignment, FeasibleSet, load_space
from seesawnas.study import StudyRecord, TrialState, drive
from tests.study.fakes import FakeEngine, enough, record_in, small_set


def run(
    record: StudyRecord, feasible: FeasibleSet, seed: int, trials: int, capacity: int = 1
) -> list[str]:
    proposer = NetworkProposer(feasible, iter(()), seed, startup=4)
    list(drive(record, proposer, FakeEngine(capacity), enough(trials)))
    return [str(trial.user_attrs["digest"]) for trial in record.trials()]


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**16))
def test_no_infeasible_and_no_duplicate_network_reaches_the_study(
    tmp_path_factory: object, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("run")  # type: ignore[attr-defined]
    feasible = small_set("700K")
    record = record_in(folder / "s", feasible)
    digests = run(record, feasible, seed, trials=14, capacity=2)
    assert len(set(digests)) == len(digests) == 14
    assert all(trial.user_attrs["madds"] <= 700_000 for trial in record.trials())


def test_a_resumed_study_proposes_what_an_uninterrupted_one_would_have(tmp_path: Path) -> None:
    feasible = small_set()
    whole = run(record_in(tmp_path / "a"), feasible, 5, trials=10)
    for trials in (3, 6, 10):
        parts = run(record_in(tmp_path / "b"), feasible, 5, trials=trials)
    assert parts == whole
    assert run(record_in(tmp_path / "c"), feasible, 6, trials=10) != whole


@pytest.mark.slow
def test_a_search_can_hold_every_network_of_a_small_space(tmp_path: Path) -> None:
    feasible = small_set("420K")
    digests = run(record_in(tmp_path / "s", feasible), feasible, 0, trials=10_000)
    assert len(digests) == feasible.count
    assert feasible.count > 3


@pytest.mark.slow
def test_a_search_under_several_limits_can_hold_every_network_that_meets_them(
    tmp_path: Path,
) -> None:
    feasible = small_set("500K, params<=10K")
    digests = run(record_in(tmp_path / "s", feasible), feasible, 0, trials=10_000)
    assert 3 < len(digests) == feasible.count < small_set("500K").count


def test_proposals_from_a_set_that_is_estimated_meet_every_limit(tmp_path: Path) -> None:
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("150M, params<=1.2M"))
    record = record_in(tmp_path / "s", feasible)
    assert len(set(run(record, feasible, 0, trials=8))) == 8
    assert all(
        t.user_attrs["madds"] <= 150_000_000 and t.user_attrs["params"] <= 1_200_000
        for t in record.trials()
    )


def test_a_point_beyond_another_limit_is_left_out() -> None:
    budget = Budget.parse("150M, params<=1.2M")  # seesaw_share has 1.37 M
    assert list(fitting_points(FeasibleSet(load_space("seesaw"), budget), budget)) == []


def test_the_paper_points_that_fit_come_first_and_once_ever(tmp_path: Path) -> None:
    budget = Budget.parse("150M")
    feasible = FeasibleSet(load_space("seesaw"), budget)
    record = record_in(tmp_path / "s", feasible)
    for trials in (1, 4):
        proposer = NetworkProposer(feasible, fitting_points(feasible, budget), seed=0)
        list(drive(record, proposer, FakeEngine(), enough(trials)))
    labels = [trial.user_attrs["label"] for trial in record.trials(TrialState.COMPLETE)]
    assert labels == ["paper/seesaw_share", "paper/seesaw_shuffle", "", ""]


def test_points_over_the_budget_or_outside_the_space_are_left_out() -> None:
    for text, expected in (("154M", 3), ("150M", 2), ("100M", 0), ("300M", 5)):
        budget = Budget.parse(text)
        points = list(fitting_points(FeasibleSet(load_space("seesaw"), budget), budget))
        assert len(points) == expected
        assert all(budget.admits(cost(point.spec)) for point in points)


def test_a_sampler_of_ones_own_is_asked_once_the_startup_is_complete(tmp_path: Path) -> None:
    feasible = small_set()
    (wanted,) = feasible.sample(1, seed=9).assignments()

    class Stubborn:
        """Wants one network and no other."""

        asked: ClassVar[list[int]] = []

        def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
            self.asked.append(len(history.complete))
            return itertools.repeat(wanted)

    record = record_in(tmp_path / "s", feasible)
    proposer = NetworkProposer(feasible, (), 0, sampler=Stubborn(), startup=4)
    list(drive(record, proposer, FakeEngine(capacity=1), enough(7)))
    assert Stubborn.asked == [4, 5, 6]
    assert len(record.keys()) == 7
    assert feasible.space.choose(record.trials()[4].params) == feasible.space.choose(wanted)


def test_an_unknown_sampler_is_refused_before_anything_runs() -> None:
    with pytest.raises(
        StudyError,
        match=r"sampler must be one of random, tpe, nsga2, gp, evolution, linear, got ga$",
    ):
        NetworkProposer(small_set(), (), 0, sampler="ga")
