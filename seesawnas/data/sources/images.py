"""The images of any source, to be embedded: what an identification walks through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.encoded_images import EncodedImages
from seesawnas.data.images import Resolution
from seesawnas.data.skipped import printable
from seesawnas.data.sources.base import FaceSource, OpenedSource
from seesawnas.data.sources.folder import FolderSource
from seesawnas.data.sources.open import open_source
from seesawnas.errors import DataError
from seesawnas.io.files import expanded


def open_images(
    path: str | Path, *, resolution: Resolution
) -> tuple[EncodedImages, NDArray[np.int64], tuple[str, ...]]:
    """Return (images, labels int64 (N,), notes) of all identities at ``path``.

    It is what :func:`seesawnas.data.open_source` takes; identities with one image are in it, too.

    Raises:
        DataError: If there is no such source, or no image in it.
    """
    return _images_of(open_source(path, least=0), path, resolution)


def open_folder(
    path: str | Path, *, resolution: Resolution
) -> tuple[EncodedImages, NDArray[np.int64], tuple[str, ...]]:
    """Return (images, labels int64 (N,), notes) of the identities under ``path``.

    Identities and the files of each are in sorted order.

    Raises:
        DataError: If it is no folder of identities.
    """
    return _images_of(FolderSource(expanded(path, DataError), least=0), path, resolution)


def _images_of(
    source: OpenedSource, path: str | Path, resolution: Resolution
) -> tuple[EncodedImages, NDArray[np.int64], tuple[str, ...]]:
    if not len(source):
        fault = f"{printable(str(path))}: must contain images in sub-folders or in a .rec, got none"
        raise DataError("; ".join([fault, *source.notes]))
    places = [source.place(index) for index in range(len(source))]
    images = EncodedImages(_Payloads(source), places, resolution)
    return images, np.asarray(source.labels), source.notes


@dataclass(frozen=True, slots=True)
class _Payloads(Sequence[bytes]):
    """The encoded images of a source, read when they are asked for.

    One that cannot be read is empty, so it counts as unreadable.
    """

    source: FaceSource

    def __len__(self) -> int:
        return len(self.source)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...

    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self[one] for one in range(len(self))[index]]
        try:
            return self.source.payload(index)
        except DataError:
            return b""
