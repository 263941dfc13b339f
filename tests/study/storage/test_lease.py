from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from seesawnas.errors import StudyError
from seesawnas.study import StudyRecord, TrialState
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.storage.lease import Lease
from seesawnas.study.storage.open import storage_url
from seesawnas.study.storage.process import ProcessName
from tests.study.proposals import proposal
from tests.study.storages import DATABASES, new_url, record_at


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    found = new_url(request.param, tmp_path, request)
    assert found is not None
    return storage_url(found, tmp_path)


@pytest.fixture
def engine(url: str, tmp_path: Path) -> Iterator[Engine]:
    """The database of a study whose number is 1."""
    record_at(url, tmp_path / "s")
    made = create_engine(url)
    yield made
    made.dispose()


def row(engine: Engine) -> str | None:
    with engine.begin() as connection:
        found: str | None = connection.execute(
            text("SELECT value_json FROM study_system_attributes WHERE key = 'seesawnas:lease'")
        ).scalar()
    return found


def tamper(engine: Engine, seconds: float = 0.0, **holder: object) -> None:
    """Make the lease ``seconds`` older, and another's."""
    values = json.loads(row(engine) or "")
    values["renewed"] -= seconds
    values["token"] = "another"
    values["holder"] |= holder
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE study_system_attributes SET value_json = :new WHERE key = 'seesawnas:lease'"
            ),
            {"new": json.dumps(values)},
        )


def test_a_second_driver_is_told_who_holds_the_study_and_since_when(engine: Engine) -> None:
    first, second = Lease(engine, 1, "s"), Lease(engine, 1, "s")
    first.take()
    me = ProcessName.mine()
    told = (
        rf"another search is using this study \({me.user}@{me.host}, process {me.pid}, since "
        r"20\d\d-.* UTC\)"
    )
    with pytest.raises(StudyError, match=told):
        second.take()
    first.release()
    second.take()
    second.release()
    assert row(engine) is None


def test_a_driver_of_this_machine_that_is_dead_is_succeeded_at_once(
    engine: Engine, url: str
) -> None:
    code = f"""
import os
from sqlalchemy import create_engine
from seesawnas.study.storage.lease import Lease
Lease(create_engine({url!r}), 1, "s").take()
os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code], timeout=120, cwd=Path(__file__).parents[2])
    assert row(engine) is not None
    lease = Lease(engine, 1, "s")
    lease.take()
    lease.check()
    lease.release()


def test_a_number_that_another_process_got_since_does_not_keep_a_dead_holders_lease(
    engine: Engine,
) -> None:
    Lease(engine, 1, "s", every=1000).take()
    tamper(engine, born="1")
    lease = Lease(engine, 1, "s")
    lease.take()
    lease.release()


def test_a_driver_elsewhere_keeps_the_study_until_it_is_silent_for_long(engine: Engine) -> None:
    Lease(engine, 1, "s", every=1000).take()
    tamper(engine, 50, machine="another", host="far")
    with pytest.raises(
        StudyError, match=r"@far, process .* last active 50 s ago; after 60 s without activity"
    ):
        Lease(engine, 1, "s").take()
    tamper(engine, 10)
    lease = Lease(engine, 1, "s")
    lease.take()
    lease.release()


def test_a_holder_renews_its_lease(engine: Engine) -> None:
    lease = Lease(engine, 1, "s", every=0.05)
    lease.take()
    first = json.loads(row(engine) or "")["renewed"]
    time.sleep(0.5)
    assert json.loads(row(engine) or "")["renewed"] > first + 0.2
    lease.release()


@pytest.mark.parametrize("stale", [False, True])
def test_of_newcomers_at_once_exactly_one_wins(engine: Engine, url: str, stale: bool) -> None:
    if stale:
        Lease(engine, 1, "s", every=1000).take()
        tamper(engine, 100, machine="another")
    barrier, outcomes, leases = threading.Barrier(6), list[str](), list[Lease]()

    def come() -> None:
        lease = Lease(create_engine(url), 1, "s")
        barrier.wait()
        try:
            lease.take()
            outcomes.append("won")
        except StudyError:
            outcomes.append("refused")
        leases.append(lease)

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 5 + ["won"]
    for lease in leases:
        lease.release()
        lease._engine.dispose()


def test_a_driver_that_lost_its_lease_notices_by_itself(engine: Engine) -> None:
    lease = Lease(engine, 1, "s", every=0.05)
    lease.take()
    lease.check()
    tamper(engine, host="elsewhere")
    time.sleep(0.5)
    with pytest.raises(
        StudyError, match=r"another search .*@elsewhere, process .* took over this study"
    ):
        lease.check()
    lease.release()
    assert row(engine) is not None


def test_a_driver_that_lost_its_lease_writes_nothing_more(url: str, tmp_path: Path) -> None:
    def held(record: StudyRecord, stale: float, stack: ExitStack) -> None:
        assert isinstance(record._storage, PatientStorage)
        stack.enter_context(record._storage.hold(1, "s", every=1000, stale=stale))

    old, new = record_at(url, tmp_path / "a"), record_at(url, tmp_path / "b")
    with ExitStack() as stack:
        held(old, 60, stack)
        old.add(proposal(1))
        trial = old.next_waiting()
        assert trial is not None
        held(new, 0, stack)
        writes = (
            lambda: old.add(proposal(2)),
            lambda: old.fail(trial.number, "not mine any more"),
            lambda: old.study.set_user_attr("mine", 1),
            lambda: old.recover(),
        )
        for write in writes:
            with pytest.raises(StudyError, match="took over this study"):
                write()
        with pytest.raises(StudyError, match="took over this study"):
            old.check()
        (only,) = record_at(url, tmp_path / "c").trials()
        assert (only.state, only.user_attrs.get("reason")) == (TrialState.RUNNING, None)
        assert new.recover() == 1


def test_nobody_takes_over_between_a_write_and_its_commit(engine: Engine, url: str) -> None:
    lease = Lease(engine, 1, "s", every=1000)
    lease.take()
    order: list[str] = []
    newcomer = Lease(
        create_engine(url, connect_args={"timeout": 60} if "sqlite" in url else {}), 1, "s", stale=0
    )

    def come() -> None:
        newcomer.take()
        order.append("taken over")

    with Session(engine) as session:
        session.execute(text("UPDATE studies SET study_name = 't' WHERE study_id = 1"))
        lease.fence(session)
        thread = threading.Thread(target=come)
        thread.start()
        time.sleep(0.5)
        order.append("committed")
        session.commit()
    thread.join()
    assert order == ["committed", "taken over"]
    with Session(engine) as session, pytest.raises(StudyError, match="took over this study"):
        lease.fence(session)
    newcomer.release()
    newcomer._engine.dispose()


@pytest.mark.parametrize(
    "change",
    [
        {"renewed": "soon"},
        {"renewed": None},
        {"renewed": float("inf")},
        {"holder": [1]},
        {"holder": {"user": "u", "host": "h", "machine": "", "born": "", "pid": 1e999}},
        {"deep": json.loads("[" * 100 + "]" * 100)},
    ],
)
def test_a_lease_that_is_none_is_one_line(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(
        StudyError, match=r"^study s: its lock was written by another version of seesawnas$"
    ):
        _taken_over(tmp_path, change)


def test_a_holder_that_steers_the_terminal_is_spelled_out(tmp_path: Path) -> None:
    holder = ProcessName("a\nb", "\x1b[31mh", 1).to_mapping()
    with pytest.raises(StudyError, match=r"\(a\\nb@\\x1b\[31mh, process 1, since x\\ny\)"):
        _taken_over(tmp_path, {"holder": holder, "since": "x\ny"})


def _taken_over(folder: Path, change: dict[str, object]) -> None:
    """What a newcomer hears of a lease whose row was changed."""
    url = f"sqlite:///{folder / 'study.db'}"
    record_at(url, folder / "s")
    engine = create_engine(url)
    Lease(engine, 1, "s", every=1000).take()
    values = json.dumps(json.loads(row(engine) or "") | change)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE study_system_attributes SET value_json = :new WHERE key = 'seesawnas:lease'"
            ),
            {"new": values},
        )
    Lease(engine, 1, "s").take()
