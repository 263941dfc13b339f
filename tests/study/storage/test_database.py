from __future__ import annotations

import gc
import random
import re
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, create_trial
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from seesawnas.errors import StudyError
from seesawnas.study import (
    Asha,
    EngineEvent,
    Failed,
    Lost,
    StudyRecord,
    TrialJob,
    TrialState,
    drive,
    open_storage,
)
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.storage.open import storage_url
from seesawnas.study.storage.urls import shown_url
from tests.postgres import PASSWORD, QUOTED, PostgresServer
from tests.study.fakes import FakeEngine, by_madds, enough, measured, small_set, uniform
from tests.study.proposals import proposal
from tests.study.storages import DATABASES, KINDS, new_url, record_at


def storage_of(record: StudyRecord) -> PatientStorage:
    assert isinstance(record._storage, PatientStorage)
    return record._storage


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No pause before a statement is tried again."""
    monkeypatch.setattr("seesawnas.study.storage.database._PAUSE", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr("optuna.storages._rdb.storage.random.random", lambda: 0.0)
        yield


def break_commits(storage: PatientStorage, seed: int, share: float) -> list[str]:
    """Let a part of the commits fail, half of them before they are done, half after.

    Returns how, as it comes.
    """
    rng, broken = random.Random(seed), list[str]()

    class Lossy(Session):
        def commit(self) -> None:
            lost = storage._writing and rng.random() < share
            when = rng.choice(["before", "after"]) if lost else ""
            if when != "before":
                super().commit()
            if when:
                broken.append(when)
                raise OperationalError(
                    "COMMIT", {}, psycopg.OperationalError("the connection is lost")
                )

    database = storage.database
    database.scoped_session = scoped_session(sessionmaker(bind=database.engine, class_=Lossy))
    event.listen(database.scoped_session, "before_commit", storage._fence)
    return broken


@pytest.mark.parametrize("kind", DATABASES)
def test_a_proposal_is_stored_as_optuna_stores_it_and_asks_little(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url, asked = new_url(kind, tmp_path, request), list[str]()
    assert url is not None
    record = record_at(url, tmp_path)
    for index in range(3):
        record.add(proposal(index))
    ours = storage_of(record).database.get_all_trials(record.study._study_id)

    other = new_url(kind, tmp_path, request) if kind == "postgresql" else f"{url}2"
    assert other is not None
    theirs = RDBStorage(other)
    study = theirs.create_new_study([StudyDirection.MAXIMIZE], "s")
    for trial in ours:
        theirs.create_new_trial(study, trial)
    assert ours == theirs.get_all_trials(study)
    theirs.remove_session()
    theirs.engine.dispose()

    engine = storage_of(record).database.engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    record.add(proposal(3))
    # Optuna asks twice for each option and each attribute.
    assert 0 < len(asked) < len(ours[0].params) + len(ours[0].user_attrs)


def rows_of(database: RDBStorage) -> dict[str, list[tuple[Any, ...]]]:
    """What is stored of options and attributes, without the numbers of rows."""
    asked = {
        "params": "SELECT trial_id, param_name, param_value, distribution_json FROM trial_params",
        "attrs": "SELECT trial_id, key, value_json FROM trial_user_attributes",
    }
    with database.engine.connect() as connection:
        return {
            name: sorted(tuple(row) for row in connection.execute(text(words)))
            for name, words in asked.items()
        }


def test_two_studies_of_a_database_and_a_lost_first_proposal_leave_optunas_rows(
    tmp_path: Path,
) -> None:
    storage = storage_of(record_at(f"sqlite:///{tmp_path}/study.db", tmp_path))
    studies = [
        storage.create_new_study([StudyDirection.MAXIMIZE], name) for name in ("first", "second")
    ]
    theirs = RDBStorage(f"sqlite:///{tmp_path}/other.db")
    theirs.create_new_study([StudyDirection.MAXIMIZE], "s")
    for name in ("first", "second"):
        theirs.create_new_study([StudyDirection.MAXIMIZE], name)

    wanted = create_trial(
        state=TrialState.WAITING,
        params={"x": 1, "y": "b", "z": 0.5},
        distributions={
            "x": IntDistribution(0, 3),
            "y": CategoricalDistribution(["a", "b"]),
            "z": FloatDistribution(0, 1),
        },
        user_attrs={"digest": "0", "words": {"deep": ["é", None]}},
    )
    commit, failing = storage.database.scoped_session, iter([True])

    class Lost(Session):
        def commit(self) -> None:
            if next(failing, False):
                self.rollback()
                raise IntegrityError("COMMIT", {}, Exception("lost"))
            super().commit()

    storage.database.scoped_session = scoped_session(
        sessionmaker(bind=storage.database.engine, class_=Lost)
    )
    with pytest.raises(Exception, match="lost"):
        storage.database.create_new_trial(studies[0], wanted)
    storage.database.scoped_session = commit
    for study in (*studies, *studies):
        assert storage.database.create_new_trial(study, wanted) == theirs.create_new_trial(
            study, wanted
        )
    assert rows_of(storage.database) == rows_of(theirs)
    theirs.remove_session()
    theirs.engine.dispose()


def test_a_storage_that_is_let_go_closes_its_connections(tmp_path: Path) -> None:
    record = record_at(f"sqlite:///{tmp_path}/study.db", tmp_path)
    storage = storage_of(record)
    pool, kept = storage.database.engine.pool, weakref.ref(storage)
    record.add(proposal(0))
    del record, storage
    gc.collect()
    assert kept() is None
    assert pool.status() == pool.recreate().status()


def test_an_option_that_changed_its_kind_is_refused_after_it_was_stored(tmp_path: Path) -> None:
    storage = storage_of(record_at(f"sqlite:///{tmp_path}/study.db", tmp_path))
    study = storage.get_study_id_from_name("s")
    for distribution in (IntDistribution(0, 3), IntDistribution(0, 3)):
        storage.create_new_trial(study, waiting(distribution))
    with pytest.raises(StudyError, match="distribution"):
        storage.create_new_trial(study, waiting(FloatDistribution(0, 3)))
    assert [trial.params for trial in storage.get_all_trials(study)] == [{"x": 1}] * 2


def waiting(distribution: BaseDistribution) -> FrozenTrial:
    return create_trial(
        state=TrialState.WAITING, params={"x": 1}, distributions={"x": distribution}
    )


def eventful(job: TrialJob) -> EngineEvent:
    """One trial fails, one loses its worker each time, the others finish."""
    if job.number == 2:
        return Failed(job.number, "loss is not finite")
    return Lost(job.number, "its worker died") if job.number == 4 else by_madds(job)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("seed", range(3))
def test_whatever_commit_or_acknowledgement_is_lost_nothing_is_doubled(
    seed: int, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    record = record_at(url, tmp_path)
    with record.lock_storage():
        broken = break_commits(storage_of(record), seed, share=0.3)
        engine = FakeEngine(answer=eventful, curve=lambda job: 0.9 - job.number / 100)
        list(
            drive(
                record,
                uniform(small_set()),
                engine,
                replace(enough(8), halving=Asha(first=1, factor=4)),
            )
        )
    states = Counter(trial.state for trial in record_at(url, tmp_path).trials())
    assert set(broken) == {"before", "after"}
    assert states[TrialState.FAIL] <= 2
    assert sum(states.values()) == 8
    assert set(states) <= {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}
    assert len(record.keys()) == 8
    assert Counter(job.number for job in engine.jobs) <= Counter(
        {number: 3 if number == 4 else 1 for number in range(8)}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_study_lives_in_every_storage_and_goes_on_there(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = new_url(kind, tmp_path, request)
    for wanted in (3, 5):
        record = record_at(url, tmp_path / "s")
        with record.lock_storage():
            record.require_settings({"epochs": 2})
            assert record.recover() == (wanted == 5)
            list(drive(record, uniform(small_set()), FakeEngine(), enough(wanted)))
            if wanted == 3:  # a driver killed in the middle of a trial
                record.add(proposal(100))
                assert record.next_waiting() is not None
    trials = record_at(url, tmp_path / "s").trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 5
    assert len({trial.user_attrs["digest"] for trial in trials}) == 5
    with pytest.raises(StudyError, match="must be resumed with --epochs 2, got 3"):
        record_at(url, tmp_path / "s").require_settings({"epochs": 3})


def test_a_study_in_postgresql_goes_on_from_another_folder_once_its_driver_is_gone(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.new_database("moved")
    first = record_at(url, tmp_path / "a" / "s")
    with first.lock_storage():
        list(drive(first, uniform(small_set()), FakeEngine(), enough(2)))
        second = record_at(url, tmp_path / "b" / "s")
        with (
            pytest.raises(StudyError, match="another search is using this study"),
            second.lock_storage(),
        ):
            pass
    with second.lock_storage():
        list(drive(second, uniform(small_set()), FakeEngine(), enough(4)))
    assert len(second.trials(TrialState.COMPLETE)) == 4


def test_a_driver_waits_while_postgresql_is_away_and_says_so_once(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    record = record_at(postgres_server.new_database("away"), tmp_path)
    lines: list[str] = []
    record.on_outage(lines.append)
    with record.lock_storage():
        record.add(proposal(1))
        trial = record.next_waiting()
        assert trial is not None
        postgres_server.stop()
        writer = threading.Thread(target=record.complete, args=(trial.number, measured(0.9)))
        writer.start()
        time.sleep(2.5)
        postgres_server.start()
        writer.join(timeout=60)
    assert [line.split(": ")[1].split(" ")[0] for line in lines] == ["cannot", "available"]
    assert PASSWORD not in str(lines)
    assert QUOTED not in str(lines)
    assert [trial.state for trial in record.trials()] == [TrialState.COMPLETE]


@pytest.mark.usefixtures("hasty")
def test_a_driver_gives_up_in_one_line_where_the_database_stays_away(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    record = record_at(postgres_server.new_database("gone"), tmp_path)
    postgres_server.stop()
    try:
        with pytest.raises(StudyError) as caught:
            record.trials()  # held by nobody: no reason to wait
    finally:
        postgres_server.start()
    with storage_of(record).hold(1, "s", patience=1.5):
        postgres_server.stop()
        try:
            with pytest.raises(StudyError, match="cannot be reached") as late:
                record.add(proposal(1))
            with pytest.raises(StudyError):
                record.recover()
        finally:
            postgres_server.start()
    for message in (str(caught.value), str(late.value)):
        assert "\n" not in message
        assert "run the same command to resume once it is available" in message
        assert PASSWORD not in message


def test_two_drivers_may_open_an_empty_database_at_once(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.new_database("fresh")
    barrier, faults = threading.Barrier(4), list[Exception]()

    def come(number: int) -> None:
        barrier.wait()
        try:
            record_at(url, tmp_path / str(number))
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=come, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("postgresql://me:s3cret@host/x", "postgresql://...@host/x"),
        ("postgresql://me:s3c@ret/@host/x", "postgresql://...@host/x"),
        ("postgresql://host/x?user=me&password=s3cret", "postgresql://host/x?user=me&password=..."),
        (
            "postgresql://host/x?sslpassword=s3cret&sslmode=require",
            "postgresql://host/x?sslpassword=...&sslmode=require",
        ),
        ("sqlite:///x.db", "sqlite:///x.db"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, seen: str) -> None:
    assert shown_url(url) == seen


def test_a_password_is_in_no_message_and_in_no_file_that_others_read(
    tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = []
    right = postgres_server.url()
    for url in (
        postgres_server.url(password="wr0ng"),
        right.replace("/postgres", "/nowhere"),
        f"{right}?bogus=1",
    ):
        with pytest.raises(
            StudyError, match=r"^storage postgresql\S+: cannot be opened: "
        ) as caught:
            open_storage(url, tmp_path / "s", writing=True)
        messages.append(str(caught.value))
    assert not (tmp_path / "s").exists()
    record_at(postgres_server.new_database("kept"), tmp_path / "s")
    for message in messages:
        assert not re.search(f"wr0ng|{PASSWORD}|{QUOTED}|\n", message)
    processes_using = [path for path in (tmp_path / "s").iterdir() if QUOTED in path.read_text()]
    assert [path.name for path in processes_using] == ["storage.url"]
    assert processes_using[0].stat().st_mode & 0o077 == 0
    with pytest.raises(StudyError) as caught:
        open_storage(right, tmp_path / "s", writing=True)
    assert QUOTED not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["postgresql+pg8000://me:s3cret@h/x", "postgresql+asyncpg://me:s3cret@h/x"]
)
def test_another_driver_of_postgresql_is_one_line_that_names_the_right_url(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(
        StudyError, match=r"^storage \S+://...@h/x: must be postgresql://"
    ) as caught:
        open_storage(url, tmp_path, writing=True)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_driver_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        StudyError, match=r"^storage mysql://...@h/x: its database driver is not installed"
    ):
        open_storage("mysql://me:s3cret@h/x", tmp_path, writing=True)


@pytest.mark.parametrize("short", ["postgresql", "postgres", "postgresql+psycopg2", "POSTGRESQL"])
def test_a_postgresql_url_needs_no_drivers_name(short: str, tmp_path: Path) -> None:
    assert storage_url(f"{short}://h/x", tmp_path) == "postgresql+psycopg://h/x"
