"""Whole studies renamed, copied and deleted: their folders and what a database holds of them.

The study is held meanwhile, so that none that runs is changed. A folder changes in one step, and so
does a database; the order of the two is such that a kill between them leaves a study that can be
opened, or one line that says what to do:

- rename: the folder first remembers the new name, which counts once the database has it
- copy: the database first, marked until the folder is there; the same command begins such a copy
  again
- delete: the database first; of a folder without its study the same command removes the rest
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from seesawnas.errors import StudyError
from seesawnas.io.files import write_atomically
from seesawnas.study.library.lookup import is_in_database
from seesawnas.study.library.places import StudyPlace
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.storage.folders import (
    copy_study_folder,
    move_study,
    remove_study_folder,
)
from seesawnas.study.storage.identity import (
    NAME_FILE,
    is_stored,
    kept_names,
    name_fault,
    store_study_name,
)
from seesawnas.study.storage.open import (
    ELSEWHERE,
    JOURNAL,
    lock_study,
    storage_url,
    study_folder,
)
from seesawnas.study.storage.rows import (
    copied_from,
    copy_database,
    copy_studies,
    delete_studies,
    finish_copy,
    rename_studies,
)
from seesawnas.study.storage.urls import missing_file, sqlite_file


def rename_study(name: str, new: str, url: str | None = None) -> Path:
    """Give a study another name: its folder, and its studies in a database.

    A journal keeps the name that the study began with; the folder's counts.

    Args:
        name: The study.
        new: Its new name: a folder beside its own, or a path.
        url: Its storage, needed only if it has no folder here.

    Returns:
        The new folder, whether there is one or not.

    Raises:
        StudyError: If there is no such study, if another process holds it, or if the new name is
            taken or no study's.
    """
    with StudyPlace.find(name, url) as place, place.hold_folder():
        folder = _new_folder(place, new)
        _check_alone(place)
        with place.hold_database():
            if (database := place.database) is not None and place.stored != folder.name:
                _check_free(place, folder.name)
                store_study_name(place.folder, folder.name, place.stored)
                rename_studies(database, _renamed(place, folder.name))
                store_study_name(place.folder, folder.name)
        # No longer held in the database, which may lie in the folder.
        if place.has_folder:
            url = _url_within(place, folder)
            move_study(place.folder, folder)
            _keep_url(folder, url)
    return folder


def copy_study(name: str, new: str, url: str | None = None) -> Path:
    """Copy a study, which is resumed by itself: its folder, and its studies in a database.

    Args:
        name: The study.
        new: The copy's name: a folder beside the study's, or a path.
        url: Its storage, needed only if it has no folder here.

    Returns:
        The copy's folder, whether there is one or not.

    Raises:
        StudyError: If there is no such study, if another process holds it, or if the new name is
            taken or no study's.
    """
    with StudyPlace.find(name, url) as place, place.hold():
        folder = _new_folder(place, new)
        # A database in the study's own folder is copied with it.
        database = None if _own_database(place) else place.database
        names = _renamed(place, folder.name)
        if database is not None:
            if _is_begun_copy(database, folder.name, place):
                delete_studies(database, list(names.values()))
            _check_free(place, folder.name)
            copy_studies(database, names, place.stored)
        if place.has_folder:
            copy_study_folder(place.folder, folder, lambda draft: _adapt(place, draft, folder))
        if database is not None:
            finish_copy(database, list(names.values()))
    return folder


def delete_study(name: str, url: str | None = None) -> None:
    """Delete a study: its folder with all files, and its studies in a database.

    Args:
        name: The study.
        url: Its storage, needed only if it has no folder here.

    Raises:
        StudyError: If there is no such study, or if another process holds it.
    """
    folder = study_folder(name)
    place = storage_url(url, folder)
    if ((folder / JOURNAL).is_file() and "://" not in place) or is_without_study(folder):
        with lock_study(folder):  # a journal that cannot be read is deleted, too
            remove_study_folder(folder)
        return
    with StudyPlace.find(name, url) as found, found.hold():
        _check_alone(found)
        if found.database is not None and not _own_database(found):
            delete_studies(found.database, found.parts)
        if found.has_folder:
            remove_study_folder(folder)


def is_without_study(folder: Path) -> bool:
    """Whether the study of ``folder`` was deleted from its database, and the folder is left.

    Raises:
        StudyError: If the database cannot be asked, as when its file is not there: a relative path
            may lead elsewhere from here, a disk may not be mounted.
    """
    if not (folder / ELSEWHERE).is_file():
        return False
    url = storage_url(None, folder)
    if (file := missing_file(url)) is not None:
        raise StudyError(
            f"{folder}: the file of its database, {file}, is not there, so its study cannot be "
            "deleted; make the file available, or remove the folder yourself if it is lost"
        )
    return not is_in_database(url, {folder.absolute().name, *kept_names(folder)})


def _new_folder(place: StudyPlace, new: str) -> Path:
    """The folder called ``new``, in which no study is yet.

    Raises:
        StudyError: If the name is none, or taken.
    """
    named = study_folder(new)
    folder = named if "/" in new or new.startswith("~") else place.folder.with_name(new)
    if (rule := name_fault(folder.name)) is not None:
        raise StudyError(f"{new}: {rule}")
    if folder.exists() or folder.is_symlink():
        raise StudyError(f"{folder}: must be a new name, got one that exists")
    return folder


def _check_free(place: StudyPlace, name: str) -> None:
    for new in _renamed(place, name).values():
        if is_stored(place.storage, new):
            raise StudyError(
                f"study {name}: must be a new name, got one that exists in {place.shown}"
            )


def _renamed(place: StudyPlace, name: str) -> Mapping[str, str]:
    """The names of the parts of a study that is called ``name``, by their old ones."""
    return {part: name + part.removeprefix(place.stored) for part in place.parts}


def _check_alone(place: StudyPlace) -> None:
    """Check that no other folder has the study too, and no other study lies in the folder.

    Raises:
        StudyError: If one does.
    """
    own = place.folder.absolute().name
    first = place.folder.absolute().with_name(place.stored)
    if place.database is None or not place.has_folder:
        return
    if place.stored != own and (first / ELSEWHERE).is_file() and _url_of(first) == place.url:
        raise StudyError(
            f"{place.folder}: is a copy of the folder {first.name}, and the storage holds their "
            "study once; copy studies by seesawnas studies copy, or remove this folder yourself"
        )
    if (file := _own_database(place)) is not None:
        names = {study.study_name for study in place.storage.get_all_studies()}
        if others := sorted(names - set(place.parts)):
            raise StudyError(
                f"{file}: holds other studies, too: {', '.join(others[:10])}; delete them first"
            )


def _is_begun_copy(database: PatientStorage, name: str, place: StudyPlace) -> bool:
    """Whether the study ``name`` is a copy that a killed process left, which nothing used since."""
    if copied_from(database, name) != place.stored:
        return False
    kept = (
        database.get_study_user_attrs(database.get_study_id_from_name(one))
        for one in (name, place.stored)
    )
    return next(kept) == next(kept)  # every start of a study adds to them


def _adapt(place: StudyPlace, draft: Path, folder: Path) -> None:
    """Let the copy in ``draft``, which is to be ``folder``, name its own study."""
    if place.database is None:
        return
    if (file := _own_database(place)) is None:
        # Its study file still has the original's name.
        write_atomically(draft / NAME_FILE, folder.name + "\n", within=draft)
        return
    write_atomically(draft / NAME_FILE, place.stored + "\n", within=draft)
    copy_database(file, draft / file.resolve().relative_to(place.folder.resolve()))
    _keep_url(draft, _url_within(place, folder))


def _own_database(place: StudyPlace) -> Path | None:
    """The file of the study's database if it lies in the study's folder."""
    file = sqlite_file(place.url) if place.has_folder else None
    if file is None or not file.resolve().is_relative_to(place.folder.resolve()):
        return None
    return file


def _url_within(place: StudyPlace, folder: Path) -> str | None:
    """The URL of the database once the study's folder is ``folder``; None if it stays."""
    if (file := _own_database(place)) is None:
        return None
    below = file.resolve().relative_to(place.folder.resolve())
    moved = (folder.absolute() if file.is_absolute() else folder) / below
    return place.url.replace(str(file), str(moved), 1)


def _keep_url(folder: Path, url: str | None) -> None:
    if url is not None:
        write_atomically(folder / ELSEWHERE, url + "\n", within=folder, mode=0o600)


def _url_of(folder: Path) -> str | None:
    try:
        return storage_url(None, folder)
    except StudyError:
        return None
