"""Temporary folders of this program, each with a file that its process holds locked.

So those of dead processes are found. A lock, unlike a process number, means the same in every
container that shares the folder, and ends however its process ends.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from seesawnas.errors import StudyError
from seesawnas.io.drafts import LOCK, create_locked, is_own_folder, lock_file, lock_new
from seesawnas.study.engines.ray.reaper import processes_using

PREFIX = "seesawnas-"
_NAME = re.compile(rf"{PREFIX}[a-z0-9_]{{8}}")
# All that lies in such a folder; one that holds anything else is somebody's own.
_OURS = re.compile(rf"{LOCK}|ray|tune\d+")


def create_temp_folder(above: str | None = None) -> tuple[Path, int]:
    """A folder for this process in ``above`` or the system's, and the descriptor that keeps it.

    The folders of dead processes are removed.

    Raises:
        StudyError: If there is no room for a folder.
    """
    try:
        remove_stale_folders(Path(above or tempfile.gettempdir()))
        found = create_locked(
            lambda: Path(tempfile.mkdtemp(prefix=PREFIX, dir=above)).resolve(), lock_new
        )
        if found is not None:
            return found
        raise StudyError(
            f"{above or tempfile.gettempdir()}: temporary folders are deleted by another program"
        )
    except OSError as error:
        place = error.filename or above or "the folder for temporary files"
        raise StudyError(
            f"{place}: cannot be written: {error.strerror or error}; set TMPDIR to a writable "
            "folder"
        ) from None


def remove_stale_folders(above: Path) -> None:
    """Remove the folders in ``above`` that this user's processes left and that nobody uses."""
    with suppress(OSError):
        for entry in list(os.scandir(above)):
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):  # another process may be removing it
                    _remove(Path(entry.path))


def _remove(folder: Path) -> None:
    if not is_own_folder(folder):
        return
    inside = os.listdir(folder)
    if not inside:
        os.rmdir(folder)
        return
    if not all(_OURS.fullmatch(name) for name in inside):
        return
    # An older version's has no lock.
    lock = lock_file(folder / LOCK) if LOCK in inside else None
    try:
        if not any(holder != os.getpid() for holder in processes_using(folder)):
            shutil.rmtree(folder)
    finally:
        if lock is not None:
            os.close(lock)
