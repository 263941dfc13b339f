"""Where a study is looked for: the storage of its folder, or one that is named, opened to read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from optuna.storages import BaseStorage

from seesawnas.errors import StudyError
from seesawnas.io.catalog import studies_of_runs
from seesawnas.study.storage.identity import is_stored
from seesawnas.study.storage.open import open_storage, open_url, storage_url
from seesawnas.study.storage.urls import check_url, missing_file, normal_url
from seesawnas.text import nearest


def open_to_read(ref: str, folder: Path, url: str | None) -> tuple[str, BaseStorage]:
    """Open the storage in which the study of ``folder`` lies; nothing is written.

    Args:
        ref: What commands call the study.
        folder: Its folder, which need not be here if there is a ``url``.
        url: Its storage; None for what the folder says.

    Returns:
        The URL of the database, or the path of the journal, and the storage.

    Raises:
        StudyError: If there is no such storage, or if it cannot be read.
    """
    if url is None and not folder.exists():
        raise no_study(ref, folder)
    check_there(place := storage_url(url, folder))
    if "://" in place:
        return place, open_url(place, writing=False)
    return place, open_storage(None, folder, writing=False)


def no_study(name: str, folder: Path) -> StudyError:
    """The fault that there is no study ``name``, with the one under runs/ that was meant."""
    near = nearest(name, studies_of_runs())
    found = f"; did you mean {near}?" if near else f", got none in {folder}"
    return StudyError(f"{name}: must be an existing study{found}")


def check_there(url: str) -> None:
    """Check that the file of an SQLite URL exists.

    SQLite would create a missing file instead of failing.
    """
    if "://" in url:
        check_url(url := normal_url(url))
        if missing_file(url) is not None:
            raise StudyError(f"storage {url}: there is no such file")


def is_in_database(url: str, names: Iterable[str]) -> bool:
    """Whether the database of ``url`` has a study of one of the ``names``.

    Raises:
        StudyError: If it cannot be asked.
    """
    check_there(url)
    storage = open_url(url, writing=False)
    try:
        return any(is_stored(storage, name) for name in names)
    finally:
        storage.database.engine.dispose()
