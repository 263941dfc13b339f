"""Encoded faces by index, from any source: what a loader reads and a cache is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.skipped import Skipped

SAMPLED = 64
"""How many images, spread evenly, a fingerprint looks into."""


class FaceSource(Protocol):
    """Faces that are not in memory: random access to their encoded bytes.

    Any thread or worker process may read. A source is opened cheaply, whatever its size, and can be
    pickled to a worker process, which opens the files for itself.
    """

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,), in 0..C-1: the identity of each image."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """The C identities that the labels index."""
        ...

    @property
    def description(self) -> str:
        """The data in a few words."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of the content as far as it is known without decoding.

        It covers the index, the sizes and a sample of the bytes.
        """
        ...

    def __len__(self) -> int:
        """N, how many images there are."""
        ...

    def payload(self, index: int) -> bytes:
        """The encoded image (JPEG, PNG ...).

        Raises:
            DataError: If the bytes cannot be read.
        """
        ...

    def place(self, index: int) -> str:
        """Where the image lies, for people: ``NAME/NAME_0001.jpg`` or ``train.rec: record 17``."""
        ...


class OpenedSource(FaceSource, Protocol):
    """What ``open_source`` returns: a source that says what it left out."""

    @property
    def skipped(self) -> Skipped:
        """What opening left out; a copy, to continue from."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What opening left out, one line per reason."""
        ...

    def stamp(self) -> str:
        """A value that changes on this machine whenever a file of the source is written to.

        The fingerprint might not change then.
        """
        ...


class SourceView:
    """Images of ``source`` under other labels.

    A subclass says what it is: ``description`` and ``fingerprint``.

    Args:
        source: Where the images lie.
        indices: (N,), which of its images, in order.
        labels: (N,), the identity of each.
        names: The identities that the labels index.
    """

    def __init__(
        self,
        source: OpenedSource,
        indices: NDArray[np.int64] | range,
        labels: NDArray[np.int64],
        names: Sequence[str],
    ) -> None:
        self._source, self._indices = source, indices
        self.labels, self.names = labels, tuple(names)

    def __len__(self) -> int:
        return len(self._indices)

    @property
    def skipped(self) -> Skipped:
        """What opening the source left out."""
        return self._source.skipped

    @property
    def notes(self) -> tuple[str, ...]:
        """What opening the source left out, in words."""
        return self._source.notes

    def stamp(self) -> str:
        """That of the source."""
        return self._source.stamp()

    def payload(self, index: int) -> bytes:
        """The encoded image.

        Raises:
            DataError: If the source raises it.
        """
        return self._source.payload(int(self._indices[index]))

    def place(self, index: int) -> str:
        """Where the image lies in the source."""
        return self._source.place(int(self._indices[index]))


def keep_identities(
    labels: NDArray[np.int64], names: Sequence[str], least: int, skipped: Skipped
) -> tuple[NDArray[np.bool_], NDArray[np.int64], tuple[str, ...]]:
    """Return (which images stay, their new labels, the names of their identities).

    Identities with fewer than ``least`` images are dropped, and named in ``skipped``.
    """
    enough = np.bincount(labels, minlength=len(names)) >= least
    for identity in np.flatnonzero(~enough).tolist():
        skipped.add(few(least), names[identity])
    kept = enough[labels]
    renumbered = np.cumsum(enough, dtype=np.int64) - 1
    people = tuple(name for name, stays in zip(names, enough.tolist(), strict=True) if stays)
    return kept, renumbered[labels[kept]], people


def few(least: int) -> str:
    """Why an identity is left out."""
    count = {1: "no", 2: "fewer than two"}.get(least, f"fewer than {least}")
    return f"identities with {count} readable images"
