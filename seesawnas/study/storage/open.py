"""Where a study is stored.

It is stored in the folder runs/NAME, and there, unless a storage URL says otherwise, in Optuna's
journal file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from optuna.storages import BaseStorage
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from seesawnas.errors import StudyError
from seesawnas.io.catalog import RUNS, STUDY_FILES, studies_of_runs
from seesawnas.io.drafts import lock_file
from seesawnas.io.files import expanded, inside, write_atomically
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.storage.journal import check_regular, mend_journal, open_journal
from seesawnas.study.storage.process import ProcessName
from seesawnas.study.storage.urls import (
    check_url,
    normal_url,
    shown_url,
    sqlite_file,
    without_secrets,
)
from seesawnas.text import escape_line, short

JOURNAL, ELSEWHERE = STUDY_FILES
LOCK, HOLDER, JOURNAL_LOCK = "lock", "holder.json", f"{JOURNAL}.lock"
"""Files of the process that holds a study."""
# What lies in a study's folder and is written, by whatever runs the study.
_WRITTEN = (
    *(
        LOCK,
        HOLDER,
        JOURNAL,
        JOURNAL_LOCK,
        ELSEWHERE,
        "study.yaml",
        "checkpoints",
        "checkpoints.repeats",
    ),
    *(
        "summary.json",
        "best.yaml",
        "pareto.html",
        "result.json",
        "measurements.jsonl",
        "fidelity.json",
        "fidelity.html",
    ),
)
_MAX_NAME = 255  # bytes of a file's name, on every system
_MOST_PATH = 1000
_LONGEST_URL = 10_000


def study_folder(name: str) -> Path:
    """The folder of the study ``name``: runs/NAME, or NAME itself if it is a path with a slash.

    Raises:
        StudyError: If it cannot name a folder.
    """
    folder = Path(name) if "/" in name or name.startswith("~") else RUNS / name
    if not name or name in (".", "..") or folder.name in ("", "..") or any(map(_is_control, name)):
        raise StudyError(f"study must be a valid folder name, got {short(name)!r}")
    if len(name) > _MOST_PATH or any(len(os.fsencode(part)) > _MAX_NAME for part in folder.parts):
        raise StudyError(f"study must be a name of at most {_MAX_NAME} bytes, got {short(name)!r}")
    return expanded(folder)


def _is_control(letter: str) -> bool:
    """Whether it is a control character, or half of one.

    Such a name could be neither stored nor shown.
    """
    return letter < " " or "\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff"


def latest_study() -> str:
    """The name of the study under runs/ that was last written to.

    Raises:
        StudyError: If there is none.
    """
    if not (names := studies_of_runs()):
        raise StudyError(
            f"{RUNS}: contains no study; give a study name or run seesawnas search first"
        )
    return max(names, key=lambda name: (last_written(RUNS / name), name))


def last_written(folder: Path) -> float:
    """When the study in ``folder`` was last written to.

    A study that is stored elsewhere shows in the files beside it: its holder, its checkpoints, its
    summary. The lock does not count: whoever copies a study takes it, too.
    """
    last = 0.0
    for place in folder.iterdir():
        with suppress(OSError):  # a draft of the study that runs is gone by now
            last = max(last, place.stat().st_mtime if place.name != LOCK else 0.0)
    return last


@contextmanager
def lock_study(folder: Path) -> Iterator[None]:
    """Hold the study in ``folder`` for this process.

    The system lets go when the process ends, however it ends.

    A study in a database is also held by a lease there; see :meth:`StudyRecord.lock_storage`.

    Raises:
        StudyError: If another process has it; the message names that process.
    """
    holder = folder / HOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _WRITTEN:  # now, and not after a night's work
            inside(folder, folder / name)
        lock = FileLock(inside(folder, folder / LOCK))
        lock.acquire(timeout=0)
    except Timeout:
        raise StudyError(
            f"{folder}: another search is using this study ({_describe(holder)})"
        ) from None
    except OSError as error:
        raise StudyError(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        text = json.dumps({**ProcessName.mine().to_mapping(), "since": since})
        write_atomically(holder, text, within=folder)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def study_holder(folder: Path) -> str | None:
    """Which process holds the study in ``folder``, in words; None if none does.

    Nothing is written.
    """
    holder = folder / HOLDER
    if not holder.is_file():
        return None
    with suppress(OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        process = ProcessName.from_mapping(json.loads(holder.read_text()))
        if process.is_of_this_machine():
            return None if process.is_gone() else _describe(holder)
    # Of a process of another machine only the lock says whether it lives.
    with suppress(OSError):
        try:
            os.close(lock_file(folder / LOCK))
        except BlockingIOError:
            return _describe(holder)
    return None


def open_storage(url: str | None, folder: Path, *, writing: bool) -> BaseStorage:
    """The study's storage: a database, or the journal in ``folder``.

    Args:
        url: The database, as sqlite:///x.db or postgresql://host/name; None for what the folder
            says.
        folder: The study's folder.
        writing: For the one process that holds the study: remember ``url`` in ``folder``, and mend
            what a killed writer left in the journal, a torn last line or a lock.

    Raises:
        StudyError: If ``url`` is not the study's storage, if the storage cannot be opened, or,
            without ``writing``, if it holds no study.
    """
    url = storage_url(url, folder)
    storage: BaseStorage
    if "://" in url:
        storage = open_url(url)
        if writing:
            _remember(url, folder)
        return storage
    path = inside(folder, url) if writing else Path(url)
    if not writing and not _is_there(path):
        raise StudyError(f"{path}: contains no study: no such file")
    if writing:
        mend_journal(path)
    return open_journal(path)


def open_url(url: str, *, writing: bool = True) -> PatientStorage:
    """The database of ``url``.

    Its tables are made if they are missing and it is opened for ``writing``.

    Raises:
        StudyError: If ``url`` is no database's, its driver is not installed, or it cannot be
            opened; without ``writing``, if it contains no study.
    """
    url = normal_url(url)
    check_url(url)
    for last in (False, True):
        try:
            return PatientStorage(url, shown_url(url), writing=writing)
        except StudyError:
            raise
        except ImportError:
            postgresql = (
                "; pip install 'seesawnas[postgresql]'" if url.startswith("postgresql") else ""
            )
            extra = postgresql or "; sqlite:/// and postgresql:// are what seesawnas is tested with"
            raise StudyError(
                f"storage {shown_url(url)}: its database driver is not installed{extra}"
            ) from None
        except (
            Exception
        ) as error:  # SQLAlchemy and its drivers raise a hundred kinds, all of them about the URL
            # Of two newcomers to an empty database one finds half of the tables made.
            if last or not _made_by_another(error):
                raise StudyError(
                    f"storage {shown_url(url)}: cannot be opened: {_reason(error, url)}"
                ) from None
            time.sleep(1)
    raise AssertionError


def check_storage(url: str | None, folder: Path) -> None:
    """Check that the study of ``folder`` could be stored in ``url``; write nothing in the folder.

    Raises:
        StudyError: If it could not.
    """
    if "://" in (place := storage_url(url, folder)):
        open_url(place).database.engine.dispose()
    else:
        check_regular(Path(place))


def storage_url(url: str | None, folder: Path) -> str:
    """Where the study of ``folder`` is stored: what optuna-dashboard takes.

    Raises:
        StudyError: If ``url`` says otherwise, or is no URL.
    """
    place = folder / ELSEWHERE
    kept = _kept_url(folder)
    url = url and normal_url(url)
    journal = folder / JOURNAL
    if url is not None and url != (kept or url):
        raise StudyError(
            f"{folder}: this study uses another storage (see {place}), got {shown_url(url)}"
        )
    if url is not None and _is_there(journal):
        raise StudyError(
            f"{folder}: this study is stored in {journal}, got {shown_url(url)}; use another "
            "--study"
        )
    if url is not None and "://" not in url:
        raise StudyError(f"storage must be a URL such as sqlite:///study.db, got {shown_url(url)}")
    return url or kept or str(journal)


def _kept_url(folder: Path) -> str | None:
    """What ``storage.url`` in ``folder`` says; None if there is no such file.

    Raises:
        StudyError: If it does not say the URL of a study's storage.
    """
    place = folder / ELSEWHERE
    if not _is_there(place):
        return None
    check_regular(place)
    try:
        with place.open(encoding="utf-8") as file:
            url = normal_url(file.read(_LONGEST_URL))
    except (OSError, ValueError):
        raise StudyError(f"{place}: must be the text of a storage URL") from None
    if "://" not in url or not url.isprintable():
        raise StudyError(
            f"{place}: must contain a URL such as sqlite:///study.db, got something else"
        )
    file_ = sqlite_file(url)
    if file_ is not None and file_.parent.name and file_.parent.resolve() != folder.resolve():
        inside = folder / file_.name
        if inside.is_file():
            raise StudyError(
                f"{folder}: was renamed or copied with its database: {place} must contain "
                f"sqlite:///{inside}, "
                f"got {shown_url(url)}; edit it"
            )
    return url


def _remember(url: str, folder: Path) -> None:
    """Keep ``url`` in ``folder``; it may hold a password, so only its owner may read it."""
    place = folder / ELSEWHERE
    if not place.is_file():
        write_atomically(place, url + "\n", within=folder, mode=0o600)


def _is_there(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except OSError:
        return True  # errors are reported when it is opened


def _made_by_another(error: Exception) -> bool:
    return isinstance(
        error, IntegrityError | ProgrammingError | OperationalError
    ) and "exist" in str(error)


def _reason(error: Exception, url: str) -> str:
    """The error's first line, without the secrets in ``url``."""
    line = next(iter(str(getattr(error, "orig", error)).strip().splitlines()), type(error).__name__)
    return without_secrets(line, url)


def _describe(holder: Path) -> str:
    try:
        values = json.loads(holder.read_text()) if holder.is_file() else {}
        return f"{ProcessName.from_mapping(values)}, since {escape_line(str(values['since']))}"
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return "holder unknown"
