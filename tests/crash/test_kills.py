"""Real searches under real faults, at seeded random moments.

Nothing lost, nothing doubled, nothing trained again.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.crash.campaign import one_study
from tests.crash.processes import ENGINES
from tests.crash.searching import Searching
from tests.postgres import PostgresServer

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("engine", ENGINES)
def test_a_search_whose_worker_and_driver_are_killed_ends_as_if_they_never_were(
    engine: str, tmp_path: Path
) -> None:
    figures = one_study(
        tmp_path, ["worker killed", "torn tail"], 0, engine=engine, storage="journal", trials=5
    )
    assert sum(figures.kills.values()) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "order"),
    [
        ("local", ["Ctrl-C", "corrupt checkpoint", "Ctrl-C twice", "SIGTERM"]),
        ("ray", ["driver killed", "Ctrl-C"]),
    ],
)
def test_a_search_under_one_fault_after_another_loses_nothing(
    engine: str, order: list[str], tmp_path: Path
) -> None:
    figures = one_study(tmp_path, order, 1, engine=engine, storage="sqlite", trials=14)
    assert list(figures.kills) == order
    assert figures.continued > 0


@pytest.mark.slow
def test_a_search_whose_database_restarts_waits_and_goes_on(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    order = ["PostgreSQL restarted", "driver killed", "PostgreSQL restarted"]
    figures = one_study(
        tmp_path, order, 2, engine="local", storage="postgresql", server=postgres_server, trials=8
    )
    assert figures.kills["PostgreSQL restarted"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_asked_to_stop_says_so_and_leaves_nothing_running(
    tmp_path: Path, end: signal.Signals
) -> None:
    search = Searching(tmp_path)
    search.start()
    search.wait_until(
        lambda: (
            b'"measurement"' in search.journal.read_bytes() if search.journal.is_file() else False
        )
    )
    assert search.interrupt([(end, 0)]) == 130, search.errors
    assert "Run the same command to resume" in search.errors
    assert "Ranked by verification accuracy" in (tmp_path / "out").read_text()
    assert search.count().running == 0


@pytest.mark.slow
def test_a_search_stopped_while_its_workers_start_prints_no_traceback(tmp_path: Path) -> None:
    search = Searching(tmp_path)
    search.start()
    search.wait_until(search.journal.is_file)
    time.sleep(1.0)
    assert search.interrupt([(signal.SIGINT, 0)]) == 130
    assert "Traceback" not in search.errors
