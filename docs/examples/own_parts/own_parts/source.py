"""Your own data source: ``--data zip:faces.zip``, an archive of NAME/ANYTHING.jpg."""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from seesawnas.data import Skipped, keep_identities
from seesawnas.errors import DataError

SUFFIXES = (".jpg", ".jpeg", ".png", ".pgm")
MAX_BYTES = 1 << 26


class ZipSource:
    """The images of an archive by index, identities and files in sorted order.

    Args:
        path: The archive.
        least: Identities with fewer images are left out.

    Raises:
        DataError: If there is no such archive.
    """

    def __init__(self, path: str, *, least: int) -> None:
        self._path, self._skipped = path, Skipped()
        try:
            files = sorted(self._archive.infolist(), key=lambda file: file.filename)
        except (OSError, BadZipFile) as error:
            raise DataError(f"must be a zip archive: {error}") from None
        images = [file for file in files if self._is_image(file)]
        people = [file.filename.split("/")[0] for file in images]
        names = sorted(set(people))
        labels = np.searchsorted(names, people).astype(np.int64)
        kept, self.labels, self.names = keep_identities(labels, names, least, self._skipped)
        self._images = [file for file, stays in zip(images, kept.tolist(), strict=True) if stays]

    def _is_image(self, file: Any) -> bool:
        parts = file.filename.split("/")
        if len(parts) == 2 and parts[1].lower().endswith(SUFFIXES) and file.file_size < MAX_BYTES:
            return True
        if not file.is_dir():
            self._skipped.add("files that are no images of an identity", file.filename)
        return False

    @cached_property
    def _archive(self) -> ZipFile:
        return ZipFile(self._path)  # opened once in each process; threads may share it

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_archive"}

    def __len__(self) -> int:
        return len(self._images)

    @property
    def description(self) -> str:
        """The file's name."""
        return ascii(os.path.basename(self._path))[1:-1]

    @property
    def skipped(self) -> Skipped:
        """What opening left out; a copy."""
        return self._skipped.copy()

    @property
    def notes(self) -> tuple[str, ...]:
        """What opening left out, in words."""
        return self._skipped.notes()

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the names, sizes and checksums that the archive lists."""
        listed = [(file.filename, file.file_size, file.CRC) for file in self._images]
        return hashlib.sha256(repr(listed).encode()).hexdigest()[:16]

    def stamp(self) -> str:
        """What changes when the archive is written to."""
        status = os.stat(self._path)
        return f"{status.st_size} {status.st_mtime_ns}"

    def payload(self, index: int) -> bytes:
        """The encoded image."""
        try:
            return self._archive.read(self._images[index])
        except (OSError, BadZipFile) as error:
            raise DataError(f"{self.place(index)}: cannot be read: {error}") from None

    def place(self, index: int) -> str:
        """``NAME/NAME_0001.jpg``."""
        return ascii(self._images[index].filename)[1:-1]
