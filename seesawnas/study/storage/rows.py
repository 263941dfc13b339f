"""Whole studies in a database: renamed, copied or deleted, each in one transaction.

Optuna has no way to rename or copy a study in place, and deletes one trial by trial. Here the
database does it, from Optuna's tables as they are declared, so that a kill leaves all or nothing.
The one who asks holds the study's lease (:meth:`PatientStorage.hold`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from optuna.storages._rdb import models
from sqlalchemy import Column, Select, Table, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from seesawnas.errors import StudyError
from seesawnas.io.stored_json import shown
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.storage.lease import KEY

COPY_OF = "seesawnas:copy_of"
"""A study's system attribute while its folder is not copied yet: the name of the original."""
_STUDIES: Table = models.StudyModel.__table__
_TRIALS: Table = models.TrialModel.__table__


def rename_studies(storage: PatientStorage, names: Mapping[str, str]) -> None:
    """Give studies new names, all or none.

    Args:
        storage: The database, held.
        names: The new names by the old ones.

    Raises:
        StudyError: If there is no such study, or if the database refuses it, as when another study
            has a new name already.
    """

    def rename(session: Session) -> None:
        for old, new in names.items():
            renaming = update(_STUDIES).where(_STUDIES.c.study_name == old).values(study_name=new)
            if not session.connection().execute(renaming).rowcount:
                raise StudyError(f"study {old}: there is no study of this name in its storage")

    _commit(storage, rename)


def delete_studies(storage: PatientStorage, names: Sequence[str]) -> None:
    """Delete studies with their trials, all or none.

    Args:
        storage: The database, held.
        names: The studies; those that are not there count as deleted.

    Raises:
        StudyError: If the database refuses it.
    """
    found = [_number(storage, name) for name in names]
    numbers = [number for number in found if number is not None]

    def remove(session: Session) -> None:
        trials = select(_TRIALS.c.trial_id).where(_TRIALS.c.study_id.in_(numbers))
        for table in _tables_of(_TRIALS):
            session.execute(delete(table).where(table.c.trial_id.in_(trials)))
        for table in (*_tables_of(_STUDIES), _STUDIES):
            session.execute(delete(table).where(table.c.study_id.in_(numbers)))

    _commit(storage, remove)


def copy_studies(storage: PatientStorage, names: Mapping[str, str], original: str) -> None:
    """Copy studies with their trials under new names, all or none.

    The copies are marked as :data:`COPY_OF` the ``original`` until :func:`finish_copy`.

    Args:
        storage: The database, held.
        names: The new names by the old ones.
        original: What the copy is of, in the mark.

    Raises:
        StudyError: If the database refuses it, as when a study has a new name already, or if two
            trials have one number.
    """
    numbers = {new: storage.get_study_id_from_name(old) for old, new in names.items()}

    def copy(session: Session) -> None:
        for new, number in numbers.items():
            _copy_study(session, number, new, original)

    _commit(storage, copy)


def finish_copy(storage: PatientStorage, names: Sequence[str]) -> None:
    """Remove the mark of a copy that is whole: the folder is there, too."""
    table: Table = models.StudySystemAttributeModel.__table__
    numbers = select(_STUDIES.c.study_id).where(_STUDIES.c.study_name.in_(names))
    mark = delete(table).where(table.c.study_id.in_(numbers), table.c.key == COPY_OF)
    _commit(storage, lambda session: session.execute(mark))


def copied_from(storage: PatientStorage, name: str) -> str | None:
    """What the study ``name`` is an unfinished copy of; None if it is none."""
    number = _number(storage, name)
    found = None if number is None else storage.get_study_system_attrs(number).get(COPY_OF)
    return found if isinstance(found, str) else None


def copy_database(file: Path, new: Path) -> None:
    """Copy SQLite's database ``file``, also while it is written to, without leases.

    Args:
        file: The database.
        new: The copy; what is there is replaced.

    Raises:
        StudyError: If it cannot be copied, such as to a full disk.
    """
    for name in (new.name, f"{new.name}-journal", f"{new.name}-wal", f"{new.name}-shm"):
        new.with_name(name).unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(new)) as target:
            source.backup(target)
            target.execute("DELETE FROM study_system_attributes WHERE key = ?", (KEY,))
            target.commit()
    except sqlite3.Error as error:
        raise StudyError(f"{file}: cannot be copied: {error}") from None


def _copy_study(session: Session, number: int, name: str, original: str) -> None:
    trials = select(func.count(), func.count(_TRIALS.c.number.distinct()))
    every, different = session.execute(trials.where(_TRIALS.c.study_id == number)).one()
    if every != different:
        raise StudyError(
            f"study {name}: each trial must have its own number, got {every} trials and "
            f"{shown(different)} numbers"
        )
    session.execute(insert(_STUDIES).values(study_name=name))
    new = session.execute(
        select(_STUDIES.c.study_id).where(_STUDIES.c.study_name == name)
    ).scalar_one()
    for table in _tables_of(_STUDIES):
        if table is not _TRIALS:
            rows = select(literal(new), *_others(table, "study_id"))
            rows = rows.where(table.c.study_id == number)
            if "key" in table.c:
                rows = rows.where(table.c.key.not_in((KEY, COPY_OF)))
            _insert(session, table, "study_id", rows)
    rows = select(literal(new), *_others(_TRIALS, "study_id"))
    rows = rows.where(_TRIALS.c.study_id == number)
    _insert(session, _TRIALS, "study_id", rows)
    before, after = _TRIALS.alias(), _TRIALS.alias()
    for table in _tables_of(_TRIALS):
        rows = (
            select(after.c.trial_id, *_others(table, "trial_id"))
            .join(before, before.c.trial_id == table.c.trial_id)
            .join(after, after.c.number == before.c.number)
            .where(before.c.study_id == number, after.c.study_id == new)
        )
        _insert(session, table, "trial_id", rows)
    marks: Table = models.StudySystemAttributeModel.__table__
    mark = {"study_id": new, "key": COPY_OF, "value_json": json.dumps(original)}
    session.execute(insert(marks).values(**mark))


def _insert(session: Session, table: Table, owner: str, rows: Select[Any]) -> None:
    """Insert ``rows`` of ``table`` for another owner, in their order: Optuna reads them in it."""
    rows = rows.order_by(*table.primary_key)
    columns = [owner, *(column.name for column in _others(table, owner))]
    session.execute(insert(table).from_select(columns, rows))


def _others(table: Table, owner: str) -> list[Column[Any]]:
    """The columns of ``table`` but its own number and that of its owner."""
    return [column for column in table.c if not column.primary_key and column.name != owner]


def _tables_of(owner: Table) -> list[Table]:
    """The tables whose rows belong to a row of ``owner``, those that others refer to last."""
    tables = reversed(models.BaseModel.metadata.sorted_tables)
    return [
        table
        for table in tables
        if any(key.column.table is owner for column in table.c for key in column.foreign_keys)
    ]


def _number(storage: PatientStorage, name: str) -> int | None:
    try:
        return int(storage.get_study_id_from_name(name))
    except KeyError:
        return None


def _commit(storage: PatientStorage, change: Callable[[Session], object]) -> None:
    """Commit a change, as long as the lease is held."""

    def commit(again: bool) -> None:
        with Session(storage.database.engine) as session, session.begin():
            if storage.database.engine.dialect.name == "sqlite":
                # It locks at the first write alone, and the fence only reads.
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            if storage.lease is not None:
                storage.lease.fence(session)
            change(session)

    storage.repeated(commit)
