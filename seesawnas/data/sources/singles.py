"""Identities with one image: no classes of a margin head, but images for distillation."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.skipped import Skipped
from seesawnas.data.sources.base import OpenedSource
from seesawnas.data.sources.open import LEAST, open_source

NO_CLASS = -1
"""The label of an image whose identity is no class."""


class UnlabelledSingles:
    """All images of ``source``, those of identities with one image without a class.

    Their label is ``NO_CLASS``, and ``names`` lacks them; the others have the classes that they
    have where identities with one image are left out.
    """

    def __init__(self, source: OpenedSource) -> None:
        self._source = source
        counts = np.bincount(source.labels, minlength=len(source.names))
        is_class = counts >= LEAST
        classes = np.where(is_class, np.cumsum(is_class) - 1, NO_CLASS)
        self.labels: NDArray[np.int64] = classes.astype(np.int64)[source.labels]
        self.names = tuple(
            name for name, stays in zip(source.names, is_class.tolist(), strict=True) if stays
        )

    def __len__(self) -> int:
        return len(self._source)

    @property
    def description(self) -> str:
        """That of the source."""
        return self._source.description

    @property
    def skipped(self) -> Skipped:
        """What opening the source left out."""
        return self._source.skipped

    @property
    def notes(self) -> tuple[str, ...]:
        """What opening the source left out, in words."""
        return self._source.notes

    @property
    def fingerprint(self) -> str:
        """Of the source, and of what is a class."""
        return hashlib.sha256(f"singles {self._source.fingerprint}".encode()).hexdigest()[:16]

    def stamp(self) -> str:
        """That of the source."""
        return self._source.stamp()

    def payload(self, index: int) -> bytes:
        """The encoded image.

        Raises:
            DataError: If the source raises it.
        """
        return self._source.payload(index)

    def place(self, index: int) -> str:
        """Where the image lies in the source."""
        return self._source.place(index)


def open_with_singles(path: str | Path) -> OpenedSource:
    """The faces at ``path``, with the images of identities with one image, which are no classes.

    Without such images it is what ``open_source`` opens.

    Raises:
        DataError: If there is no such source, or no identity with two images or more in it.
    """
    found = UnlabelledSingles(open_source(path, least=1))
    return found if found.names and single_images(found.labels) else open_source(path)


def single_images(labels: NDArray[np.int64]) -> int:
    """How many of the images have no class."""
    return int((labels == NO_CLASS).sum())
