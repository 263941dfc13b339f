"""RecordIO, MXNet's container: records in a row, each behind a magic number and its length.

Files are read by ``pread`` and not through a memory map: threads and forked workers share one
descriptor, what was read does not count as resident memory, and a file that is cut short under a
running training is an error and no SIGBUS.
"""

from __future__ import annotations

import os
import struct
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

MAGIC = struct.pack("<I", 0xCED7230A)
WHOLE, START, MIDDLE, END = range(4)
"""The continuation flag.

A record that holds the magic number is split there, and the number is dropped.
"""

MAX_LENGTH = (1 << 29) - 1
_FRAME = struct.Struct("<4sI")
_IMAGE = struct.Struct("<IfQQ")  # flag, label, id, id2
HEAD = _FRAME.size + _IMAGE.size + 8
"""How many bytes of a record say everything about it but its image.

Frame, header and two labels.
"""

_CHUNK = 1 << 20


class BrokenRecordError(Exception):
    """There is no whole record at a place; the reason in a few words."""


class Head(NamedTuple):
    """The beginning of a record.

    Attributes:
        labels: Its class, or the two keys of a header record.
        has_image: Whether an image follows.
    """

    labels: tuple[float, ...]
    has_image: bool


class RecordFile:
    """A .rec file by byte offset. It can be pickled; the copy opens the file for itself."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._open()

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.path = state["path"]
        self._open()

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)
        self.size = os.fstat(self._file).st_size

    def bytes_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes: fewer at the end of the file."""
        return os.pread(self._file, count, offset)

    def head(self, offset: int) -> Head:
        """What the record at ``offset`` is.

        Raises:
            BrokenRecordError: If no whole record begins there, or it is too short for its header.
        """
        flag, length, _ = self._frame(offset, starts=True)
        if flag != WHOLE:  # the magic number may even have stood in the header
            record = self.record(offset)
            return parse_head(record, len(record))
        return parse_head(self.bytes_at(offset + _FRAME.size, HEAD - _FRAME.size), length)

    def record(self, offset: int) -> bytes:
        """The whole record at ``offset``, parts joined.

        Raises:
            BrokenRecordError: If no whole record begins there.
        """
        flag, length, end = self._frame(offset, starts=True)
        parts = [self._body(offset, length)]
        while flag not in (WHOLE, END):
            offset = end
            flag, length, end = self._frame(offset, starts=False)
            parts.append(self._body(offset, length))
        return MAGIC.join(parts)

    def end(self, offset: int) -> int:
        """Where the record at ``offset`` ends, padding included.

        Raises:
            BrokenRecordError: If no whole record begins there.
        """
        flag, _, end = self._frame(offset, starts=True)
        while flag not in (WHOLE, END):
            flag, _, end = self._frame(end, starts=False)
        return end

    def _frame(self, offset: int, *, starts: bool) -> tuple[int, int, int]:
        frame = self.bytes_at(offset, _FRAME.size) if offset >= 0 and offset % 4 == 0 else b""
        return parse_frame(frame, offset, self.size, starts=starts)

    def _body(self, offset: int, length: int) -> bytes:
        body = self.bytes_at(offset + _FRAME.size, length)
        if len(body) < length:
            raise BrokenRecordError("the file has become shorter")
        return body


def parse_frame(frame: bytes, offset: int, size: int, *, starts: bool) -> tuple[int, int, int]:
    """Return (flag, length, end) of the part that begins with ``frame``.

    Raises:
        BrokenRecordError: If it is not the start of a record (``starts``) or of a later part, or
            ends beyond ``size``.
    """
    if len(frame) < _FRAME.size or frame[:4] != MAGIC:
        raise BrokenRecordError(f"byte {offset} is not the start of a record")
    flag, length = divmod(_FRAME.unpack(frame)[1], MAX_LENGTH + 1)
    if flag > END or (flag in (WHOLE, START)) != starts:
        raise BrokenRecordError(
            f"byte {offset} is the middle of a record" if starts else "record end is missing"
        )
    end = offset + _FRAME.size + (length + 3) // 4 * 4
    if offset + _FRAME.size + length > size:
        raise BrokenRecordError("truncated record")
    return flag, length, end


def parse_head(start: bytes, length: int) -> Head:
    """What a record is, if its first part is ``length`` long and begins with ``start``.

    Raises:
        BrokenRecordError: If it is too short for a header or its labels.
    """
    if min(length, len(start)) < _IMAGE.size:
        raise BrokenRecordError("too short for a header")
    flag, label, _, _ = _IMAGE.unpack_from(start)
    if not flag:
        return Head((label,), length > _IMAGE.size)
    before = _IMAGE.size + 4 * flag
    if length < before:
        raise BrokenRecordError(f"too short for its {flag} labels")
    return Head(struct.unpack_from(f"<{min(flag, 2)}f", start, _IMAGE.size), length > before)


def image_of(record: bytes) -> tuple[float, bytes]:
    """The first label and the encoded image.

    Raises:
        BrokenRecordError: If there is no image.
    """
    head = parse_head(record, len(record))
    flag = _IMAGE.unpack_from(record)[0]
    if not head.has_image:
        raise BrokenRecordError("record without image")
    return head.labels[0], record[_IMAGE.size + 4 * flag :]


def scan_records(file: RecordFile) -> Iterator[tuple[int, Head | BrokenRecordError]]:
    """Every record by offset, in order.

    After a broken record the scan continues at the next magic number.
    """
    offset, chunk, start = 0, b"", 0
    while offset < file.size:
        if offset + HEAD > start + len(chunk):
            chunk, start = file.bytes_at(offset, _CHUNK), offset
        at = offset - start
        try:
            flag, length, end = parse_frame(
                chunk[at : at + _FRAME.size], offset, file.size, starts=True
            )
            found: Head | BrokenRecordError
            if flag == WHOLE:
                found = parse_head(chunk[at + _FRAME.size : at + HEAD], length)
            else:
                end, found = file.end(offset), file.head(offset)
        except BrokenRecordError as error:
            found, end = error, _next_magic(file, offset + 4)
        yield offset, found
        offset = end


def _next_magic(file: RecordFile, offset: int) -> int:
    """The first aligned place from ``offset`` on with a magic number, or the end of the file."""
    while chunk := file.bytes_at(offset, _CHUNK):
        at = chunk.find(MAGIC)
        while at >= 0:
            place = offset + at
            frame = chunk[at : at + _FRAME.size]
            if place % 4 == 0 and (len(frame) < _FRAME.size or frame[7] >> 5 in (WHOLE, START)):
                return place
            at = chunk.find(MAGIC, at + 1)
        if len(chunk) < _CHUNK:
            break
        offset += _CHUNK - 3  # the number may lie across the border
    return file.size


def encode_record(
    labels: float | tuple[float, ...], key: int, second: int = 0, image: bytes = b""
) -> bytes:
    """The bytes of one record, padded, as MXNet writes them.

    Raises:
        ValueError: If it is too long for the format.
    """
    flag, label = (len(labels), 0.0) if isinstance(labels, tuple) else (0, labels)
    more = struct.pack(f"<{len(labels)}f", *labels) if isinstance(labels, tuple) else b""
    return frame(_IMAGE.pack(flag, label, key, second) + more + image)


def frame(record: bytes) -> bytes:
    """``record`` behind magic number and length, split if it contains the magic number itself."""
    if len(record) > MAX_LENGTH:
        raise ValueError(f"a record has at most {MAX_LENGTH} bytes, got {len(record)}")
    parts = _split(record)
    flags = [WHOLE] if len(parts) == 1 else [START, *[MIDDLE] * (len(parts) - 2), END]
    framed = [
        _FRAME.pack(MAGIC, flag << 29 | len(part)) + part + bytes(-len(part) % 4)
        for flag, part in zip(flags, parts, strict=True)
    ]
    return b"".join(framed)


def _split(record: bytes) -> list[bytes]:
    parts, start = [], 0
    at = record.find(MAGIC)
    while at >= 0:
        if at % 4 == 0 and at + 4 <= len(record) // 4 * 4:
            parts.append(record[start:at])
            start = at + 4
        at = record.find(MAGIC, max(at + 1, start))
    return [*parts, record[start:]]
