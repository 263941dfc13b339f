"""Where a study lies: the folder runs/NAME, and in it, unless a storage URL says otherwise, Optuna's journal file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from seesawnas.errors import StudyError

RUNS = Path("runs")
JOURNAL = "journal.log"


def study_folder(name: str) -> Path:
    """runs/NAME, or NAME itself where it is a path with a slash. Raises StudyError where it cannot name a folder."""
    if not name or name in (".", "..") or "\0" in name:
        raise StudyError(f"study must have a name that can be a folder's, got {name!r}")
    return Path(name) if "/" in name else RUNS / name


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the study in ``folder`` for this process; the system lets go when the process ends, however it ends.

    Raises StudyError, naming the holder, where another process has it.
    """
    holder = folder / "holder.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise StudyError(f"{folder}: another search holds this study ({_describe(holder)})") from None
    except OSError as error:
        raise StudyError(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        holder.write_text(json.dumps({"pid": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def open_storage(url: str | None, folder: Path, *, writing: bool) -> BaseStorage:
    """The study's storage: ``url`` as SQLAlchemy writes it (sqlite:///x.db), or the journal in ``folder``.

    ``writing`` is for the one process that holds the study: it mends what a killed writer left, a torn last line or a lock.
    Raises StudyError.
    """
    if url is not None and "://" in url:
        return _open_url(url)
    path = Path(url) if url is not None else folder / JOURNAL
    if not writing and not path.is_file():
        raise StudyError(f"{path}: there is no study here")
    if writing:
        _mend(path)
    return JournalStorage(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path))))


def storage_url(url: str | None, folder: Path) -> str:
    """What to give to optuna-dashboard."""
    return url if url is not None else str(folder / JOURNAL)


def _open_url(url: str) -> BaseStorage:
    try:
        return optuna.storages.get_storage(url)
    except Exception as error:  # SQLAlchemy and its drivers raise a hundred kinds, all of them about the URL
        raise StudyError(f"storage {url}: cannot be opened: {str(error).splitlines()[0]}") from None


def _mend(path: Path) -> None:
    """A torn tail followed by an append would make every later reading fail; the half line was never acted on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".lock").unlink(missing_ok=True)
    if not path.is_file():
        return
    text = path.read_bytes()
    if text and not text.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(text.rfind(b"\n") + 1)


def _describe(holder: Path) -> str:
    try:
        values = json.loads(holder.read_text())
        return f"process {values['pid']}, since {values['since']}"
    except (OSError, ValueError, KeyError):
        return "holder unknown"
