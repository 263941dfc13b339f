"""Some of the identities of a source, as a source."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.faces import rank
from seesawnas.data.sources.base import OpenedSource, SourceView
from seesawnas.data.sources.open import open_source
from seesawnas.errors import DataError


class IdentitySubset(SourceView):
    """The images of ``people``, labels of ``source`` in ascending order.

    They get new labels and keep their names.
    """

    def __init__(self, source: OpenedSource, people: NDArray[np.int64]) -> None:
        indices = np.flatnonzero(np.isin(source.labels, people))
        labels = np.searchsorted(people, source.labels[indices]).astype(np.int64)
        names = [source.names[identity] for identity in people.tolist()]
        super().__init__(source, indices, labels, names)
        self.description = (
            f"{len(people)} {'identity' if len(people) == 1 else 'identities'} of "
            f"{source.description}"
        )

    @property
    def fingerprint(self) -> str:
        """Of the source and of who was chosen."""
        return hashlib.sha256(
            repr((self._source.fingerprint, self.names)).encode("utf-8", "replace")
        ).hexdigest()[:16]


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
