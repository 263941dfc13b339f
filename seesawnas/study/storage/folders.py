"""Folders of studies: moved, copied and removed as a whole.

Each is there under its name, whole, or not there: what is copied or removed lies meanwhile in a
hidden folder beside it, two levels deep, where nothing looks for studies. What a kill leaves there
is removed by the next copy or removal.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seesawnas.errors import StudyError
from seesawnas.io.drafts import draft_folder
from seesawnas.io.files import is_draft
from seesawnas.study.storage.open import HOLDER, JOURNAL_LOCK, LOCK

_OWN = (LOCK, HOLDER, JOURNAL_LOCK)
"""Files of the process that holds a study, not of the study."""
_DRAFTS = "studies"


def move_study(folder: Path, new: Path) -> None:
    """Give a study's folder another place, in one step.

    Args:
        folder: The folder, held by this process; a link to one stays a link.
        new: Where it shall be; nothing is there.

    Raises:
        StudyError: If it cannot be moved, such as to another disk.
    """
    with _reported(folder, f"moved to {new}"):
        new.parent.mkdir(parents=True, exist_ok=True)
        os.rename(folder, new)
        for name in _OWN:  # of this process, under the old name
            (new / name).unlink(missing_ok=True)


def copy_study_folder(folder: Path, new: Path, change: Callable[[Path], None]) -> None:
    """Copy a study's folder, in one step.

    Args:
        folder: The folder, held by this process.
        new: Where the copy shall be; nothing is there.
        change: Called with the copy, elsewhere, before it has its name.

    Raises:
        StudyError: If it cannot be copied, such as to a full disk.
    """
    with _reported(folder, f"copied to {new}"):
        new.parent.mkdir(parents=True, exist_ok=True)
        with draft_folder(new.parent, _DRAFTS) as drafts:
            draft = drafts / new.name
            shutil.copytree(
                folder, draft, symlinks=True, ignore=_left_out, copy_function=_copy_durably
            )
            change(draft)
            os.rename(draft, new)


def remove_study_folder(folder: Path) -> None:
    """Remove a study's folder: its name is free in one step, its content after that.

    Args:
        folder: The folder, held by this process; of a link, the folder that it leads to is removed
            before the link.

    Raises:
        StudyError: If it cannot be removed.
    """
    with _reported(folder, "removed"):
        real = folder.resolve()
        with draft_folder(real.parent, _DRAFTS) as drafts:
            os.rename(real, drafts / real.name)
            if folder.is_symlink():
                folder.unlink()


def folder_size(folder: Path) -> int:
    """The bytes of the files in ``folder``; files that go meanwhile count as none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _left_out(place: str, names: list[str]) -> list[str]:
    return [name for name in names if name in _OWN or is_draft(Path(name))]


def _copy_durably(source: str, target: str) -> str:
    copied = shutil.copy2(source, target, follow_symlinks=False)
    if not os.path.islink(target):
        with open(target, "rb") as file:
            os.fsync(file.fileno())
    return str(copied)


@contextmanager
def _reported(folder: Path, what: str) -> Iterator[None]:
    """An error of the system in one line.

    Raises:
        StudyError: In its place.
    """
    try:
        yield
    except shutil.Error as error:
        first = error.args[0][0] if error.args and error.args[0] else ("", "", str(error))
        raise StudyError(f"{folder}: cannot be {what}: {first[-1]}") from None
    except OSError as error:
        raise StudyError(f"{folder}: cannot be {what}: {error.strerror or error}") from None
