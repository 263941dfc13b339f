"""Optuna's journal file, whole at every moment: a half line is cut off, whether a kill or a full disk left it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.storages.journal._file import get_lock_file

from seesawnas.errors import StudyError


class WholeLines(JournalFileBackend):
    """A journal of which a failed append leaves nothing.

    Optuna's own leaves what fitted on a full disk; the next line, written once there is room, would stand on the same line,
    and no later reading would get past it.
    """

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append all of ``logs`` or nothing. Raises OSError."""
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        with get_lock_file(self._lock):
            file = os.open(self._file_path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                _append(file, lines)
            finally:
                os.close(file)


def open_journal(path: Path) -> JournalStorage:
    """The journal in ``path``. Raises StudyError where it is another program's or cannot be read."""
    try:
        _read_last_line(path)
        return JournalStorage(WholeLines(str(path), lock_obj=JournalFileOpenLock(str(path))))
    # What a line of another program makes of Optuna's reader.
    except (KeyError, ValueError, TypeError, AttributeError, AssertionError):
        raise StudyError(f"{path}: must be a journal that Optuna wrote, got something else") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None


def mend_journal(path: Path) -> None:
    """Remove what a killed writer left: a lock, and a torn tail, which was never acted on. Only the study's holder may."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".lock").unlink(missing_ok=True)
    if not path.is_file():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)


def _append(file: int, lines: bytes) -> None:
    before, written = os.fstat(file).st_size, 0
    try:
        while written < len(lines):
            written += os.write(file, lines[written:])
        os.fsync(file)
    except BaseException as error:
        if written < len(lines) or isinstance(error, OSError):
            os.ftruncate(file, before)
        raise


def _read_last_line(path: Path) -> None:
    """Optuna passes over a last line that it cannot read, and fails for good once another stands behind it."""
    whole = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
    last = next((line for line in reversed(whole) if line.endswith(b"\n")), None)
    if last is not None:
        json.loads(last)
