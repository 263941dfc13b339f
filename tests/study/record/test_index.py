from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage, JournalStorage

from seesawnas.study import FINISHED, Scores, StudyRecord, TrialState, open_storage
from tests.study.fakes import measured, record_in, small_set
from tests.study.proposals import proposal


@pytest.fixture(params=["journal", "sqlite", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    if request.param == "memory":
        yield optuna.storages.InMemoryStorage()
    else:
        url = f"sqlite:///{tmp_path}/study.db" if request.param == "sqlite" else None
        yield open_storage(url, tmp_path / "s", writing=True)


def same_as_optuna(record: StudyRecord) -> None:
    """What the record remembers is what Optuna finds by going through everything."""
    whole = record.study.get_trials(deepcopy=False)
    assert [(t.number, t.state, t.user_attrs) for t in record.trials()] == [
        (t.number, t.state, t.user_attrs) for t in whole
    ]
    for states in ((TrialState.COMPLETE,), (TrialState.WAITING,), (TrialState.RUNNING,), FINISHED):
        assert [t.number for t in record.trials(*states)] == [
            t.number for t in whole if t.state in states
        ]
    assert record.finished == sum(t.state.is_finished() for t in whole)
    assert record.keys() == {str(t.user_attrs.get("key")) for t in whole}
    assert len(record) == len(whole)


def step(record: StudyRecord, others: optuna.Study, foreign: list[int], rng: random.Random) -> None:
    """One thing that happens to a study, by its driver or by another program."""
    number = next(
        (t.number for t in record.trials(TrialState.RUNNING) if "spec" in t.user_attrs), None
    )
    match rng.randrange(10):
        case 0 | 1 | 2:
            record.add(proposal(len(record)))
        case 3:
            record.next_waiting()
        case 4 if number is not None:
            record.complete(number, measured(0.6))
        case 5 if number is not None:
            record.prune(number, 1, Scores(0.4, 0.1, 0.4))
        case 6 if number is not None:
            record.lose(number, "killed")
        case 7 if number is not None:
            record.fail(number, "diverged")
        case 8 if not record.trials(TrialState.WAITING):  # else it would be given the driver's
            others.enqueue_trial({"stages.0.depth": 1}) if rng.random() < 0.3 else foreign.append(
                others.ask().number
            )
        case 9 if foreign:
            others.tell(foreign.pop(), 0.7, skip_if_finished=True)


def test_it_agrees_with_optuna_whatever_the_driver_and_other_programs_do(
    storage: BaseStorage,
) -> None:
    for seed in range(3 if isinstance(storage, JournalStorage) else 1):
        record = StudyRecord(storage, f"study {seed}", small_set().decisions)
        others, rng = (
            optuna.load_study(study_name=f"study {seed}", storage=storage),
            random.Random(seed),
        )
        foreign: list[int] = []
        for _ in range(30):
            step(record, others, foreign, rng)
            same_as_optuna(record)
        same_as_optuna(StudyRecord(storage, f"study {seed}", small_set().decisions))


def test_a_trial_that_another_process_added_and_ran_is_seen(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(0))
    assert record.next_waiting() is not None
    other = optuna.load_study(
        study_name="s", storage=open_storage(None, tmp_path / "s", writing=False)
    )
    other.enqueue_trial({"stages.0.depth": 1})
    assert [t.state for t in record.trials()] == [TrialState.RUNNING, TrialState.WAITING]
    for _ in range(2):
        other.tell(other.ask(), 0.5)
    same_as_optuna(record)
    assert record.next_waiting() is None


def test_a_running_trial_that_a_person_finished_elsewhere_is_left_so(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(0))
    assert record.next_waiting() is not None
    other = optuna.load_study(
        study_name="s", storage=open_storage(None, tmp_path / "s", writing=False)
    )
    other.tell(0, 0.5)
    assert record.recover() == 0
    same_as_optuna(record)


def test_an_interrupt_between_a_write_and_its_reading_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(0))
    trial = record.next_waiting()
    assert trial is not None
    assert not record.trials(TrialState.COMPLETE)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(record.study, "tell", interrupt)
        with pytest.raises(KeyboardInterrupt):
            record.complete(trial.number, measured(0.8))
    same_as_optuna(record)
    assert record.recover() == 1
    (done,) = record.trials(TrialState.COMPLETE)
    assert done.value == 0.8


def test_trials_share_the_names_and_distributions_of_their_decisions(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    for index in range(2):
        record.add(proposal(index))
        assert record.next_waiting() is not None
    one, two = record.trials()
    assert one.distributions is two.distributions
    assert one.params == proposal(0).assignment
    assert all(a is b for a, b in zip(one.params, two.params, strict=True))


def test_a_trial_of_a_long_study_costs_no_reading_of_all_others(
    storage: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = StudyRecord(storage, "s", small_set().decisions)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("goes through all trials")

    monkeypatch.setattr(storage, "get_all_trials", refuse)
    for number in range(4):
        record.add(proposal(number))
        assert record.next_waiting() is not None
        record.progress(number, 1, Scores(0.5, 0.1, 0.5))
        if number % 2:
            record.prune(number, 1, Scores(0.5, 0.1, 0.5))
        else:
            record.complete(number, measured(0.6))
        assert record.finished == len(record.keys()) == number + 1
