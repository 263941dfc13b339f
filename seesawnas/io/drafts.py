"""Folders for drafts, and the locks by which those of dead processes are found.

A lock, unlike a process number, means the same in every container that shares the folder, and ends
however its process ends.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = "in_use"
"""The file of a folder that is locked."""
_SUFFIX = ".draft"
_LONGEST = 64  # bytes
_TRIES = 10
_MODE = 0o700


@contextmanager
def draft_folder(parent: Path, name: str) -> Iterator[Path]:
    """A new folder in ``parent`` for the drafts of ``name``, gone after the block.

    The folders that killed processes left there for the same name are removed first.

    Raises:
        OSError: If it cannot be made.
    """
    start = name.encode()[:_LONGEST].decode(errors="ignore")
    prefix = f".{start}."
    _remove_stale(parent, prefix)
    folder, lock = _create(parent, prefix)
    try:
        yield folder
    finally:
        try:
            with suppress(OSError):  # the next process tries again
                _remove_locked(folder)
        finally:
            os.close(lock)


def lock_file(path: Path, flags: int = 0) -> int:
    """Lock the file ``path`` for as long as the descriptor that is returned is open.

    Args:
        path: The file.
        flags: Of ``os.open``, such as ``os.O_CREAT``.

    Raises:
        BlockingIOError: If a living process has locked it.
        FileNotFoundError: If there is none, or it was removed meanwhile.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.fstat(descriptor).st_nlink:
            raise FileNotFoundError(path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_own_folder(path: Path) -> bool:
    """Whether this user made it, as a temporary folder: its mode lets nobody else in.

    Raises:
        OSError: If there is nothing.
    """
    about = os.lstat(path)
    return (
        stat.S_ISDIR(about.st_mode)
        and about.st_uid == os.geteuid()
        and stat.S_IMODE(about.st_mode) == _MODE
    )


def create_locked(
    create: Callable[[], Path], lock: Callable[[Path], int]
) -> tuple[Path, int] | None:
    """A folder that ``create`` makes, and the descriptor of its ``lock``.

    None if other processes that remove stale folders were faster than its lock, again and again.

    Raises:
        OSError: If it cannot be made or locked.
    """
    for _ in range(_TRIES):
        folder = create()
        with suppress(FileNotFoundError, BlockingIOError):
            return folder, lock(folder)
    return None


def lock_new(folder: Path) -> int:
    """Lock a new folder for as long as the descriptor that is returned is open.

    Raises:
        BlockingIOError: If another process has locked it.
        FileNotFoundError: If it was removed meanwhile.
    """
    return lock_file(folder / LOCK, os.O_CREAT | os.O_EXCL)


def _create(parent: Path, prefix: str) -> tuple[Path, int]:
    def create() -> Path:
        folder = parent / f"{prefix}{secrets.token_hex(4)}{_SUFFIX}"
        folder.mkdir(mode=_MODE)
        return folder

    found = create_locked(create, _lock_or_open)
    if found is None:
        raise FileNotFoundError(0, "drafts are deleted by another program")
    return found


def _lock_or_open(folder: Path) -> int:
    try:
        return lock_new(folder)
    except (FileNotFoundError, BlockingIOError):
        raise
    except OSError:  # a file system without locks: a killed process's folder stays then
        return os.open(folder, os.O_RDONLY | os.O_CLOEXEC)


def _remove_stale(parent: Path, prefix: str) -> None:
    draft = re.compile(rf"{re.escape(prefix)}[0-9a-f]{{8}}{re.escape(_SUFFIX)}")
    with os.scandir(parent) as entries:
        found = [Path(entry.path) for entry in entries if draft.fullmatch(entry.name)]
    for folder in found:
        with suppress(OSError):  # in use, somebody's own, or already removed
            _remove(folder)


def _remove(folder: Path) -> None:
    if not is_own_folder(folder):
        return
    if not os.listdir(folder):
        folder.rmdir()
        return
    lock = lock_file(folder / LOCK)
    try:
        _remove_locked(folder)
    finally:
        os.close(lock)


def _remove_locked(folder: Path) -> None:
    """Remove ``folder``, its lock last: what a kill leaves of it is still found by its lock."""
    with os.scandir(folder) as entries:
        drafts = [entry for entry in entries if entry.name != LOCK]
    for entry in drafts:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
    shutil.rmtree(folder)
