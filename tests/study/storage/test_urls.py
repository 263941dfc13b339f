from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from seesawnas.errors import InvalidInput, StudyError
from seesawnas.study import find_study, open_storage, storage_url
from seesawnas.study.storage.open import open_url
from tests.study.fakes import record_in
from tests.study.proposals import proposal


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///file:x?mode=memory&uri=true", "must name a file"),
        ("sqlite://x.db", "must have three slashes"),
        ("sqlite+aiosqlite:///x.db", "must be sqlite:///FILE"),
        ("postgresql+asyncpg://me:s3cret@h/x", "must be postgresql://"),
        ("postgresql://me:s3cret@h:port/x", "must be a URL"),
        ("postgresql://me:a@s3c/ret@h/x", "must be a URL"),
        ("nonsense", "must be a URL"),
        ("mysql://me:s3cret@h/x", "its database driver is not installed"),
    ],
)
def test_a_url_that_cannot_be_is_one_line_without_its_password(
    tmp_path: Path, url: str, rule: str
) -> None:
    with pytest.raises(StudyError) as caught:
        open_url(url)
    assert rule in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "s3c" not in str(caught.value)


def test_the_home_folder_may_begin_the_file_of_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert storage_url("sqlite:///~/x.db", tmp_path / "s") == f"sqlite:///{tmp_path}/x.db"


def test_reading_another_programs_database_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    file.touch()
    with pytest.raises(StudyError, match="contains no study"):
        find_study("s", f"sqlite:///{file}")
    assert file.stat().st_size == 0


def make(kind: str, place: Path) -> None:
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "loop":
            place.symlink_to(place)
        case "device":
            place.symlink_to("/dev/zero")
        case "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(place))


@pytest.mark.parametrize("kind", ["pipe", "folder", "loop", "device", "socket"])
@pytest.mark.parametrize("name", ["journal.log", "storage.url", "study.db"])
def test_what_is_no_file_is_refused_in_one_line_and_never_waited_for(
    tmp_path: Path, kind: str, name: str
) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    make(kind, folder / name)
    url = f"sqlite:///{folder}/study.db" if name == "study.db" else None
    for writing in (False, True):
        with pytest.raises(InvalidInput) as caught:
            open_storage(url, folder, writing=writing)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b"[1]",
        b"nonsense",
        b"\xff\xfe",
        b"\0\0\0",
        b'{"op_code": 6, "trial_id": 0, "state": 99, "worker_id": "x", "values": null}',
        b'{"op_code": ' + b"9" * 5000 + b"}",
        b'{"op_code": 0, "study_name": 5, "directions": [2], "worker_id": "x"}',
    ],
)
def test_garbage_within_a_journal_is_one_line_that_says_where(tmp_path: Path, line: bytes) -> None:
    record_in(tmp_path / "s").add(proposal(0))
    journal = tmp_path / "s" / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines, line + b"\n", lines[-1]]))
    for writing in (False, True):
        with pytest.raises(
            StudyError, match=f"line {len(lines) + 1}: must be an Optuna journal file"
        ):
            open_storage(None, tmp_path / "s", writing=writing)


def test_two_gigabytes_of_nothing_behind_a_journal_are_a_torn_tail(tmp_path: Path) -> None:
    record_in(tmp_path / "s").add(proposal(0))
    journal = tmp_path / "s" / "journal.log"
    size = journal.stat().st_size
    os.truncate(journal, 2**31)
    assert len(find_study(tmp_path / "s").view().trials) == 1
    assert len(record_in(tmp_path / "s").trials()) == 1
    assert journal.stat().st_size < size + 1000  # the tail is gone
