"""Identities with one image: no classes of a margin head, but images for distillation."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from seesawnas.data.skipped import Skipped
from seesawnas.data.sources.base import FaceSource, OpenedSource, SourceView, keep_identities
from seesawnas.data.sources.open import LEAST, open_source

NO_CLASS = -1
"""The label of an image whose identity is no class."""


class UnlabelledSingles(SourceView):
    """All images of ``source``, those of identities with one image without a class.

    Their label is ``NO_CLASS``, and ``names`` lacks them; the others have the classes that they
    have where identities with one image are left out.
    """

    def __init__(self, source: OpenedSource) -> None:
        kept, classes, names = keep_identities(source.labels, source.names, LEAST, Skipped())
        labels = np.full(len(source), NO_CLASS, dtype=np.int64)
        labels[kept] = classes
        super().__init__(source, range(len(source)), labels, names)
        self.description = source.description

    @property
    def fingerprint(self) -> str:
        """Of the source, and of what is a class."""
        return hashlib.sha256(f"singles {self._source.fingerprint}".encode()).hexdigest()[:16]


def open_with_singles(path: str | Path) -> OpenedSource:
    """The faces at ``path``, with the images of identities with one image, which are no classes.

    Without such images it is what ``open_source`` opens.

    Raises:
        DataError: If there is no such source, or no identity with two images or more in it.
    """
    source = open_source(path, least=1)
    found = UnlabelledSingles(source)
    if not found.names:
        return open_source(path)  # which says so
    return found if single_images(found) else source


def single_images(source: FaceSource) -> int:
    """How many of its images have no class."""
    return int((source.labels == NO_CLASS).sum())
