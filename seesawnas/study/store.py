"""Where a study lies: the folder runs/NAME, and in it, unless a storage URL says otherwise, Optuna's journal file."""

from __future__ import annotations

import json
import os
import re
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
ELSEWHERE = "storage.url"


def study_folder(name: str) -> Path:
    """runs/NAME, or NAME itself where it is a path with a slash. Raises StudyError where it cannot name a folder."""
    if not name or name in (".", "..") or "\0" in name:
        raise StudyError(f"study must have a name that can be a folder's, got {name!r}")
    return Path(name) if "/" in name else RUNS / name


def latest_study() -> str:
    """The name of the study under runs/ that was last written to. Raises StudyError where there is none."""
    found = [place for name in (JOURNAL, ELSEWHERE) for place in RUNS.glob(f"*/{name}")]
    if not found:
        raise StudyError(f"{RUNS}: there is no study here; name one, or run seesawnas search first")
    return max(found, key=lambda place: (_last_written(place.parent), place.parent.name)).parent.name


def _last_written(folder: Path) -> float:
    """A study that is stored elsewhere shows in the files beside it: its holder, its checkpoints, its summary."""
    return max((place.stat().st_mtime for place in folder.iterdir() if place.exists()), default=0.0)


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

    ``writing`` is for the one process that holds the study: it remembers ``url`` in ``folder``, and mends what a killed
    writer left in the journal, a torn last line or a lock. Raises StudyError.
    """
    url = storage_url(url, folder)
    if "://" in url:
        storage = _open_url(url)
        if writing:
            _remember(url, folder)
        return storage
    path = Path(url)
    if not writing and not path.is_file():
        raise StudyError(f"{path}: there is no study here")
    if writing:
        _mend(path)
    return _open_journal(path)


def check_storage(url: str | None, folder: Path) -> None:
    """Raise StudyError where the study of ``folder`` could not be stored in ``url``; write nothing in the folder."""
    if "://" in (place := storage_url(url, folder)):
        _open_url(place)


def storage_url(url: str | None, folder: Path) -> str:
    """Where the study of ``folder`` is stored: what optuna-dashboard takes. Raises StudyError where ``url`` says otherwise."""
    place = folder / ELSEWHERE
    kept = place.read_text().strip() if place.is_file() else None
    journal = folder / JOURNAL
    if url is not None and url != (kept or url):
        raise StudyError(f"{folder}: this study is stored elsewhere than in {_hidden(url)}; see {place}")
    if url is not None and journal.is_file():
        raise StudyError(f"{folder}: this study is stored in {journal}, got {_hidden(url)}; give another --study")
    if url is not None and "://" not in url:
        raise StudyError(f"storage must be a URL such as sqlite:///study.db, got {url}")
    return url or kept or str(journal)


def _remember(url: str, folder: Path) -> None:
    """A URL may hold a password: only its owner reads it."""
    place = folder / ELSEWHERE
    if not place.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        draft = place.with_suffix(".tmp")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(url + "\n")
        draft.replace(place)


def _hidden(url: str) -> str:
    """``url`` without what stands before the host."""
    return re.sub(r"//[^/@]*@", "//...@", url)


def _open_url(url: str) -> BaseStorage:
    try:
        return optuna.storages.get_storage(url)
    except Exception as error:  # SQLAlchemy and its drivers raise a hundred kinds, all of them about the URL
        raise StudyError(f"storage {_hidden(url)}: cannot be opened: {str(error).splitlines()[0]}") from None


def _open_journal(path: Path) -> JournalStorage:
    try:
        _read_last_line(path)
        return JournalStorage(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path))))
    # What a line of another program makes of Optuna's reader.
    except (KeyError, ValueError, TypeError, AttributeError, AssertionError):
        raise StudyError(f"{path}: must be a journal that Optuna wrote, got something else") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None


def _read_last_line(path: Path) -> None:
    """Optuna passes over a last line that it cannot read, and fails for good once another stands behind it."""
    whole = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
    last = next((line for line in reversed(whole) if line.endswith(b"\n")), None)
    if last is not None:
        json.loads(last)


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
