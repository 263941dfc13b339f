"""Rows of numbers that take long to compute, one per image, in the cache of decoded images.

An entry is a folder as those of decoded images are, under the same limit. It is written under
another name (``NAME.part``) and renamed when all rows are there; the next process continues a part
that was left, after a check of what it holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from seesawnas.data.cache import ROWS, cache_folder, make_room, map_file, remove_entry, touch
from seesawnas.errors import DataError
from seesawnas.io.files import write_atomically
from seesawnas.units import format_bytes

Rows: TypeAlias = NDArray[np.float16]
Compute: TypeAlias = Callable[[int], Iterator[Rows]]
"""The rows from one number on, by batches; the same batches wherever one of them begins."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Said before the first row, if rows are not kept in the cache.

    Attributes:
        size: Of all rows, in bytes.
        why: Why they are not kept.
    """

    size: int
    why: str

    @property
    def note(self) -> str:
        """In a line."""
        return (
            f"embeddings ({format_bytes(self.size)}) are held in memory and computed again in "
            f"every run: {self.why}"
        )


Progress: TypeAlias = int | InMemory
"""How many rows there are so far, or, before the first, that they are not kept."""

_ABOUT, _FILE, _PART = "entry.json", "rows", ".part"
_SAVED_EVERY = 5.0  # seconds between two moments that a killed process is continued from
_LOOKED_EVERY = 0.2  # seconds between two looks at whether another process is done


@dataclass(frozen=True, eq=False)
class CachedRows:
    """Rows, mapped from a file or in memory.

    Attributes:
        rows: float16 (N, ...).
        was_there: Whether nothing had to be computed.
    """

    rows: Rows
    was_there: bool


def cached_rows(
    key: object, shape: tuple[int, ...], compute: Compute, copies: int = 1
) -> Generator[Progress, None, CachedRows]:
    """The rows that follow from ``key``, from the cache or into it.

    Of several processes that ask for the same, one computes and the others wait.

    Args:
        key: All that the rows depend on; its ``repr`` names the entry.
        shape: (N, ...), of all rows.
        compute: Makes them.
        copies: How many times they will be in memory, on this machine, if they cannot be mapped
            from the cache.

    Yields:
        How many rows there are so far, now and then; the caller may stop in between, and the next
        call goes on from there. Before the first, that they are not kept, if they are not.

    Returns:
        All rows.

    Raises:
        DataError: If the cache's files cannot be written, after they could at first; or if the rows
            cannot be kept there and do not fit in the memory that is free.
    """
    folder = cache_folder()
    if folder is None:
        why = "there is no home directory for the cache; set SEESAWNAS_CACHE"
        return (yield from _in_memory(shape, compute, copies, why))
    entry = folder / f"{ROWS}{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}"
    if (found := _read(entry, shape)) is not None:
        return CachedRows(found, was_there=True)
    part = entry.with_name(entry.name + _PART)
    touch(part)  # so that the room is not made at its expense
    why = ""
    try:
        if make_room(max(0, 2 * math.prod(shape) - _bytes_of(part / _FILE))):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock(entry.with_name(f"{entry.name}.lock"), mode=0o600)
            yield from _wait_for(lock)
        else:
            why = "they exceed SEESAWNAS_CACHE_LIMIT"
    except OSError as error:
        why = f"{error.strerror or error}"
    if why:
        return (yield from _in_memory(shape, compute, copies, why))
    try:
        if (found := _read(entry, shape)) is not None:  # another process made it meanwhile
            return CachedRows(found, was_there=True)
        yield from _write(part, shape, compute)
        part.rename(entry)
        # Whoever waits for it finds the entry, whichever file of that name it has locked.
        with contextlib.suppress(OSError):
            os.unlink(lock.lock_file)
    except OSError as error:
        raise DataError(
            f"{part}: cannot be written: {error.strerror or error}; the same command continues "
            "from what is there"
        ) from None
    finally:
        lock.release()
    if (found := _read(entry, shape)) is None:
        raise DataError(f"{entry}: was deleted while it was written; run the same command again")
    return CachedRows(found, was_there=False)


def _bytes_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _wait_for(lock: FileLock) -> Iterator[int]:
    while True:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            time.sleep(_LOOKED_EVERY)
            yield 0
        else:
            return


def _write(part: Path, shape: tuple[int, ...], compute: Compute) -> Iterator[int]:
    part.mkdir(exist_ok=True, mode=0o700)
    size = 2 * math.prod(shape[1:])
    with open(os.open(part / _FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b") as file:
        done, check = _whole(file, _about(part), size)
        file.truncate(done * size)
        file.seek(done * size)
        saved = time.monotonic()
        for batch in compute(done) if done < shape[0] else ():
            content = batch.astype("<f2").tobytes()
            file.write(content)
            done, check = done + len(batch), zlib.crc32(content, check)
            if done == shape[0] or time.monotonic() - saved >= _SAVED_EVERY:
                _save(file, part, done, check)
                saved = time.monotonic()
            try:
                yield done
            except GeneratorExit:  # the user stops it here
                _save(file, part, done, check)
                raise
        if not shape[0]:
            _save(file, part, done, check)


def _save(file: IO[bytes], part: Path, done: int, check: int) -> None:
    file.flush()
    os.fsync(file.fileno())
    write_atomically(part / _ABOUT, json.dumps({"rows": done, "crc32": check}), within=part)


def _whole(file: IO[bytes], about: tuple[int, int] | None, size: int) -> tuple[int, int]:
    """How many rows of ``file`` are as they were written, and their checksum."""
    if about is None:
        return 0, 0
    rows, wanted = about
    check, left = 0, rows * size
    while left and (content := file.read(min(left, 1 << 24))):
        check, left = zlib.crc32(content, check), left - len(content)
    return (rows, check) if not left and check == wanted else (0, 0)


def _about(entry: Path) -> tuple[int, int] | None:
    """(rows, checksum) as they were saved; None if nothing was, or it is damaged."""
    try:
        known: Any = json.loads((entry / _ABOUT).read_text())
        rows, check = known["rows"], known["crc32"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    is_sound = type(rows) is int and type(check) is int and rows >= 0
    return (rows, check) if is_sound else None


def _read(entry: Path, shape: tuple[int, ...]) -> Rows | None:
    """What the entry contains, or None if there is none.

    A damaged entry is removed, so that it is made again.
    """
    if not entry.is_dir():
        return None
    try:
        about, size = _about(entry), 2 * math.prod(shape)
        if about is not None and (entry / _FILE).stat().st_size == size:
            rows: Rows = (
                map_file(entry / _FILE, 0, "<f2", shape) if size else np.empty(shape, np.float16)
            )
            if about == (shape[0], zlib.crc32(rows.data)):
                touch(entry)
                return rows
    except (OSError, ValueError):
        pass
    remove_entry(entry)
    return None


def _in_memory(
    shape: tuple[int, ...], compute: Compute, copies: int, why: str
) -> Generator[Progress, None, CachedRows]:
    size = 2 * math.prod(shape)
    _check_memory(size, copies, why)
    yield InMemory(size, why)
    rows, done = np.empty(shape, np.float16), 0
    for batch in compute(0):
        rows[done : done + len(batch)] = batch
        done += len(batch)
        yield done
    return CachedRows(rows, was_there=False)


def _check_memory(size: int, copies: int, why: str) -> None:
    """Check that ``size`` bytes are free ``copies`` times, in every process of a team here.

    Raises:
        DataError: If they are not; it says ``why`` they are not kept in the cache.
    """
    import psutil

    there = int(psutil.virtual_memory().available)
    processes = max(1, int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
    times = copies * processes
    if size * times > there:
        held = f" {times} times, for each process that holds them" if times > 1 else ""
        raise DataError(
            f"embeddings must fit in the memory that is free, {format_bytes(there)}, got "
            f"{format_bytes(size)}{held}; they are not in the cache: {why}"
        )
