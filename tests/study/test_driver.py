from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seesawnas.errors import StudyError
from seesawnas.study import (
    Asha,
    Checkpoints,
    Ended,
    EngineEvent,
    EpochFinished,
    Failed,
    Finished,
    Lost,
    Objectives,
    Proposal,
    Stopped,
    StopRules,
    StudyRecord,
    TrialJob,
    TrialStarted,
    TrialState,
    drive,
    open_storage,
)
from seesawnas.study.driver import _Loop
from tests.study.fakes import FakeEngine, by_madds, enough, measured, record_in, small_set, uniform


def test_the_study_ends_with_just_the_wanted_number_of_finished_trials(tmp_path: Path) -> None:
    record, engine = record_in(tmp_path / "s"), FakeEngine(capacity=3)
    events = list(drive(record, uniform(small_set()), engine, enough(7)))
    assert len(record.trials(TrialState.COMPLETE)) == len(record.trials()) == 7
    assert engine.closed
    assert [type(event) for event in events].count(TrialStarted) == 7
    assert [type(event) for event in events].count(Finished) == 7
    assert any(isinstance(event, EpochFinished) for event in events)


def test_the_same_study_goes_on_and_a_finished_one_runs_nothing(tmp_path: Path) -> None:
    for wanted in (3, 5, 5):
        record, engine = record_in(tmp_path / "s"), FakeEngine()
        list(drive(record, uniform(small_set()), engine, enough(wanted)))
        assert len(record.trials(TrialState.COMPLETE)) == wanted
    assert not engine.jobs


def test_a_caller_who_stops_loses_no_trial(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    run = drive(record, uniform(small_set()), FakeEngine(), enough(7))
    for _ in range(3):
        next(run)
    run.close()
    assert not record.trials(TrialState.RUNNING)
    list(drive(record, uniform(small_set()), FakeEngine(), enough(7)))
    assert len(record.trials(TrialState.COMPLETE)) == len(record.trials()) == 7
    assert len(record.keys()) == 7


def test_a_trial_is_written_down_before_its_end_is_told(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    run = drive(record, uniform(small_set()), FakeEngine(capacity=1), enough(3))
    while not isinstance(next(run), Finished):
        pass
    assert len(record.trials(TrialState.COMPLETE)) == 1
    run.close()


def test_a_failed_trial_keeps_its_reason_and_the_search_goes_on(tmp_path: Path) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        return (
            Failed(job.number, "loss is not finite at step 3") if job.number == 1 else by_madds(job)
        )

    record = record_in(tmp_path / "s")
    list(drive(record, uniform(small_set()), FakeEngine(answer=answer), enough(4)))
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
    list(drive(record, uniform(small_set()), engine, enough(4)))
    assert sorted(job.number for job in engine.jobs) == [0, 0, 1, 2, 3]
    assert len(record.trials(TrialState.COMPLETE)) == 4


def test_a_trial_that_another_program_enqueued_fails_with_its_reason_and_the_search_goes_on(
    tmp_path: Path,
) -> None:
    record = record_in(tmp_path / "s")
    record.study.enqueue_trial({"stages.0.depth": 1})
    list(drive(record, uniform(small_set()), FakeEngine(), enough(3)))
    (failed,) = record.trials(TrialState.FAIL)
    assert failed.user_attrs["reason"] == "was written by another program, without a network"
    assert len(record.trials(TrialState.COMPLETE)) == 2


def test_an_error_of_the_engine_leaves_nothing_running(tmp_path: Path) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        raise KeyboardInterrupt

    record, engine = record_in(tmp_path / "s"), FakeEngine(answer=answer)
    with pytest.raises(KeyboardInterrupt):
        list(drive(record, uniform(small_set()), engine, enough(4)))
    assert engine.closed
    assert not record.trials(TrialState.RUNNING)


def test_a_space_smaller_than_the_wanted_trials_ends_the_study(tmp_path: Path) -> None:
    feasible = small_set()
    record = record_in(tmp_path / "s")
    list(drive(record, uniform(feasible), FakeEngine(), enough(10_000)))
    assert len(record.trials(TrialState.COMPLETE)) == feasible.count


def test_a_trial_that_is_among_the_worse_half_is_stopped_and_keeps_its_curve(
    tmp_path: Path,
) -> None:
    record, engine = (
        record_in(tmp_path / "s"),
        FakeEngine(capacity=1, curve=lambda job: 0.9 - job.number / 100),
    )
    plan = replace(enough(4), halving=Asha(first=1, factor=2))
    events = list(drive(record, uniform(small_set()), engine, plan))
    assert [trial.state for trial in record.trials()] == [
        TrialState.COMPLETE,
        *[TrialState.PRUNED] * 3,
    ]
    assert [trial.intermediate_values for trial in record.trials(TrialState.PRUNED)] == [
        {1: 0.89},
        {1: 0.88},
        {1: 0.87},
    ]
    assert engine.stopped == [1, 2, 3]
    assert [event.epoch for event in events if isinstance(event, Stopped)] == [1, 1, 1]


def test_early_stopping_goes_on_from_the_stored_curves(tmp_path: Path) -> None:
    def run(trials: int) -> None:
        engine = FakeEngine(capacity=1, curve=lambda job: [0.9, 0.5, 0.8, 0.7][job.number])
        plan = replace(enough(trials), halving=Asha(first=1, factor=2))
        list(drive(record_in(tmp_path / "s"), uniform(small_set()), engine, plan))

    run(1)
    run(4)
    states = [trial.state for trial in record_in(tmp_path / "s").trials()]
    assert states == [TrialState.COMPLETE, *[TrialState.PRUNED] * 3]


def test_a_fixed_point_is_never_stopped_early(tmp_path: Path) -> None:
    def propose(record: StudyRecord) -> Proposal | None:
        proposal = uniform(small_set())(record)
        return proposal and replace(proposal, fixed=True)

    record, engine = (
        record_in(tmp_path / "s"),
        FakeEngine(capacity=1, curve=lambda job: 0.9 - job.number / 100),
    )
    list(drive(record, propose, engine, replace(enough(4), halving=Asha(first=1, factor=2))))
    assert len(record.trials(TrialState.COMPLETE)) == 4


def test_a_study_of_several_objectives_stops_trials_early_too(tmp_path: Path) -> None:
    feasible = small_set()
    storage = open_storage(None, tmp_path / "s", writing=True)
    record = StudyRecord(storage, "s", feasible.decisions, Objectives.parse("auc,madds,params"))
    engine = FakeEngine(capacity=1, curve=lambda job: 0.9 - job.number / 100)
    list(
        drive(
            record, uniform(feasible), engine, replace(enough(4), halving=Asha(first=1, factor=2))
        )
    )
    assert len(record.trials(TrialState.PRUNED)) == 3
    (complete,) = record.trials(TrialState.COMPLETE)
    assert complete.values[1:] == [complete.user_attrs["madds"], complete.user_attrs["params"]]


def test_an_interrupted_trial_goes_on_from_its_last_checkpoint_and_a_finished_one_leaves_none(
    tmp_path: Path,
) -> None:
    def interrupt(job: TrialJob) -> EngineEvent:
        raise KeyboardInterrupt

    plan = replace(enough(3), checkpoints=Checkpoints(tmp_path / "checkpoints"))
    with pytest.raises(KeyboardInterrupt):
        list(
            drive(
                record_in(tmp_path / "s"),
                uniform(small_set()),
                FakeEngine(capacity=1, answer=interrupt),
                plan,
            )
        )
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["0.safetensors"]
    engine = FakeEngine(capacity=1)
    events = list(drive(record_in(tmp_path / "s"), uniform(small_set()), engine, plan))
    assert engine.checkpoints == [b"after 1", None, None]
    assert [event.resumed for event in events if isinstance(event, TrialStarted)] == [
        True,
        False,
        False,
    ]
    assert not list((tmp_path / "checkpoints").iterdir())


def test_a_trial_that_hangs_is_ended_and_runs_again(tmp_path: Path) -> None:
    class Hanging(FakeEngine):
        def next_event(self, timeout: float | None = None) -> EngineEvent | None:
            first = self.jobs[-1].number == 1 and [job.number for job in self.jobs].count(1) == 1
            if first:
                assert timeout is not None
                time.sleep(timeout)
                return None
            return super().next_event(timeout)

    record, engine = record_in(tmp_path / "s"), Hanging(capacity=1)
    list(drive(record, uniform(small_set()), engine, replace(enough(3), stall_timeout=0.05)))
    assert engine.stopped == [1]
    assert [job.number for job in engine.jobs] == [0, 1, 1, 2]
    assert (
        record.trials()[1].user_attrs["interrupted"] == "no response: no epoch finished within 0 s"
    )
    assert len(record.trials(TrialState.COMPLETE)) == 3


def test_the_trial_heard_of_longest_ago_is_the_first_that_runs(tmp_path: Path) -> None:
    loop = _Loop(record_in(tmp_path / "s"), uniform(small_set()), FakeEngine(3), enough(7))
    most = 0
    for _ in loop.run():
        heard = list(loop.running.values())
        assert heard == sorted(heard)
        most = max(most, len(heard))
    assert most == 3


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (StopRules(trials=3), "3 trials"),
        (StopRules(target=0.9), "trial 1 reached 0.9500"),
        (StopRules(patience=2), "no improvement in 2 trials since trial 1"),
    ],
)
def test_the_first_rule_that_holds_ends_the_study(
    tmp_path: Path, rules: StopRules, reason: str
) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        return Finished(job.number, measured([0.6, 0.95, 0.7, 0.8, 0.99][job.number]))

    record = record_in(tmp_path / "s")
    plan = replace(enough(5), rules=rules)
    *_, last = drive(record, uniform(small_set()), FakeEngine(capacity=1, answer=answer), plan)
    assert last == Ended(reason)


@pytest.mark.parametrize(
    ("rules", "reason", "trials"),
    [
        (StopRules(patience=3), "no complete trial in 3 trials", 3),
        (StopRules(target=0.9), "the last 20 trials failed; give --trials to continue", 20),
        (StopRules(target=0.9, trials=22), "22 trials", 22),
    ],
)
def test_a_study_whose_trials_all_fail_ends(
    tmp_path: Path, rules: StopRules, reason: str, trials: int
) -> None:
    record = record_in(tmp_path / "s")
    engine = FakeEngine(capacity=1, answer=lambda job: Failed(job.number, "no"))
    *_, last = drive(record, uniform(small_set()), engine, replace(enough(5), rules=rules))
    assert last == Ended(reason)
    assert len(record.trials()) == trials


def test_failures_with_a_trial_between_them_do_not_end_a_study(tmp_path: Path) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        return by_madds(job) if job.number == 10 else Failed(job.number, "no")

    record = record_in(tmp_path / "s")
    plan = replace(enough(5), rules=StopRules(target=0.9))
    *_, last = drive(record, uniform(small_set()), FakeEngine(capacity=1, answer=answer), plan)
    assert isinstance(last, Ended)
    assert last.reason.startswith("the last 20 trials failed")
    assert len(record.trials()) == 31


def test_a_study_that_is_out_of_time_leaves_what_is_under_way_for_the_next_run(
    tmp_path: Path,
) -> None:
    class Slow(FakeEngine):
        def next_event(self, timeout: float | None = None) -> EngineEvent | None:
            time.sleep(timeout or 0.0)
            return None

    record = record_in(tmp_path / "s")
    plan = replace(enough(5), rules=StopRules(seconds=0.3))
    *_, last = drive(record, uniform(small_set()), Slow(capacity=1), plan)
    assert last == Ended("time limit reached")
    assert [trial.state for trial in record.trials()] == [TrialState.WAITING]


def losing(times: int, number: int | None = None) -> Callable[[TrialJob], EngineEvent]:
    """Loses the first ``times`` jobs, or those of trial ``number``."""
    lost: list[int] = []

    def answer(job: TrialJob) -> EngineEvent:
        if len(lost) < times and number in (None, job.number):
            lost.append(job.number)
            return Lost(job.number, "killed")
        return by_madds(job)

    return answer


@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_a_worker_that_dies_under_the_last_trial_leaves_no_trial_waiting(
    tmp_path: Path, capacity: int
) -> None:
    record = record_in(tmp_path / "s")
    list(drive(record, uniform(small_set()), FakeEngine(capacity, losing(2, number=3)), enough(4)))
    assert [trial.state for trial in record.trials()] == [TrialState.COMPLETE] * 4


def test_what_was_begun_is_finished_by_the_next_run_whatever_rule_holds(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    plan = replace(enough(9), rules=StopRules(target=0.1))
    run = drive(record, uniform(small_set()), FakeEngine(capacity=2), plan)
    while not isinstance(next(run), Finished):
        pass
    run.close()
    assert record.trials(TrialState.WAITING)
    list(drive(record, uniform(small_set()), FakeEngine(capacity=2), plan))
    assert [trial.state for trial in record.trials()] == [TrialState.COMPLETE] * 2


def test_an_engine_whose_workers_all_die_ends_the_run_and_fails_no_trial(tmp_path: Path) -> None:
    class Dying(FakeEngine):
        def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
            self._waiting.append(Lost(job.number, "out of memory"))

    record = record_in(tmp_path / "s")
    with pytest.raises(
        StudyError, match=r"^workers die before their first epoch: out of memory; fix this"
    ):
        list(drive(record, uniform(small_set()), Dying(capacity=2), enough(6)))
    assert {trial.state for trial in record.trials()} == {TrialState.WAITING}
    list(drive(record, uniform(small_set()), FakeEngine(), enough(6)))
    assert [trial.state for trial in record.trials()] == [TrialState.COMPLETE] * 6


def test_a_trial_that_was_judged_as_the_driver_died_is_judged_so_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(record: StudyRecord) -> None:
        engine = FakeEngine(capacity=1, curve=lambda job: 0.9 - job.number / 100)
        list(
            drive(
                record,
                uniform(small_set()),
                engine,
                replace(enough(3), halving=Asha(first=1, factor=2)),
            )
        )

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(StudyRecord, "prune", die)
        with pytest.raises(KeyboardInterrupt):
            run(record_in(tmp_path / "s"))
    run(record := record_in(tmp_path / "s"))
    assert [trial.state.name for trial in record.trials()] == ["COMPLETE", "PRUNED", "PRUNED"]
