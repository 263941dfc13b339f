"""Faces in InsightFace's training form: train.rec with train.idx and property, or a .rec alone."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.skipped import Skipped, printable
from seesawnas.data.sources.base import SAMPLED, keep_identities
from seesawnas.data.sources.rec_index import index_of
from seesawnas.data.sources.recordio import BrokenRecordError, RecordFile, image_of
from seesawnas.errors import DataError

REC = "train.rec"
NAMES = ".names.json"
"""What ``data pack`` writes beside a .rec: the identities' names in the order of the classes.

Others go by their number.
"""


class RecSource:
    """The images of a .rec by index, in the order of their keys.

    It is opened by reading a few places, never the whole file, if the .idx is there and fits; see
    :mod:`seesawnas.data.sources.rec_index`. Images of identities with fewer than ``least`` are left
    out.

    Raises:
        DataError: If the file cannot be read or contains no images.
    """

    def __init__(self, path: Path, *, least: int) -> None:
        self._skipped = Skipped()
        if os.path.exists(path) and not os.path.isfile(path):  # reading a pipe would wait for ever
            raise DataError(f"{printable(str(path))}: must be a file")
        try:
            self._file = RecordFile(path)
            index = index_of(self._file, self._skipped)
        except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
            reason = getattr(error, "strerror", None) or error
            raise DataError(f"{printable(str(path))}: cannot be read: {reason}") from None
        numbers, labels = np.unique(index.classes, return_inverse=True)
        _check_property(path.with_name("property"), len(numbers), self._skipped)
        names = _names(path.with_suffix(NAMES), numbers, self._skipped)
        kept, self.labels, self.names = keep_identities(
            labels.astype(np.int64), names, least, self._skipped
        )
        self._offsets, self._numbers = index.offsets[kept], numbers[np.unique(labels[kept])]
        self._keys = None if index.keys is None else _compact(index.keys[kept])
        if not len(self):
            raise DataError(
                "; ".join([f"{printable(str(path))}: must contain images, got none", *self.notes])
            )

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def description(self) -> str:
        """The folder and the file: faces_emore/train.rec."""
        return printable("/".join(Path(os.path.realpath(self._file.path)).parts[-2:]).lstrip("/"))

    @property
    def skipped(self) -> Skipped:
        """What opening left out; a copy."""
        return self._skipped.copy()

    @property
    def notes(self) -> tuple[str, ...]:
        """What opening left out, in words."""
        return self._skipped.notes()

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the index, the names and a sample of the records."""
        digest = hashlib.sha256(
            repr((self._file.size, self.names)).encode("utf-8", "surrogateescape")
        )
        for numbers in (self._offsets, self.labels):
            digest.update(np.ascontiguousarray(numbers, dtype="<i8").data)
        for index in np.linspace(0, len(self) - 1, min(SAMPLED, len(self))).astype(int).tolist():
            digest.update(self._file.bytes_at(int(self._offsets[index]), 4096))
        return digest.hexdigest()[:16]

    def stamp(self) -> str:
        """What changes on this machine when the file is written to."""
        try:
            status = os.stat(self._file.path)
        except OSError:
            return "gone"
        return f"{status.st_size}:{status.st_mtime_ns}"

    def payload(self, index: int) -> bytes:
        """The encoded image.

        Raises:
            DataError: If the record is broken, or is not the one that the index means.
        """
        try:
            label, image = image_of(self._file.record(int(self._offsets[index])))
        except BrokenRecordError as error:
            raise DataError(f"{self.place(index)}: damaged record: {error}") from None
        except OSError as error:
            raise DataError(
                f"{self.place(index)}: cannot be read: {error.strerror or error}"
            ) from None
        number = self._numbers[self.labels[index]]
        if label != number:
            raise DataError(
                f"{self.place(index)}: label must be {number} as in the index, got {label:g}"
            )
        return image

    def place(self, index: int) -> str:
        """``train.rec: record 17``; the byte if no .idx gives it a key."""
        word, number = (
            ("byte", self._offsets[index]) if self._keys is None else ("record", self._keys[index])
        )
        return f"{printable(self._file.path.name)}: {word} {number}"


def numbered(number: int) -> str:
    """A name for a class without one, such that names sort as numbers do: 0000017."""
    return f"{number:07d}"


def _compact(keys: NDArray[np.int64]) -> NDArray[np.int64] | range:
    """``keys`` as a range if they are consecutive: each worker gets a copy."""
    consecutive = (
        len(keys) and int(keys[-1]) - int(keys[0]) == len(keys) - 1 and (np.diff(keys) == 1).all()
    )
    return range(int(keys[0]), int(keys[-1]) + 1) if consecutive else keys


def _names(path: Path, numbers: NDArray[np.int64], skipped: Skipped) -> list[str]:
    if path.is_file():
        try:
            names = json.loads(path.read_text(encoding="utf-8"))
            chosen = [names[number] for number in numbers.tolist()]
            if all(isinstance(name, str) for name in chosen) and len(set(chosen)) == len(chosen):
                return chosen
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            pass
        skipped.add(
            "name files that do not match (identities are named by class number)", path.name
        )
    return [numbered(number) for number in numbers.tolist()]


def _check_property(path: Path, classes: int, skipped: Skipped) -> None:
    """Note a ``property`` file that is wrong: InsightFace's own reader needs it."""
    if not path.is_file():
        return
    try:
        text = path.read_bytes()[:200].decode("ascii", "replace").strip()
        said = int(text.split(",")[0])
    except (OSError, ValueError):
        skipped.add("invalid property files (expected CLASSES,HEIGHT,WIDTH)", path.name)
    else:
        if said != classes:
            skipped.add(
                "property files that are wrong",
                f"{path.name}: gives {said} classes, the records have {classes}",
            )
