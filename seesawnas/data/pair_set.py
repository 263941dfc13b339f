"""Pairs of pictures that are not decoded yet: a verification set as it lies on disk."""

from __future__ import annotations

import io
import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.decode import UnreadableError, decode
from seesawnas.data.folder import LeftOut
from seesawnas.errors import DataError


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pair i is (left[i], right[i]), indices of pictures (int64); same[i] says whether they show one person (bool).

    pictures: encoded bytes, or the path of a file; places: what to call each for people.
    folds: (P,) never falling, where the set has folds of its own; people: (N,) who each picture shows, where it is known.
    """

    name: str
    pictures: Sequence[bytes | Path]
    places: Sequence[str]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]
    folds: NDArray[np.int64] | None = None
    people: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()
    resolution: int = 112

    def __len__(self) -> int:
        return len(self.same)

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return len(self.pictures)

    def decode(self, start: int, stop: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Pictures ``start`` to ``stop`` as uint8 (N, R, R, 3), and which of them could be read; the others are black."""
        wanted = self.pictures[start:stop]
        images = np.zeros((len(wanted), self.resolution, self.resolution, 3), dtype=np.uint8)
        readable = np.ones(len(wanted), dtype=np.bool_)
        for place, picture in enumerate(wanted):
            try:
                images[place] = decode(io.BytesIO(picture) if isinstance(picture, bytes) else picture, self.resolution)
            except UnreadableError:
                readable[place] = False
        return images, readable

    def without(self, readable: NDArray[np.bool_]) -> PairSet:
        """The pairs of which both pictures are ``readable`` (N,), with a note of the others: how many, and which first."""
        if readable.all():
            return self
        left_out = LeftOut()
        for picture in np.flatnonzero(~readable):
            left_out.add("unreadable images", self.places[picture])
        kept = readable[self.left] & readable[self.right]
        dropped = f"pairs left out for them: {np.count_nonzero(~kept)} of {len(self)}"
        folds = None if self.folds is None else self.folds[kept]
        notes = (*self.notes, *left_out.notes(), dropped)
        sides = (self.left[kept], self.right[kept], self.same[kept])
        return PairSet(self.name, self.pictures, self.places, *sides, folds, self.people, notes, self.resolution)


class PairList:
    """A pair set in the making: pictures by the path that a file names, each once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._home = os.path.realpath(root)
        self._index: dict[str, int] = {}
        self._people: dict[Hashable, int] = {}
        self._person_of: list[int] = []
        self._pairs: list[tuple[int, int, bool, int]] = []
        self._left_out = LeftOut()
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
        """One pair; of each picture the paths, relative to the root, at which it may lie.

        Where it lies at none of them the pair is left out and the picture named. Raises DataError for a path that leads
        out of the root, or names none.
        """
        pair = [self._place(paths, person) for paths, person in zip((first, second), people, strict=True)]
        if pair[0] is None or pair[1] is None:
            self._lost += 1
        else:
            self._pairs.append((pair[0], pair[1], same, fold))

    def finished(self, name: str, resolution: int, *, folds: bool, people: bool) -> PairSet:
        """The set; ``folds`` and ``people`` say whether those of the pairs mean something. Raises DataError without pairs."""
        notes = self._left_out.notes()
        if self._lost:
            notes += (f"pairs left out for them: {self._lost} of {self._lost + len(self._pairs)}",)
        if not self._pairs:
            raise DataError("; ".join([f"{name}: holds no pair of pictures that are there", *notes]))
        left, right, same, fold = (np.array(column) for column in zip(*self._pairs, strict=True))
        places = list(self._index)
        return PairSet(
            name,
            [self._root / place for place in places],
            places,
            left.astype(np.int64),
            right.astype(np.int64),
            same.astype(np.bool_),
            fold.astype(np.int64) if folds and len(np.unique(fold)) > 1 else None,
            np.array(self._person_of, dtype=np.int64) if people else None,
            notes,
            resolution,
        )

    def _place(self, paths: Sequence[str], person: str) -> int | None:
        for path in paths:
            known = self._index.get(path)
            if known is not None:
                return known
            if self._is_there(path):
                self._person_of.append(self._people.setdefault(person, len(self._people)))
                return self._index.setdefault(path, len(self._index))
        self._left_out.add("images that are not there", paths[0])
        return None

    def _is_there(self, path: str) -> bool:
        inside = os.path.join(self._home, path)
        try:
            real = os.path.realpath(inside)
        except (OSError, ValueError):  # a zero byte, or a name too long
            return False
        if os.path.isabs(path) or not real.startswith(self._home + os.sep):
            raise DataError(f"must name pictures inside {self._root}, got {path!r:.100}")
        return os.path.isfile(real)
