"""Pairs of images that are not decoded yet: a verification set as it lies on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.encoded_images import EncodedImages, ImageList
from seesawnas.data.images import Resolution
from seesawnas.errors import DataError


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pair i is (left[i], right[i]), indices of images (int64).

    Attributes:
        same: (P,), bool, whether a pair shows one identity.
        folds: (P,), ascending, if the set has folds of its own.
        people: (N,), the identity of each image, if it is known.
        notes: One line for each kind of thing that was left out.
    """

    name: str
    images: EncodedImages
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]
    folds: NDArray[np.int64] | None = None
    people: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.same)

    def without(self, readable: NDArray[np.bool_]) -> PairSet:
        """The pairs of which both images are ``readable`` (N,).

        A note says how many images are not, and which first.
        """
        kept = readable[self.left] & readable[self.right]
        notes = self.notes + self.images.unreadable_notes(readable)
        if not kept.all():
            notes += (
                f"pairs skipped because of unreadable images: {np.count_nonzero(~kept)} of "
                f"{len(self)}",
            )
        folds = None if self.folds is None else self.folds[kept]
        return replace(
            self,
            left=self.left[kept],
            right=self.right[kept],
            same=self.same[kept],
            folds=folds,
            notes=notes,
        )


class PairList:
    """A pair set in the making, from a file that names its images by paths below ``root``."""

    def __init__(self, root: Path) -> None:
        self._images = ImageList(root)
        self._people: dict[str, int] = {}
        self._identity_of: dict[int, int] = {}
        self._pairs: list[tuple[int, int, bool, int]] = []
        self._lost = 0

    def add(
        self,
        first: Sequence[str],
        second: Sequence[str],
        same: bool,
        *,
        fold: int = 0,
        people: tuple[str, str] = ("", ""),
    ) -> None:
        """Add a pair; of each image the paths at which it may lie.

        If an image lies at none of them, the pair is left out, and noted.

        Raises:
            DataError: If a path leads out of the root.
        """
        left, right = self._images.find(first), self._images.find(second)
        if left is None or right is None:
            self._lost += 1
            return
        self._pairs.append((left, right, same, fold))
        for image, identity in zip((left, right), people, strict=True):
            self._identity_of[image] = self._people.setdefault(identity, len(self._people))

    def finished(self, name: str, resolution: Resolution, *, folds: bool, people: bool) -> PairSet:
        """The set; ``folds`` and ``people`` say whether those of the pairs mean something.

        Raises:
            DataError: If there are no pairs.
        """
        images, notes = self._images.finished(resolution)
        if self._lost:
            notes += (
                f"pairs skipped because of missing images: {self._lost} of "
                f"{self._lost + len(self._pairs)}",
            )
        if not self._pairs:
            raise DataError(
                "; ".join(
                    [
                        f"{name}: must contain at least one pair with both images present, got "
                        "none",
                        *notes,
                    ]
                )
            )
        columns = np.array(self._pairs, dtype=np.int64).T
        # An image whose partner is not there is in no pair; it is nobody.
        known = np.array(
            [self._identity_of.get(image, -1) for image in range(len(images))], dtype=np.int64
        )
        has_folds = folds and len(np.unique(columns[3])) > 1
        return PairSet(
            name,
            images,
            columns[0],
            columns[1],
            columns[2].astype(np.bool_),
            columns[3] if has_folds else None,
            known if people else None,
            notes,
        )
