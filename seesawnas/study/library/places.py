"""Where a study lies: its folder, its storage, and which of the storage's studies are its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from optuna.storages import BaseStorage

from seesawnas.errors import StudyError
from seesawnas.io.catalog import holds_study
from seesawnas.study.library.lookup import open_to_read
from seesawnas.study.library.view import StoredStudy, study_number
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.storage.identity import (
    is_own_name,
    levels_of,
    parts_of,
    stored_name,
    whole_name,
)
from seesawnas.study.storage.lease import Lease
from seesawnas.study.storage.open import lock_study, study_folder, study_holder
from seesawnas.study.storage.urls import shown_url


@dataclass(frozen=True, slots=True)
class StudyPlace:
    """Where a study lies; a context manager that closes the connections to its database.

    Attributes:
        name: What commands call it.
        folder: Its folder; a study that runs on another machine may have none here.
        url: The URL of its database, or the path of its journal.
        storage: Its storage.
        stored: Its name in the storage.
        parts: The storage's studies that it consists of: its own and that of its repeats, or those
            of a fidelity study, one for each size of the input.
    """

    name: str
    folder: Path
    url: str
    storage: BaseStorage
    stored: str
    parts: tuple[str, ...]

    @classmethod
    def find(cls, name: str, url: str | None = None) -> StudyPlace:
        """The place of the study ``name``.

        Args:
            name: A folder under runs/, a path, or its name in ``url``.
            url: The storage, needed only if the study has no folder here.

        Raises:
            StudyError: If there is no such study, if it is a part of another one in a database, or
                if its storage cannot be opened.
        """
        folder = study_folder(name)
        place, storage = open_to_read(name, folder, url)
        if not isinstance(storage, PatientStorage):
            return cls._of_journal(name, folder, place, storage)
        with ExitStack() as opened:
            opened.callback(storage.database.engine.dispose)
            found = cls._of_database(name, folder, place, storage)
            opened.pop_all()
        return found

    @classmethod
    def _of_database(
        cls, name: str, folder: Path, place: str, storage: PatientStorage
    ) -> StudyPlace:
        stored = stored_name(storage, folder)
        # The lease is that of the whole study: a part could be changed while the study runs.
        if not is_own_name(stored):
            raise StudyError(f"study {stored}: is a part of study {whole_name(stored)}; name that")
        study_number(storage, stored)  # for its error
        parts = parts_of(_names(storage), stored)
        return cls(name, folder, place, storage, stored, parts)

    @classmethod
    def _of_journal(cls, name: str, folder: Path, place: str, storage: BaseStorage) -> StudyPlace:
        names = _names(storage)
        fidelity = stored_name(storage, folder, parts=True)
        if levels := levels_of(names, fidelity):
            return cls(name, folder, place, storage, fidelity, levels)
        stored = stored_name(storage, folder)
        return cls(name, folder, place, storage, stored, parts_of(names, stored))

    def __enter__(self) -> StudyPlace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to its database; they would stay until they are collected."""
        if (database := self.database) is not None:
            database.database.engine.dispose()

    @property
    def is_fidelity(self) -> bool:
        """Whether it is a fidelity study."""
        return self.stored not in self.parts

    @property
    def database(self) -> PatientStorage | None:
        """Its database; None if it lies in a journal."""
        return self.storage if isinstance(self.storage, PatientStorage) else None

    @property
    def has_folder(self) -> bool:
        """Whether its folder is here, rather than on another machine."""
        return holds_study(self.folder)

    @property
    def shown(self) -> str:
        """Its storage, as it may be shown."""
        return shown_url(self.url)

    def studies(self, *, repeats: bool = False) -> tuple[StoredStudy, ...]:
        """What its trials lie in: its own study, or a fidelity study's, one for each size.

        Args:
            repeats: Whether that of its repeats is one of them.
        """
        own = self.folder.absolute().name if self.has_folder else self.stored
        parts = self.parts if self.is_fidelity or repeats else (self.stored,)
        return tuple(
            StoredStudy(
                self.name,
                self.folder,
                self.storage,
                self.storage.get_study_id_from_name(part),
                part,
                own + part.removeprefix(self.stored),
            )
            for part in parts
        )

    def holder(self) -> str | None:
        """Which process runs it, in words; None if none does."""
        found = study_holder(self.folder)
        if found is not None or (database := self.database) is None:
            return found
        number = self.storage.get_study_id_from_name(self.parts[0])
        lease = Lease(database.database.engine, number, self.stored)
        return database.repeated(lambda again: lease.holder())

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the study for this process: nothing else runs it meanwhile.

        Raises:
            StudyError: If another process has it; the message says which.
        """
        with self.hold_folder(), self.hold_database():
            yield

    @contextmanager
    def hold_folder(self) -> Iterator[None]:
        """Hold the study's folder, if it is here; what holds a study in a journal.

        Raises:
            StudyError: If another process has it, or moved or removed it.
        """
        with lock_study(self.folder) if self.has_folder else nullcontext():
            if self.has_folder or self.database is not None:
                yield
            else:
                raise StudyError(f"{self.folder}: contains no study")

    @contextmanager
    def hold_database(self) -> Iterator[None]:
        """Hold the study in its database, if it has one.

        Raises:
            StudyError: If another process has it.
        """
        if (database := self.database) is None:
            yield
            return
        number = self.storage.get_study_id_from_name(self.parts[0])
        # What fails is reported at once: there is no night's work to save.
        with database.hold(number, self.stored, patience=0):
            yield


def _names(storage: BaseStorage) -> list[str]:
    return [study.study_name for study in storage.get_all_studies()]
