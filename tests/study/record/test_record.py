from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution

from seesawnas.errors import StudyError
from seesawnas.space import Decision
from seesawnas.study import StudyRecord, TrialState, open_storage, trial_spec
from seesawnas.study.record.proposal import distribution
from tests.study.fakes import measured, record_in, small_set
from tests.study.proposals import proposal


def test_a_proposal_waits_with_its_options_spec_and_cost_before_anything_runs_it(
    tmp_path: Path,
) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(3))
    (trial,) = record.trials()
    assert trial.state is TrialState.WAITING
    assert trial.params == proposal(3).assignment
    assert trial_spec(trial) == proposal(3).spec
    assert trial.user_attrs["digest"] == proposal(3).spec.digest()
    assert trial.user_attrs["madds"] > 0


def test_a_study_is_the_same_when_another_process_opens_it(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(0))
    trial = record.next_waiting()
    assert trial is not None
    record.complete(trial.number, measured(0.75))
    again = record_in(tmp_path / "s")
    assert [t.value for t in again.trials(TrialState.COMPLETE)] == [0.75]
    assert again.keys() == {proposal(0).spec.digest()}


def test_a_running_trial_goes_back_to_waiting_with_its_number_and_options(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(1))
    record.add(proposal(2))
    first = record.next_waiting()
    assert first is not None
    assert first.number == 0
    assert record_in(tmp_path / "s").recover() == 1
    again = record_in(tmp_path / "s")
    assert [t.state for t in again.trials()] == [TrialState.WAITING] * 2
    taken = again.next_waiting()
    assert taken is not None
    assert (taken.number, taken.params) == (0, first.params)


def test_a_trial_that_was_measured_before_the_kill_is_not_run_again(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(1))
    trial = record.next_waiting()
    assert trial is not None
    record._storage.set_trial_user_attr(
        trial._trial_id, "measurement", measured(0.8, 0.9).to_json()
    )
    again = record_in(tmp_path / "s")
    again.recover()
    (done,) = again.trials(TrialState.COMPLETE)
    assert (done.value, done.user_attrs["auc"]) == (0.8, 0.9)


def test_a_trial_whose_failure_was_decided_before_the_kill_is_not_run_again(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(1))
    trial = record.next_waiting()
    assert trial is not None
    record._storage.set_trial_user_attr(trial._trial_id, "reason", "loss is not finite")
    again = record_in(tmp_path / "s")
    again.recover()
    assert [t.state for t in again.trials()] == [TrialState.FAIL]


def test_a_lost_trial_gets_two_more_tries_and_then_fails_with_the_reason(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(1))
    for again in (True, True, False):
        trial = record.next_waiting()
        assert trial is not None
        assert record.lose(trial.number, "killed") is again
    (failed,) = record.trials(TrialState.FAIL)
    assert failed.user_attrs["reason"] == "killed, 3 times after epoch 0"


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.require_settings({"epochs": 8, "budget": "150M"})
    record.require_settings({"epochs": 8, "budget": "150M"})
    with pytest.raises(
        StudyError, match=r"must be resumed with --epochs 8, got 9; or use another --study"
    ):
        record.require_settings({"epochs": 9, "budget": "150M"})


def test_an_evenly_spaced_ordered_decision_is_an_integer_and_all_else_a_category() -> None:
    assert distribution(Decision("stages.0.depth", (2, 3, 4))) == IntDistribution(2, 4)
    assert distribution(Decision("stages.0.width", (48, 64, 80))) == IntDistribution(
        48, 80, step=16
    )
    assert distribution(Decision("stages.0.width", (48, 64, 96))) == CategoricalDistribution(
        (48, 64, 96)
    )
    assert distribution(Decision("stages.0.se", (0, 4, 8))) == CategoricalDistribution((0, 4, 8))
    assert distribution(Decision("stages.0.kind", ("share", "plain"))) == CategoricalDistribution(
        ("share", "plain")
    )


def test_sqlite_serves_as_well_as_the_journal(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    record = StudyRecord(open_storage(url, tmp_path, writing=True), "s", small_set().decisions)
    record.add(proposal(1))
    assert record.next_waiting() is not None
    assert record.recover() == 1
    assert optuna.load_study(study_name="s", storage=url).trials[0].state is TrialState.WAITING
