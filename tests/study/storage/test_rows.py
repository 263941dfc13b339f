"""Whole studies in a database: every row of every table goes along, and none of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import func, select, text

from seesawnas.errors import StudyError
from seesawnas.study.record.reading import TITLES
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.storage.open import open_url
from seesawnas.study.storage.rows import (
    COPY_OF,
    copied_from,
    copy_database,
    copy_studies,
    delete_studies,
    finish_copy,
    rename_studies,
)
from tests.study.storages import DATABASES, new_url


@pytest.fixture(params=DATABASES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> PatientStorage:
    """A database with the studies ``a`` and ``b``, which hold something in every table."""
    url = new_url(request.param, tmp_path, request)
    assert url is not None
    opened = open_url(url)
    for name in "ab":
        fill(opened, name)
    return opened


def fill(storage: PatientStorage, name: str) -> None:
    study = optuna.create_study(
        storage=storage, study_name=name, directions=["maximize", "minimize"]
    )
    study.set_user_attr("settings", {"name": name})
    storage.set_study_system_attr(study._study_id, TITLES, ["AUC", "MAdds"])
    for number in range(3):
        trial = study.ask()
        trial.suggest_int("width", 8, 64)
        trial.suggest_categorical("kind", ["share", "shuffle", None])
        trial.set_user_attr("digest", f"{name}{number}")
        storage.set_trial_system_attr(trial._trial_id, "note", [number])
        if number < 2:
            for epoch, value in enumerate((0.5, float("inf"), float("nan"))):
                storage.set_trial_intermediate_value(trial._trial_id, epoch, value)
            study.tell(trial, [0.5 + number, float("inf")])
    storage.database.record_heartbeat(study.trials[0]._trial_id)


def rows(storage: PatientStorage) -> dict[str, int]:
    """How many rows each table has."""
    with storage.database.engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in models.BaseModel.metadata.tables.items()
        }


def content(storage: PatientStorage, name: str) -> tuple[object, ...]:
    """Everything that Optuna says of a study, but for its numbers in the tables."""
    fresh = RDBStorage(storage.database.engine.url.render_as_string(hide_password=False))
    number = fresh.get_study_id_from_name(name)
    attrs = fresh.get_study_system_attrs(number)
    found = (
        fresh.get_study_directions(number),
        fresh.get_study_user_attrs(number),
        {key: value for key, value in attrs.items() if not key.startswith("seesawnas:")},
        [_content(trial) for trial in fresh.get_all_trials(number)],
    )
    fresh.engine.dispose()
    return found


def _content(trial: FrozenTrial) -> str:
    return repr({key: value for key, value in vars(trial).items() if key != "_trial_id"})


def test_a_copy_is_the_same_study_and_stays_when_the_original_goes(
    storage: PatientStorage,
) -> None:
    before, other = content(storage, "a"), content(storage, "b")
    assert any("inf" in str(part) and "nan" in str(part) for part in before)
    with storage.hold(storage.get_study_id_from_name("a"), "a"):
        copy_studies(storage, {"a": "c"}, "a")
        assert copied_from(storage, "c") == "a"
        finish_copy(storage, ["c"])
        assert copied_from(storage, "c") is None
        delete_studies(storage, ["a", "gone"])
    assert content(storage, "c") == before
    assert content(storage, "b") == other
    study = optuna.load_study(storage=storage, study_name="c")
    study.tell(study.ask(), [0.1, 0.2])
    assert [trial.state for trial in study.trials][2:] == [
        TrialState.RUNNING,
        TrialState.COMPLETE,
    ]


def test_a_deleted_study_leaves_no_row(storage: PatientStorage) -> None:
    every = rows(storage)
    delete_studies(storage, ["a"])
    kept = {"version_info": 1, "alembic_version": 1}
    assert all(
        number == kept.get(name, every[name] - every[name] // 2)
        for name, number in rows(storage).items()
        if name != "trial_heartbeats"
    )
    delete_studies(storage, ["b"])
    assert all(number == kept.get(name, 0) for name, number in rows(storage).items())


def test_all_studies_of_a_change_or_none_are_changed(storage: PatientStorage) -> None:
    fill(storage, "a.repeats")
    before = [content(storage, name) for name in ("a", "a.repeats", "b")]
    with pytest.raises(StudyError) as caught:
        rename_studies(storage, {"a": "new", "a.repeats": "b"})
    assert "\n" not in str(caught.value)
    with pytest.raises(StudyError, match="no study of this name"):
        rename_studies(storage, {"a": "new", "gone": "other"})
    with pytest.raises(StudyError):
        copy_studies(storage, {"a": "new", "a.repeats": "b"}, "a")
    assert [content(storage, name) for name in ("a", "a.repeats", "b")] == before
    assert len(storage.get_all_studies()) == 3


def test_a_change_is_not_made_when_another_process_took_the_study_over(
    storage: PatientStorage,
) -> None:
    with storage.hold(storage.get_study_id_from_name("a"), "a", patience=0):
        with storage.database.engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE study_system_attributes SET value_json = '{}' "
                    "WHERE key = 'seesawnas:lease'"
                )
            )
        changes: tuple[Callable[[], object], ...] = (
            lambda: rename_studies(storage, {"a": "new"}),
            lambda: copy_studies(storage, {"a": "new"}, "a"),
            lambda: delete_studies(storage, ["a"]),
        )
        for change in changes:
            with pytest.raises(StudyError, match="took over"):
                change()
    assert {study.study_name for study in storage.get_all_studies()} == {"a", "b"}


def test_trials_that_share_a_number_are_not_copied(storage: PatientStorage) -> None:
    with storage.database.engine.begin() as connection:
        connection.execute(text("UPDATE trials SET number = 0"))
    with pytest.raises(StudyError, match="each trial must have its own number, got 3 trials and 1"):
        copy_studies(storage, {"a": "new"}, "a")
    assert COPY_OF not in storage.get_study_system_attrs(storage.get_study_id_from_name("a"))


def test_a_file_that_cannot_be_copied_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    file.write_text("no database" * 100)
    for new in (tmp_path / "copy.db", tmp_path / "nowhere" / "copy.db"):
        with pytest.raises(StudyError, match=r"x\.db: cannot be copied: ") as caught:
            copy_database(file, new)
        assert "\n" not in str(caught.value)
