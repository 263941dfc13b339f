"""``seesawnas dashboard``: the command around the pages."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from seesawnas.study import StudyRecord, drive, open_storage
from tests.cli.running import Ran
from tests.dashboards import under_way
from tests.study.fakes import FakeEngine, enough, small_set, uniform
from tests.study.storages import DATABASES, new_url
from tests.study.stored import store_study

pytestmark = pytest.mark.processes

pytest.importorskip("optuna_dashboard")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def end(process: subprocess.Popen[str], ending: signal.Signals) -> None:
    """It ends at once, and says nothing."""
    process.send_signal(ending)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "")


def trials_at(address: str) -> int:
    """How many trials the study at a page's address shows."""
    with urllib.request.urlopen(address.replace("/dashboard/", "/api/"), timeout=20) as answer:
        return len(json.load(answer)["trials"])


def test_it_shows_the_latest_study_until_ctrl_c(folder: Path) -> None:
    store_study(folder / "runs" / "old", 2)
    store_study(folder / "runs" / "new", 3)
    os.utime(folder / "runs" / "old" / "journal.log", (0, 0))
    with under_way("--port", "0") as (process, line):
        assert line.startswith("runs/new: http://127.0.0.1:")
        assert trials_at(line.split()[1]) == 3
        end(process, signal.SIGINT)


def test_a_port_in_use_is_passed_over_unless_it_was_asked_for(folder: Path) -> None:
    store_study(folder / "runs" / "s", 1)
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", 8080))
        except OSError:
            pass  # another program has it: as good
        else:
            taken.listen()
        with under_way("s") as (_, line):
            assert ":8080/" not in line
            assert trials_at(line.split()[1]) == 1
        ran = Ran("dashboard", "s", "--port", "8080")
    assert (ran.code, ran.err) == (2, "cannot listen on 127.0.0.1:8080: Address already in use\n")


@pytest.mark.parametrize("kind", DATABASES)
def test_a_study_in_a_database_is_found_through_its_folder(
    folder: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    storage = open_storage(new_url(kind, folder, request), folder / "runs" / "s", writing=True)
    feasible = small_set()
    list(
        drive(
            StudyRecord(storage, "s", feasible.decisions),
            uniform(feasible),
            FakeEngine(),
            enough(2),
        )
    )
    with under_way("--port", "0") as (process, line):
        assert line.startswith("runs/s: http://127.0.0.1:")
        assert trials_at(line.split()[1]) == 2
        end(process, signal.SIGTERM)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "runs: contains no study; give a study name or run seesawnas search first"),
        (["nothing"], "nothing: must be an existing study, got none in runs/nothing"),
        ([".."], "study must be a valid folder name, got '..'"),
        (["s", "--port", "70000"], "--port must be from 0 to 65535, got 70000"),
        (["s", "--storage", "nonsense://x"], "cannot be opened"),
        (["s", "--storage", "sqlite:///x.db"], "storage sqlite:///x.db: there is no such file"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_two(
    folder: Path, words: list[str], message: str
) -> None:
    ran = Ran("dashboard", *words)
    assert ran.code == 2
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_an_address_that_is_not_this_machine_s_is_one_line(folder: Path) -> None:
    store_study(folder / "runs" / "s", 1)
    ran = Ran("dashboard", "s", "--host", "192.0.2.1", "--port", "0")
    assert ran.code == 2
    assert ran.err.startswith("cannot listen on 192.0.2.1:0: ")
    assert ran.err.count("\n") == 1


def test_without_optuna_dashboard_one_line_says_how_to_get_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_study(folder / "runs" / "s", 1)
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    ran = Ran("dashboard", "s")
    assert ran.code == 2
    assert (
        ran.err == "the dashboard requires the package optuna-dashboard: pip install "
        "'seesawnas[dashboard]'\n"
    )
