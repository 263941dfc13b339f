"""Some of the identities of a source, as a source."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.faces import rank
from seesawnas.data.skipped import Skipped
from seesawnas.data.sources.base import OpenedSource
from seesawnas.data.sources.open import open_source
from seesawnas.errors import DataError


class IdentitySubset:
    """The images of ``people``, labels of ``source`` in ascending order.

    They get new labels and keep their names.
    """

    def __init__(self, source: OpenedSource, people: NDArray[np.int64]) -> None:
        self._source = source
        self._indices = np.flatnonzero(np.isin(source.labels, people))
        self.labels = np.searchsorted(people, source.labels[self._indices]).astype(np.int64)
        self.names = tuple(source.names[identity] for identity in people.tolist())
        self.description = (
            f"{len(people)} {'identity' if len(people) == 1 else 'identities'} of "
            f"{source.description}"
        )

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

    @property
    def fingerprint(self) -> str:
        """Of the source and of who was chosen."""
        return hashlib.sha256(
            repr((self._source.fingerprint, self.names)).encode("utf-8", "replace")
        ).hexdigest()[:16]

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


def first_identities(source: OpenedSource, number: int) -> IdentitySubset:
    """The first ``number`` identities by label.

    Raises:
        DataError: If there are fewer.
    """
    return IdentitySubset(source, np.arange(_checked(source, number), dtype=np.int64))


def random_identities(source: OpenedSource, number: int, *, seed: int) -> IdentitySubset:
    """A seeded draw of ``number`` identities.

    A larger draw of the same seed contains all of a smaller one.

    Raises:
        DataError: If there are fewer.
    """
    order = sorted(
        range(len(source.names)), key=lambda identity: rank(seed, source.names[identity])
    )
    return IdentitySubset(
        source, np.array(sorted(order[: _checked(source, number)]), dtype=np.int64)
    )


def open_subset(path: str | Path, identities: int | None, *, seed: int) -> OpenedSource:
    """The faces at ``path``, or a seeded draw of ``identities`` of them if it is not None.

    These are the identities that ``data subset`` writes; nothing is copied. Those with one image
    are not drawn.

    Raises:
        DataError: If there is no such source, or it has fewer identities.
    """
    source = open_source(path)
    if identities is None:
        return source
    if identities > len(source.names):
        raise DataError(
            f"identities must be at most {len(source.names)}, those of {source.description} with "
            f"two images or more, got {identities}"
        )
    return random_identities(source, identities, seed=seed)


def _checked(source: OpenedSource, number: int) -> int:
    if not 1 <= number <= len(source.names):
        raise DataError(
            f"people: must be 1 to {len(source.names)} (identities in {source.description}), got "
            f"{number}"
        )
    return number
