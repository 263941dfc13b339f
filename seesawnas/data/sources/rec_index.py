"""Where the images of a .rec lie and which identities they are of.

This is read from its .idx if that fits, else by reading through the file.

InsightFace's layout says in a few records which images are of which identity (a header record at
key 0, one record per identity after the images), so that millions of images are known after reading
some thousand places. Files of other tools have no such records; there each image's own header is
read.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.skipped import Skipped
from seesawnas.data.sources.recordio import BrokenRecordError, Head, RecordFile, scan_records

_Ints = NDArray[np.int64]
LARGEST_CLASS = 2**31
_LARGEST_NUMBER = 10**18
_CHARACTERS = b"0123456789- \t\r\n"
_LOOSE_SIGN = re.compile(rb"[0-9-]-|-(?![0-9])")
_EXACT = 2**24  # labels are float32: past this a header record cannot name every key


@dataclass(frozen=True, eq=False)
class RecIndex:
    """Image i begins at byte offsets[i] and is of class classes[i].

    keys[i] is its key; ``keys`` is None if there is no .idx that says so.
    """

    keys: _Ints | None
    offsets: _Ints
    classes: _Ints


class _Misfit(Exception):
    """The .idx does not fit the .rec: why."""


def index_of(file: RecordFile, skipped: Skipped) -> RecIndex:
    """The images of ``file`` in the order of their keys, or of the file.

    Records that are no image go to ``skipped``.
    """
    path = file.path.with_suffix(".idx")
    if not path.is_file():
        return _read_through(file, skipped)
    try:
        keys, offsets = _read_idx(path)
        _check_end(file, offsets)
        return _by_header_record(file, keys, offsets, skipped) or _by_own_labels(
            file, keys, offsets, skipped
        )
    except _Misfit as misfit:
        skipped.add(
            "index files that do not match (records were found by scanning)",
            f"{path.name}: {misfit}",
        )
        return _read_through(file, skipped)


def _read_idx(path: Path) -> tuple[_Ints, _Ints]:
    """(keys, offsets) in the order of the keys."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _Misfit(f"cannot be read: {error.strerror or error}") from None
    # numpy would read "1-2" as two numbers, and what is too large as the largest that it knows.
    is_clean = (
        content.strip()
        and not content.translate(None, _CHARACTERS)
        and not _LOOSE_SIGN.search(content)
    )
    numbers = (
        np.fromstring(content, dtype=np.int64, sep=" ") if is_clean else np.empty(0, dtype=np.int64)
    )
    if (
        not len(numbers)
        or len(numbers) % 2
        or max(-numbers.min(), numbers.max()) >= _LARGEST_NUMBER
    ):
        raise _Misfit("must be lines of a key, a tab and a byte offset")
    order = np.argsort(numbers[::2], kind="stable")
    keys, offsets = numbers[::2][order], numbers[1::2][order]
    if (np.diff(keys) == 0).any():
        raise _Misfit("has a duplicate key")
    return keys, offsets


def _check_end(file: RecordFile, offsets: _Ints) -> None:
    """The last record of an index that belongs to the file ends where the file does."""
    if offsets.min() < 0 or (offsets % 4).any():
        raise _Misfit("has invalid record offsets")
    last = int(offsets.max())
    try:
        end = file.end(last)
    except BrokenRecordError as error:
        raise _Misfit(f"its last record is not in the file: {error}") from None
    if end != file.size:
        raise _Misfit(f"ends at byte {end} of {file.size}")


def _by_header_record(
    file: RecordFile, keys: _Ints, offsets: _Ints, skipped: Skipped
) -> RecIndex | None:
    """The index by InsightFace's layout.

    None if the file has another layout or its identity records do not say which identity each image
    is of.
    """
    if keys[0] != 0:
        return None
    header = _head(file, keys[0], offsets[0])
    if header.has_image or len(header.labels) < 2:
        return None
    first, last = (_key(label) for label in header.labels)
    if last > _EXACT:
        return None
    if not np.array_equal(keys, np.arange(last)) or first > last:
        raise _Misfit(f"must have the keys 0 to {last - 1} given in its header record")
    classes = _classes(file, offsets, first, last)
    if classes is None:
        skipped.add("identity records that contradict the image records", file.path.name)
        return _by_own_labels(file, keys[1:first], offsets[1:first], skipped)
    return RecIndex(keys[1:first], offsets[1:first], classes)


def _classes(file: RecordFile, offsets: _Ints, first: int, last: int) -> _Ints | None:
    """The class of images 1 to ``first`` - 1 by the identity records, ``first`` to ``last`` - 1.

    ``offsets`` are by key. None if these leave gaps, or if a range's first and last image are of
    two classes.
    """
    classes = np.full(first, -1, dtype=np.int64)
    for key in range(first, last):
        head = _head(file, key, offsets[key])
        if head.has_image or len(head.labels) < 2:
            return None
        start, stop = (_key(label) for label in head.labels)
        if start < stop <= first:
            ends = {_head(file, end, offsets[end]).labels[0] for end in (start, stop - 1)}
            if len(ends) > 1 or (classes[start:stop] >= 0).any() or not is_class(min(ends)):
                return None
            classes[start:stop] = int(min(ends))
        elif start != stop:
            return None
    return classes[1:] if (classes[1:] >= 0).all() else None


def _by_own_labels(file: RecordFile, keys: _Ints, offsets: _Ints, skipped: Skipped) -> RecIndex:
    """The index if every key is an image with a class of its own."""

    def heads() -> Iterable[tuple[int, Head]]:
        for key, offset in zip(keys.tolist(), offsets.tolist(), strict=True):
            yield key, _head(file, key, offset)

    return _gather(heads(), keys, offsets, file, skipped)


def _read_through(file: RecordFile, skipped: Skipped) -> RecIndex:
    """Every record of the file that contains an image."""
    found = array("q")

    def heads() -> Iterable[tuple[int, Head | BrokenRecordError]]:
        for offset, head in scan_records(file):
            found.append(offset)
            yield offset, head

    index = _gather(heads(), None, found, file, skipped)
    return RecIndex(None, index.offsets, index.classes)


def _gather(
    heads: Iterable[tuple[int, Head | BrokenRecordError]],
    keys: _Ints | None,
    offsets: _Ints | array[int],
    file: RecordFile,
    skipped: Skipped,
) -> RecIndex:
    """Those of ``heads`` that are images with a class.

    ``offsets`` may grow while ``heads`` is iterated.
    """
    kept, classes = array("b"), array("d")
    kind = "byte" if keys is None else "record"
    for where, head in heads:
        fault = _fault(head)
        kept.append(fault is None)
        if fault is None and isinstance(head, Head):
            classes.append(head.labels[0])
        elif fault:
            skipped.add(fault, f"{file.path.name}: {kind} {where}")
    mask = np.asarray(kept, dtype=np.bool_)
    chosen = np.asarray(offsets, dtype=np.int64)[mask]
    return RecIndex(
        None if keys is None else keys[mask], chosen, np.asarray(classes).astype(np.int64)
    )


def _fault(head: Head | BrokenRecordError) -> str | None:
    """Why a record is not used, None if it is.

    Header and identity records are no fault and have no words.
    """
    if isinstance(head, BrokenRecordError):
        return "damaged records"
    if not head.has_image:
        return "" if len(head.labels) == 2 else "records without an image"
    return None if is_class(head.labels[0]) else "records with an invalid label"


def is_class(label: float) -> bool:
    """Whether a label is a class: 0, 1, 2 ..."""
    return 0 <= label < LARGEST_CLASS and label == int(label)


def _key(label: float) -> int:
    if not is_class(label) or label < 1:
        raise _Misfit(f"its header record or an identity record names key {label:g}")
    return int(label)


def _head(file: RecordFile, key: int, offset: int) -> Head:
    try:
        return file.head(int(offset))
    except BrokenRecordError as error:
        raise _Misfit(f"record {key}: {error}") from None
