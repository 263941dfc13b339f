"""A stand-in for the door to faces that stay where they are: a folder of identities, alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.folder import LeftOut, list_people
from seesawnas.data.source import FaceSource
from seesawnas.errors import DataError


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        people = [(name, files) for name, files in list_people(root, LeftOut()) if len(files) > 1]
        self.names = tuple(name for name, _ in people)
        self._paths = [file for _, files in people for file in files]
        self.labels: NDArray[np.int64] = np.repeat(np.arange(len(people)), [len(files) for _, files in people])
        self.description = root.name
        sizes = [(path, (root / path).stat().st_size) for path in self._paths]
        self.fingerprint = hashlib.sha256(repr(sizes).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self._paths)

    def payload(self, index: int) -> bytes:
        try:
            return (self._root / self._paths[index]).read_bytes()
        except OSError as error:
            raise DataError(f"{self._paths[index]}: cannot be read: {error.strerror}") from None

    def place(self, index: int) -> str:
        return self._paths[index]


def open_source(path: str | Path) -> FaceSource:
    """The faces in the folder ``path``."""
    return _Folder(Path(path))
