"""A folder of identities: one sub-folder per identity, images inside."""

from __future__ import annotations

import contextlib
import hashlib
import os
from functools import cached_property
from pathlib import Path

import numpy as np

from seesawnas.data.images import SUFFIXES
from seesawnas.data.skipped import Skipped, printable
from seesawnas.data.sources.base import SAMPLED, keep_identities
from seesawnas.errors import DataError

__all__ = ["FolderSource", "Skipped", "list_identities"]

MAX_BYTES = 1 << 26
"""Largest file that is taken for an image."""


class FolderSource:
    """The images under ``root`` by index, identities and files in sorted order.

    No image is opened before it is asked for. Identities with fewer than ``least`` images are left
    out. ``paths`` are relative to ``root``.

    Raises:
        DataError: If ``root`` is no folder.
    """

    def __init__(self, root: Path, *, least: int) -> None:
        self._skipped = Skipped()
        self._root = root
        people = list_identities(root, self._skipped)
        labels = np.repeat(
            np.arange(len(people), dtype=np.int64),
            np.array([len(files) for _, files in people], dtype=np.int64),
        )
        names = [name for name, _ in people]
        kept, self.labels, self.names = keep_identities(labels, names, least, self._skipped)
        files = (path for _, files in people for path in files)
        self.paths: list[str] = [
            path for path, stays in zip(files, kept.tolist(), strict=True) if stays
        ]

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def description(self) -> str:
        """The folder's name."""
        return printable(os.path.basename(os.path.realpath(self._root)))

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
        """A hash of the paths, the sizes and a sample of the files."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(f"{path}\0{self._status(path)[0]}\0".encode("utf-8", "surrogateescape"))
        for index in np.linspace(0, len(self) - 1, min(SAMPLED, len(self))).astype(int).tolist():
            with contextlib.suppress(OSError):
                digest.update((self._root / self.paths[index]).read_bytes())
        return digest.hexdigest()[:16]

    def stamp(self) -> str:
        """What changes on this machine when a file is written to."""
        statuses = (f"{path}\0{self._status(path)}\0" for path in self.paths)
        digest = hashlib.sha256()
        for status in statuses:
            digest.update(status.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:16]

    def payload(self, index: int) -> bytes:
        """The encoded image.

        Raises:
            DataError: If the file cannot be read or is far too large for an image.
        """
        try:
            with open(os.path.join(self._root, self.paths[index]), "rb", buffering=0) as file:
                content = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.place(index)}: cannot be read: {getattr(error, 'strerror', error)}"
            ) from None
        if len(content) > MAX_BYTES:
            raise DataError(f"{self.place(index)}: must be at most {MAX_BYTES} bytes")
        return content

    def place(self, index: int) -> str:
        """``NAME/NAME_0001.jpg``."""
        return printable(self.paths[index])

    def _status(self, path: str) -> tuple[int, int]:
        try:
            status = os.stat(self._root / path)
        except OSError:
            return (-1, -1)
        return status.st_size, status.st_mtime_ns


def list_identities(root: Path, skipped: Skipped) -> list[tuple[str, list[str]]]:
    """Return [(identity, [image, ...]), ...], paths relative to ``root``, sorted.

    Hidden entries are ignored.

    Raises:
        DataError: If ``root`` is missing or not a folder.
    """
    # os.path's questions answer False where pathlib's raise: no permission, a name too long, a zero
    # byte.
    if not os.path.exists(root):
        raise DataError(f"{printable(str(root))}: there is no such folder")
    if not os.path.isdir(root):
        raise DataError(
            f"{printable(str(root))}: must be a folder with one sub-folder per identity, or a "
            ".rec file"
        )
    home = os.path.realpath(root)
    people = []
    for entry in _entries(root, skipped, ""):
        if not _stays_inside(home, entry):
            skipped.add("links that lead outside the folder", entry.name)
        elif os.path.isdir(entry.path):
            people.append((entry.name, _list_images(root, home, entry.name, skipped)))
        else:
            skipped.add("files outside the identity folders", entry.name)
    return people


def _list_images(root: Path, home: str, identity: str, skipped: Skipped) -> list[str]:
    images = []
    for entry in _entries(root / identity, skipped, identity):
        path = f"{identity}/{entry.name}"
        if not _stays_inside(home, entry):
            skipped.add("links that lead outside the folder", path)
        elif os.path.splitext(entry.name)[1].lower() not in SUFFIXES or not _is_file(entry):
            skipped.add("entries that are not JPEG, PNG or PGM files", path)
        else:
            images.append(path)
    return images


def _entries(folder: Path, skipped: Skipped, shown: str) -> list[os.DirEntry[str]]:
    """The entries of ``folder``, sorted.

    Most systems say what each entry is without being asked again.
    """
    try:
        with os.scandir(folder) as found:
            return sorted(
                (entry for entry in found if not entry.name.startswith(".")),
                key=lambda entry: entry.name,
            )
    except OSError:
        skipped.add("folders that cannot be read", shown)
        return []


def _stays_inside(home: str, entry: os.DirEntry[str]) -> bool:
    # Only a link can leave the folder, and resolving every path costs more than decoding a small
    # image.
    return not entry.is_symlink() or os.path.realpath(entry.path).startswith(home + os.sep)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link to itself, for one
        return False
