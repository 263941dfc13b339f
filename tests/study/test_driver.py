from __future__ import annotations

from pathlib import Path

import pytest

from seesawnas.study import (
    Began,
    EngineEvent,
    Failed,
    Finished,
    Lost,
    Progressed,
    Proxy,
    TrialJob,
    TrialState,
    drive,
)
from tests.study.fakes import FakeEngine, by_madds, record_in, small_set, uniform


def test_the_study_ends_with_just_the_wanted_number_of_finished_trials(tmp_path: Path) -> None:
    record, engine = record_in(tmp_path / "s"), FakeEngine(capacity=3)
    events = list(drive(record, uniform(small_set()), engine, Proxy(), trials=7))
    assert len(record.trials(TrialState.COMPLETE)) == len(record.trials()) == 7
    assert engine.closed
    assert [type(event) for event in events].count(Began) == 7
    assert [type(event) for event in events].count(Finished) == 7
    assert any(isinstance(event, Progressed) for event in events)


def test_the_same_study_goes_on_and_a_finished_one_runs_nothing(tmp_path: Path) -> None:
    for wanted in (3, 5, 5):
        record, engine = record_in(tmp_path / "s"), FakeEngine()
        list(drive(record, uniform(small_set()), engine, Proxy(), trials=wanted))
        assert len(record.trials(TrialState.COMPLETE)) == wanted
    assert not engine.jobs


def test_a_caller_who_stops_loses_no_trial(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    run = drive(record, uniform(small_set()), FakeEngine(), Proxy(), trials=7)
    for _ in range(3):
        next(run)
    run.close()
    assert not record.trials(TrialState.RUNNING)
    list(drive(record, uniform(small_set()), FakeEngine(), Proxy(), trials=7))
    assert len(record.trials(TrialState.COMPLETE)) == len(record.trials()) == 7
    assert len(record.digests()) == 7


def test_a_failed_trial_keeps_its_reason_and_the_search_goes_on(tmp_path: Path) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        return Failed(job.number, "loss is not finite at step 3") if job.number == 1 else by_madds(job)

    record = record_in(tmp_path / "s")
    list(drive(record, uniform(small_set()), FakeEngine(answer=answer), Proxy(), trials=4))
    (failed,) = record.trials(TrialState.FAIL)
    assert (failed.number, failed.user_attrs["reason"]) == (1, "loss is not finite at step 3")
    assert len(record.trials(TrialState.COMPLETE)) == 3


def test_a_lost_trial_runs_again_under_its_number(tmp_path: Path) -> None:
    lost: list[int] = []

    def answer(job: TrialJob) -> EngineEvent:
        if job.number == 0 and not lost:
            lost.append(job.number)
            return Lost(job.number, "killed")
        return by_madds(job)

    record, engine = record_in(tmp_path / "s"), FakeEngine(answer=answer)
    list(drive(record, uniform(small_set()), engine, Proxy(), trials=4))
    assert sorted(job.number for job in engine.jobs) == [0, 0, 1, 2, 3]
    assert len(record.trials(TrialState.COMPLETE)) == 4


def test_a_trial_that_another_program_enqueued_fails_with_its_reason_and_the_search_goes_on(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.study.enqueue_trial({"stages.0.depth": 1})
    list(drive(record, uniform(small_set()), FakeEngine(), Proxy(), trials=3))
    (failed,) = record.trials(TrialState.FAIL)
    assert failed.user_attrs["reason"] == "was stored by another program, without a network"
    assert len(record.trials(TrialState.COMPLETE)) == 2


def test_an_error_of_the_engine_leaves_nothing_running(tmp_path: Path) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        raise KeyboardInterrupt

    record, engine = record_in(tmp_path / "s"), FakeEngine(answer=answer)
    with pytest.raises(KeyboardInterrupt):
        list(drive(record, uniform(small_set()), engine, Proxy(), trials=4))
    assert engine.closed
    assert not record.trials(TrialState.RUNNING)


def test_a_space_smaller_than_the_wanted_trials_ends_the_study(tmp_path: Path) -> None:
    feasible = small_set()
    record = record_in(tmp_path / "s")
    list(drive(record, uniform(feasible), FakeEngine(), Proxy(), trials=10_000))
    assert len(record.trials(TrialState.COMPLETE)) == feasible.count
