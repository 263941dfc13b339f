"""Optuna's journal file, whole at every moment.

A half line is cut off, whether a kill or a full disk left it.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.storages.journal._file import get_lock_file

from seesawnas.errors import StudyError
from seesawnas.io.stored_json import DEEPEST, stored_json

LONGEST = 2**24
"""Bytes of a line that a journal may have; a study's longest are some kilobytes."""
DAMAGE = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
)
"""What values of another kind than its own, written by other programs, make of Optuna's reader."""
_CHUNK = 2**20
_CREATES = b'{"op_code":0,'  # how the line begins that creates a study, and so every journal


class WholeLines(JournalFileBackend):
    """A journal in which a failed append leaves nothing.

    A line is read only as far as it can be one. Optuna's own leaves what fitted on a full disk; the
    next line, written once there is room, would stand on the same line, and no later reading would
    get past it.
    """

    line = 0
    """The line that was read last, counted from 1."""

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The lines from ``log_number_from`` on.

        A last one without its end is still being written.

        Raises:
            StudyError: If a line is longer than a journal's can be.
        """
        with open(self._file_path, "rb") as file:
            number = log_number_from if log_number_from in self._log_number_offset else 0
            file.seek(self._log_number_offset[number])
            end = os.fstat(file.fileno()).st_size
            while (place := file.tell()) < end and (line := file.readline(LONGEST)).endswith(b"\n"):
                number += 1
                self._log_number_offset[number] = place + len(line)
                if number > log_number_from:
                    self.line = number
                    yield self._parsed(line)
            self.line = number + 1
            if place < end and len(line) == LONGEST and _has_newline(file):
                raise StudyError(
                    f"{self._file_path}, line {self.line}: must be at most {LONGEST} bytes long"
                )

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append all of ``logs`` or nothing.

        Raises:
            OSError: If they cannot be written, as on a full disk.
        """
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        with get_lock_file(self._lock):
            file = os.open(self._file_path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                _append(file, lines)
            finally:
                os.close(file)

    def _parsed(self, line: bytes) -> dict[str, Any]:
        deep = line.count(b"[") + line.count(b"{") > DEEPEST
        values = stored_json(line.decode()) if deep else json.loads(line)
        if not isinstance(values, dict):
            raise ValueError("must be a mapping")
        if not isinstance(values.get("study_name", ""), str):
            raise ValueError("study_name must be text")
        return values


class Journal(JournalStorage):
    """Optuna's storage; what it cannot read is reported in one line, with its place."""

    def _sync_with_backend(self) -> None:
        try:
            super()._sync_with_backend()
        except DAMAGE:
            backend = self._backend
            assert isinstance(backend, WholeLines)
            place = f"{backend._file_path}, line {backend.line}"
            raise StudyError(
                f"{place}: must be an Optuna journal file, got other content"
            ) from None


def open_journal(path: Path) -> JournalStorage:
    """The journal in ``path``.

    Raises:
        StudyError: If it is another program's, is damaged or cannot be read.
    """
    check_regular(path)
    try:
        return Journal(WholeLines(str(path), lock_obj=JournalFileOpenLock(str(path))))
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None


def check_regular(path: Path) -> None:
    """Check that ``path``, if it is there, is a file.

    A pipe is never written to an end, a device has none.

    Raises:
        StudyError: If it is no file, or cannot be read.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except (OSError, RuntimeError, ValueError) as error:
        raise StudyError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        raise StudyError(f"{path}: must be a file, got {kinds.get(stat.S_IFMT(mode), 'a device')}")


def mend_journal(path: Path) -> None:
    """Remove what a killed writer left: a lock, and a torn tail, which was never acted on.

    Only the study's holder may do this.

    Raises:
        StudyError: If it is no file, or its beginning is lost: a study begun in it would be a
            second one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".lock").unlink(missing_ok=True)
    check_regular(path)
    if not path.is_file():
        return
    with path.open("r+b") as file:
        beginning = file.read(len(_CREATES))
        if not _CREATES.startswith(beginning.replace(b" ", b"")[: len(_CREATES)]) and not _creates(
            file
        ):
            raise StudyError(
                f"{path}: must begin with the creation of its study, got other content; use "
                "another --study"
            )
        end = file.seek(0, os.SEEK_END)
        whole = _end_of_lines(file, end)
        if whole < end:
            file.truncate(whole)


def _creates(file: IO[bytes]) -> bool:
    """Whether the first line creates a study.

    Its keys may be in whatever order another program wrote them.
    """
    file.seek(0)
    try:
        values = stored_json(file.readline(LONGEST).decode())
    except ValueError:
        return False
    return isinstance(values, dict) and values.get("op_code") == 0


def _end_of_lines(file: IO[bytes], end: int) -> int:
    """Where the last whole line ends, looked for from the file's end on."""
    while end > 0:
        start = max(0, end - _CHUNK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _has_newline(file: IO[bytes]) -> bool:
    return any(b"\n" in chunk for chunk in iter(lambda: file.read(_CHUNK), b""))


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
