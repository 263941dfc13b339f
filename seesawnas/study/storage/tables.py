"""Optuna's tables in a database.

All or none of them are made, and a trial is in them once however often its storing is tried.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial
from sqlalchemy import create_engine, event, insert, inspect
from sqlalchemy.orm import Session

_CONNECT = 10  # seconds
# One newcomer at a time; Python's SQLite begins no transaction for a table by itself. The number is
# any that is ours.
_LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(1908091240)"}


class Database(RDBStorage):
    """Optuna's, except that a trial is stored once however often its storing is tried."""

    tried = False

    def __init__(self, url: str) -> None:
        self._agreed: dict[tuple[int, str], tuple[BaseDistribution, str]] = {}
        postgresql = url.startswith("postgresql")
        options = _options(url)
        _make_tables(url, options)
        try:
            super().__init__(
                url, engine_kwargs={"pool_pre_ping": True, **options}, skip_table_creation=True
            )
        except Exception:
            if "engine" in vars(self):
                self.engine.dispose()
            raise
        if postgresql:
            event.listen(self.engine, "connect", _bound)

    def _get_prepared_new_trial(
        self, study_id: int, template_trial: FrozenTrial | None, session: Session
    ) -> models.TrialModel:
        # Optuna itself repeats this after any operational error, a lost acknowledgement too; the
        # study's row is locked.
        before = (
            self._stored(study_id, template_trial, session)
            if self.tried and template_trial
            else None
        )
        self.tried = True
        if before is not None:
            return before
        if template_trial is None or template_trial.state.is_finished():
            return super()._get_prepared_new_trial(study_id, template_trial, session)
        bare = copy.copy(template_trial)
        bare.params, bare.distributions, bare.user_attrs = {}, {}, {}
        stored = super()._get_prepared_new_trial(study_id, bare, session)
        session.flush()
        trial_id: Any = stored.trial_id
        self._fill(study_id, trial_id, template_trial, session)
        return stored

    def _fill(self, study_id: int, trial_id: int, trial: FrozenTrial, session: Session) -> None:
        """Store the options and attributes of a trial that is new in this transaction.

        Optuna asks the database before each of them whether an earlier trial has the option, and
        whether this one has the attribute: more than a hundred questions a trial. Here it is asked
        of an option once.
        """
        params = []
        for name, value in trial.params.items():
            distribution = trial.distributions[name]
            inner = distribution.to_internal_repr(value)
            key = (study_id, name)
            if key not in self._agreed or self._agreed[key][0] != distribution:
                self._set_trial_param_without_commit(session, trial_id, name, inner, distribution)
                self._agreed[key] = distribution, distribution_to_json(distribution)
                continue
            values = {"param_value": inner, "distribution_json": self._agreed[key][1]}
            params.append({"trial_id": trial_id, "param_name": name, **values})
        attrs = [
            {"trial_id": trial_id, "key": key, "value_json": json.dumps(value)}
            for key, value in trial.user_attrs.items()
        ]
        for model, rows in (
            (models.TrialParamModel, params),
            (models.TrialUserAttributeModel, attrs),
        ):
            if rows:
                session.execute(insert(model), rows)

    def _stored(
        self, study_id: int, trial: FrozenTrial, session: Session
    ) -> models.TrialModel | None:
        if "key" not in trial.user_attrs:
            return None
        mine = models.TrialUserAttributeModel
        query = (
            session.query(models.TrialModel)
            .join(mine)
            .filter(models.TrialModel.study_id == study_id)
        )
        attrs = query.filter(mine.key == "key", mine.value_json == f'"{trial.user_attrs["key"]}"')
        return attrs.first()


def has_tables(url: str) -> bool:
    """Whether the database of ``url`` holds Optuna's tables; nothing is written."""
    engine = create_engine(url, **_options(url))
    try:
        with engine.connect() as connection:
            return bool(inspect(connection).has_table(models.StudyModel.__tablename__))
    finally:
        engine.dispose()


def _options(url: str) -> dict[str, Any]:
    return {"connect_args": {"connect_timeout": _CONNECT}} if url.startswith("postgresql") else {}


def _make_tables(url: str, options: dict[str, Any]) -> None:
    """Make Optuna's tables and their indices, all or none.

    Optuna makes them one by one: a full disk in between leaves a table without the index that keeps
    its rows unique, and no later opening makes that up.
    """
    engine = create_engine(url, **options)
    try:
        with engine.connect() as connection:
            if inspect(connection).has_table(models.StudyModel.__tablename__):
                return
            lock = _LOCKS.get(engine.dialect.name)
            connection.rollback()
            if lock is not None:
                connection.exec_driver_sql(lock)
            models.BaseModel.metadata.create_all(connection)
            connection.commit()
    finally:
        engine.dispose()


def _bound(connection: Any, _: object) -> None:
    """Bound how long the server keeps the locks of a transaction.

    A driver whose host vanished in the middle of one shall not keep them for hours.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()
