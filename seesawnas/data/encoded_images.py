"""Images that are not decoded yet: what an evaluation walks through, a batch at a time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.file_finder import FileFinder
from seesawnas.data.images import Resolution, UnreadableError, decode, size_of
from seesawnas.data.skipped import Skipped


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """Encoded images, decoded when they are needed.

    Attributes:
        encoded: Bytes, or the path of a file, of each.
        places: What to call each for people.
        resolution: The side, or (height, width), of those that are decoded for no network in
            particular.
    """

    encoded: Sequence[bytes | Path]
    places: Sequence[str]
    resolution: Resolution

    def __len__(self) -> int:
        return len(self.encoded)

    def decode(
        self, start: int, stop: int, size: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Images ``start`` to ``stop`` as uint8 (N, H, W, 3), and which of them are readable.

        The others are black. ``size`` is the (height, width) that a network asks for, instead of
        ``resolution``.
        """
        wanted, (height, width) = self.encoded[start:stop], size or size_of(self.resolution)
        images = np.zeros((len(wanted), height, width, 3), dtype=np.uint8)
        readable = np.ones(len(wanted), dtype=np.bool_)
        for place, image in enumerate(wanted):
            try:
                file = io.BytesIO(image) if isinstance(image, bytes) else image
                images[place] = decode(file, (height, width))
            except UnreadableError:
                readable[place] = False
        return images, readable

    def unreadable_notes(self, readable: NDArray[np.bool_]) -> tuple[str, ...]:
        """How many are not ``readable`` (N,), and which first; nothing if all are."""
        skipped = Skipped()
        for image in np.flatnonzero(~readable).tolist():
            skipped.add("unreadable images", self.places[image])
        return skipped.notes()


class ImageList:
    """Encoded images in the making: by the path that a file names, below ``root``, each once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._finder = FileFinder(root)
        self._index: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._skipped = Skipped()

    def __len__(self) -> int:
        return len(self._index)

    def find(self, paths: Sequence[str]) -> int | None:
        """The index of the image that lies at the first of ``paths``.

        None, with a note, if it lies at none.

        Raises:
            DataError: If a path leads out of the root, or could mean several files.
        """
        for path in paths:
            if path in self._known:
                return self._known[path]
            place = self._finder.find(path)
            if place is not None:
                self._known[path] = self._index.setdefault(place, len(self._index))
                return self._known[path]
        self._skipped.add("missing images", paths[0])
        return None

    def finished(self, resolution: Resolution) -> tuple[EncodedImages, tuple[str, ...]]:
        """The images, and a note of those that are not there."""
        places = list(self._index)
        return EncodedImages(
            [self._root / place for place in places], places, resolution
        ), self._skipped.notes()
