"""Many values of one trial in one durable write.

Optuna's storages write, and wait for the disk, once per value; a trial's scores are ten of them. A
journal takes many lines in one append, a database many rows in one transaction. Neither has a
public name, so a test pins both; any other storage is written value by value, in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages._cached_storage import _CachedStorage
from optuna.storages._rdb import models
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.storages.journal._storage import JournalOperation

from seesawnas.study.storage.database import PatientStorage


def write_values(
    storage: BaseStorage,
    trial_id: int,
    attrs: Mapping[str, Any],
    curve: Mapping[int, float] | None = None,
) -> None:
    """Store user attributes, in their order, and then points of the learning curve.

    ``curve`` maps epochs to values.
    """
    if isinstance(storage, PatientStorage):
        storage.repeated(lambda again: _commit_held(storage, trial_id, attrs, curve or {}))
        return
    backend = storage._backend if isinstance(storage, _CachedStorage) else storage
    if isinstance(backend, JournalStorage):
        _append(backend, trial_id, attrs, curve or {})
    elif isinstance(backend, RDBStorage):
        _commit(backend, trial_id, attrs, curve or {})
    else:
        for name, value in attrs.items():
            storage.set_trial_user_attr(trial_id, name, value)
        for epoch, value in (curve or {}).items():
            storage.set_trial_intermediate_value(trial_id, epoch, value)


def _append(
    storage: JournalStorage, trial_id: int, attrs: Mapping[str, Any], curve: Mapping[int, float]
) -> None:
    # Of lines that a finished trial refuses, each one would be refused again at a reading of its
    # own.
    storage.check_trial_is_updatable(trial_id, storage.get_trial(trial_id).state)
    head = {"worker_id": storage._replay_result.worker_id, "trial_id": trial_id}
    attr, point = (
        JournalOperation.SET_TRIAL_USER_ATTR,
        JournalOperation.SET_TRIAL_INTERMEDIATE_VALUE,
    )
    logs = [{"op_code": attr, **head, "user_attr": {name: value}} for name, value in attrs.items()]
    logs += [
        {"op_code": point, **head, "step": step, "intermediate_value": value}
        for step, value in curve.items()
    ]
    with storage._thread_lock:
        storage._backend.append_logs(logs)
        storage._sync_with_backend()


def _commit_held(
    storage: PatientStorage, trial_id: int, attrs: Mapping[str, Any], curve: Mapping[int, float]
) -> None:
    """Store the values in one transaction.

    This is safe to repeat: a value that is stored already is stored over.
    """
    with storage.writing():
        _commit(storage.database, trial_id, attrs, curve)


def _commit(
    storage: RDBStorage, trial_id: int, attrs: Mapping[str, Any], curve: Mapping[int, float]
) -> None:
    with _create_scoped_session(storage.scoped_session, True) as session:
        for name, value in attrs.items():
            storage._set_trial_attr_without_commit(
                session, models.TrialUserAttributeModel, trial_id, name, value
            )
        for epoch, value in curve.items():
            storage._set_trial_intermediate_value_without_commit(session, trial_id, epoch, value)
