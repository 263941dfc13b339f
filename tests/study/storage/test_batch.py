from __future__ import annotations

import os
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage
from sqlalchemy import event

from seesawnas.study import TrialState, open_storage
from seesawnas.study.storage.batch import write_values

ATTRS = {"measurement": '{"a": 1}', "accuracy": 0.75, "note": None, "stopped_after": 3}
CURVE = {1: 0.5, 2: 0.625}


def storage_of(kind: str, folder: Path) -> BaseStorage:
    if kind == "memory":
        return optuna.storages.InMemoryStorage()
    return open_storage(
        f"sqlite:///{folder}/study.db" if kind == "sqlite" else None, folder, writing=True
    )


@pytest.mark.parametrize("kind", ["journal", "sqlite", "memory"])
def test_values_written_together_are_those_written_one_by_one(kind: str, tmp_path: Path) -> None:
    study = optuna.create_study(storage=storage_of(kind, tmp_path), study_name="s")
    together, single = study.ask(), study.ask()
    write_values(study._storage, together._trial_id, ATTRS, CURVE)
    for name, value in ATTRS.items():
        single.set_user_attr(name, value)
    for epoch, point in CURVE.items():
        single.report(point, epoch)
    again = (
        study
        if kind == "memory"
        else optuna.load_study(study_name="s", storage=storage_of(kind, tmp_path))
    )
    one, other = again.get_trials()
    assert one.user_attrs == other.user_attrs == ATTRS
    assert list(one.user_attrs) == list(other.user_attrs)
    assert one.intermediate_values == other.intermediate_values == CURVE
    assert one.state is TrialState.RUNNING


@pytest.mark.parametrize("kind", ["journal", "sqlite", "memory"])
def test_a_value_written_again_replaces_the_one_before(kind: str, tmp_path: Path) -> None:
    study = optuna.create_study(storage=storage_of(kind, tmp_path), study_name="s")
    trial = study.ask()
    for accuracy in (0.5, 0.75):
        write_values(study._storage, trial._trial_id, {"accuracy": accuracy}, {1: accuracy})
    (found,) = study.get_trials()
    assert (found.user_attrs, found.intermediate_values) == ({"accuracy": 0.75}, {1: 0.75})


@pytest.mark.parametrize("kind", ["journal", "sqlite", "memory"])
def test_a_finished_trial_is_not_written_to(kind: str, tmp_path: Path) -> None:
    study = optuna.create_study(storage=storage_of(kind, tmp_path), study_name="s")
    trial = study.ask()
    study.tell(trial, 0.5)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        write_values(study._storage, trial._trial_id, ATTRS)
    assert study.get_trials()[0].user_attrs == {}


def test_a_journal_waits_for_the_disk_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study(storage=storage_of("journal", tmp_path), study_name="s")
    trial = study.ask()
    waits: list[int] = []
    monkeypatch.setattr(os, "fsync", waits.append)
    write_values(study._storage, trial._trial_id, ATTRS, CURVE)
    assert len(waits) == 1


def test_a_database_writes_in_one_transaction(tmp_path: Path) -> None:
    storage = storage_of("sqlite", tmp_path)
    study = optuna.create_study(storage=storage, study_name="s")
    trial = study.ask()
    commits: list[object] = []
    event.listen(storage._backend.engine, "commit", commits.append)  # type: ignore[attr-defined]
    write_values(storage, trial._trial_id, ATTRS, CURVE)
    assert len(commits) == 1
