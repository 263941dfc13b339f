from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from seesawnas.study import TrialState
from tests.study.fakes import record_in
from tests.study.test_record import proposal


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
        patch.setattr("seesawnas.study.journal.os.write", small_disk)
        with pytest.raises(OSError, match="No space left"):
            record.add(proposal(1))
    assert journal.read_bytes() == before
    record.add(proposal(2))
    again = record_in(tmp_path / "s")
    assert [trial.state for trial in again.trials()] == [TrialState.WAITING] * 2
    assert again.keys() == {proposal(0).key, proposal(2).key}
