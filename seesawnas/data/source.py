"""Encoded faces by index, wherever they lie: what a loader reads and a cache is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class FaceSource(Protocol):
    """Faces that are not in memory: random access to their encoded bytes, from any thread or worker process.

    A source is opened cheaply, whatever its size, and can be pickled to a worker, which opens the files for itself.
    """

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,), in 0..C-1: the identity of each picture."""
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
        """Of the content as far as it is known without decoding: the index, the sizes, a sample of the bytes."""
        ...

    def __len__(self) -> int:
        """N, how many pictures there are."""
        ...

    def payload(self, index: int) -> bytes:
        """The encoded picture (JPEG, PNG ...). Raises DataError, in one line, where the bytes cannot be had."""
        ...

    def place(self, index: int) -> str:
        """Where the picture lies, for people: ``NAME/NAME_0001.jpg`` or ``train.rec: record 17``."""
        ...
