from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from seesawnas.errors import StudyError
from seesawnas.study import TrialState
from seesawnas.study.storage.journal import mend_journal
from tests.study.fakes import record_in
from tests.study.proposals import proposal


@pytest.mark.parametrize("fits", [0, 1, 100])
def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: int
) -> None:
    record = record_in(tmp_path / "s")
    record.add(proposal(0))
    journal = tmp_path / "s" / "journal.log"
    before, write = journal.read_bytes(), os.write
    room = [fits]

    def small_disk(file: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(file, data[: room[0]])
        room[0] -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr("seesawnas.study.storage.journal.os.write", small_disk)
        with pytest.raises(OSError, match="No space left"):
            record.add(proposal(1))
    assert journal.read_bytes() == before
    record.add(proposal(2))
    again = record_in(tmp_path / "s")
    assert [trial.state for trial in again.trials()] == [TrialState.WAITING] * 2
    assert again.keys() == {proposal(0).key, proposal(2).key}


@pytest.mark.parametrize(
    "text", [b'{"op_code":4,"worker_id":"w","study_id":0}\n', b"[" * 100, b"\0" * 100, b"notes\n"]
)
def test_a_journal_without_its_beginning_is_neither_mended_nor_begun_in(
    tmp_path: Path, text: bytes
) -> None:
    path = tmp_path / "journal.log"
    path.write_bytes(text)
    with pytest.raises(
        StudyError, match=r"journal\.log: must begin with the creation of its study"
    ):
        mend_journal(path)
    assert path.read_bytes() == text


@pytest.mark.parametrize(
    "text", [b"", b'{"op', b'{"op_code":0,"worker_id":"w","stu', b'{"worker_id":"w","op_code":0}\n']
)
def test_a_journal_torn_in_its_first_line_is_mended(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "journal.log"
    path.write_bytes(text)
    mend_journal(path)
    assert path.read_bytes() == (text if text.endswith(b"\n") else b"")
