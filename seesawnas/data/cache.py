"""The cache of decoded images: uint8 pixels in memory-mapped files that all processes share.

Its folder and its limit hold what teachers say of images too
(:mod:`seesawnas.train.feeds.row_cache`).

The name of an entry follows from the content, the files' times, and the height and width, so that
all processes map the same pages for the same images. The pixels are in the order of the first
request, so that the two sides of a split are two slices and no copies.

An entry is a folder that appears whole, by one rename, and is never written to again. Removing one
that is in use is harmless: a process that has mapped its files keeps them. The least recently used
entries are removed to stay within the limit.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import pickle
import secrets
import shutil
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.images import Resolution, UnreadableError, decode, size_of
from seesawnas.data.sources.base import FaceSource, OpenedSource
from seesawnas.errors import DataError
from seesawnas.io.files import expanded, home
from seesawnas.units import format_bytes, parse_quantity

LIMIT = "20G"
"""Bytes of all entries together, unless SEESAWNAS_CACHE_LIMIT is set."""

ROWS = "teacher-"
"""How the entries of :mod:`seesawnas.train.feeds.row_cache` begin."""
_DRAFT = ".draft-"
_ABANDONED = 86_400.0  # seconds after which a draft has no writer any more


def cache_folder() -> Path | None:
    """$SEESAWNAS_CACHE, or seesawnas in $XDG_CACHE_HOME, or ~/.cache/seesawnas; it need not exist.

    None without a home directory.

    Raises:
        InvalidInput: If SEESAWNAS_CACHE begins with a ~ that cannot be resolved.
    """
    own = os.environ.get("SEESAWNAS_CACHE")
    if own:
        return expanded(own)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "seesawnas"
    return None if (found := home()) is None else found / ".cache" / "seesawnas"


def cache_limit() -> int:
    """The most bytes that all entries may take together.

    Raises:
        DataError: If SEESAWNAS_CACHE_LIMIT is not a number.
    """
    text = os.environ.get("SEESAWNAS_CACHE_LIMIT") or LIMIT
    try:
        return parse_quantity(text)
    except ValueError as error:
        raise DataError(f"SEESAWNAS_CACHE_LIMIT: {error}") from None


def entries() -> list[tuple[Path, int]]:
    """(entry, bytes), the least recently used first."""
    aged = []
    with contextlib.suppress(OSError):
        folder = cache_folder()
        for entry in () if folder is None else folder.iterdir():
            with contextlib.suppress(OSError):  # another process may remove it just now
                if entry.is_dir() and not entry.is_symlink() and _is_ours(entry):
                    aged.append((entry.stat().st_mtime, entry, _size(entry)))
    return [(entry, size) for _, entry, size in sorted(aged)]


def remove_entry(entry: Path) -> None:
    """Remove an entry; another process may remove it too."""
    shutil.rmtree(entry, ignore_errors=True)


def make_room(wanted: int) -> bool:
    """Remove the least recently used entries until ``wanted`` bytes fit into the limit.

    False if they cannot fit.
    """
    limit = cache_limit()
    if wanted > limit:
        return False
    there = entries()
    total = sum(size for _, size in there)
    for entry, size in there:
        is_abandoned = (
            entry.name.startswith(_DRAFT) and time.time() - entry.stat().st_mtime > _ABANDONED
        )
        if is_abandoned or (total + wanted > limit and not entry.name.startswith(_DRAFT)):
            remove_entry(entry)
            total -= size
    return True


@contextmanager
def new_entry(folder: Path, name: str) -> Iterator[Path]:
    """A folder to write in, which becomes the entry ``name`` of ``folder`` if the block succeeds.

    Raises:
        OSError: If a folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f"{_DRAFT}{secrets.token_hex(8)}"
    draft.mkdir(mode=0o700)
    try:
        yield draft
        # If another process was faster, its entry is as good.
        with contextlib.suppress(FileExistsError, OSError):
            draft.rename(folder / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def touch(entry: Path) -> None:
    """Mark an entry as used now."""
    with contextlib.suppress(OSError):
        os.utime(entry)


def _is_ours(entry: Path) -> bool:
    return entry.name.startswith((_DRAFT, "faces-", ROWS))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


_Place: TypeAlias = tuple[str, int, str, tuple[int, ...]]


def pickle_mapped_arrays(value: object) -> bytes:
    """``value`` for ``pickle.loads`` on this machine; mapped arrays are sent as places in files.

    All else is pickled as usual. What was written to a mapped array since is not sent: the file is
    as it was.
    """
    file = io.BytesIO()
    _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def map_file(path: str | Path, offset: int, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array at ``offset``, mapped copy-on-write.

    Writes to it change neither the file nor what other processes see.
    """
    return np.memmap(path, dtype=kind, mode="c", offset=offset, shape=shape).view(np.ndarray)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object) -> tuple[Callable[..., NDArray[Any]], _Place] | Any:
        place = _place(value) if isinstance(value, np.ndarray) else None
        return NotImplemented if place is None else (map_file, place)


def _place(array: NDArray[Any]) -> _Place | None:
    """The file that ``array`` maps and the place in it.

    None if it maps no file, or one that was removed.
    """
    base: Any = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    if (
        not isinstance(base, np.memmap)
        or not array.flags.c_contiguous
        or not os.path.exists(str(base.filename))
    ):
        return None
    while isinstance(base.base, np.memmap):
        base = base.base
    offset = (
        base.offset + array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    )
    return str(base.filename), int(offset), array.dtype.str, array.shape


_VERSION = 1  # of what ``decode`` does and of the files' form
_BATCH = 1024


@dataclass(frozen=True, eq=False)
class Decoded:
    """Decoded images of a source.

    Attributes:
        pixels: uint8 (M, H, W, 3).
        rows: int64 (N,), the row of each image of the source in ``pixels``, -1 if it has none.
        note: Why the images were not cached, if they were not.
    """

    pixels: NDArray[np.uint8]
    rows: NDArray[np.int64]
    note: str = ""

    def take(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pixels of images of the source: a slice if their rows are consecutive, else a copy."""
        rows = self.rows[indices]
        if len(rows) and (np.diff(rows) == 1).all():
            return self.pixels[rows[0] : rows[-1] + 1]
        return self.pixels[rows]


def decoded(source: OpenedSource, order: NDArray[np.int64], resolution: Resolution) -> Decoded:
    """The images ``order`` of ``source``, from the cache or into it; unreadable ones have no row.

    Raises:
        DataError: If they need more memory than the machine has.
    """
    size = len(order) * int(np.prod(size_of(resolution))) * 3
    _check_memory(size)
    folder, name = cache_folder(), _name(source, order, resolution)
    if folder is None:
        return _in_memory(
            source,
            order,
            resolution,
            "there is no home directory for the cache; set SEESAWNAS_CACHE",
        )
    found = _read(folder / name, order, resolution, len(source))
    if found is not None:
        return found
    try:
        if not make_room(size):
            return _in_memory(
                source, order, resolution, "the decoded images exceed SEESAWNAS_CACHE_LIMIT"
            )
        with new_entry(folder, name) as draft:
            _write(draft, source, order, resolution)
    except OSError as error:
        return _in_memory(source, order, resolution, f"{error.strerror or error}")
    made = _read(folder / name, order, resolution, len(source))
    return made or _in_memory(
        source, order, resolution, "the cache files were deleted while they were written"
    )


def decode_all(
    source: FaceSource, order: NDArray[np.int64], resolution: Resolution
) -> Iterator[NDArray[np.uint8] | None]:
    """The pixels of each image in order, None if it is unreadable; one thread per processor."""

    def one(index: int) -> NDArray[np.uint8] | None:
        try:
            return decode(io.BytesIO(source.payload(index)), resolution)
        except (DataError, UnreadableError):
            return None

    # Filters of warnings belong to all threads: what ``decode`` sets in one must already hold in
    # the others.
    with warnings.catch_warnings(), ThreadPoolExecutor(processors()) as threads:
        warnings.simplefilter("ignore")
        for start in range(0, len(order), _BATCH):
            yield from threads.map(one, order[start : start + _BATCH].tolist())


def processors() -> int:
    """How many processors this process may use; if the system does not say, how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _name(source: OpenedSource, order: NDArray[np.int64], resolution: Resolution) -> str:
    height, width = size_of(resolution)
    # Squares keep the names that they have always had.
    key = height if height == width else (height, width)
    content = (_VERSION, source.fingerprint, source.stamp(), len(source), len(order), key)
    return f"faces-{hashlib.sha256(repr(content).encode()).hexdigest()[:24]}"


def _write(
    draft: Path, source: OpenedSource, order: NDArray[np.int64], resolution: Resolution
) -> None:
    readable, check = np.zeros(len(order), dtype=np.bool_), 0
    with (draft / "pixels").open("xb") as file:
        for place, pixels in enumerate(decode_all(source, order, resolution)):
            if pixels is not None:
                readable[place] = True
                content = pixels.tobytes()
                check = zlib.crc32(content, check)
                file.write(content)
        file.flush()
        os.fsync(file.fileno())
    np.save(draft / "rows.npy", order[readable])
    known = {
        "crc32": [
            check,
            zlib.crc32(np.sort(order).tobytes()),
            zlib.crc32(order[readable].tobytes()),
        ]
    }
    (draft / "entry.json").write_text(json.dumps(known))


def _read(
    entry: Path, order: NDArray[np.int64], resolution: Resolution, total: int
) -> Decoded | None:
    """What the entry contains, or None if there is none.

    A damaged entry is removed, so that it is made again.
    """
    if not entry.is_dir():
        return None
    try:
        held: NDArray[np.int64] = np.load(entry / "rows.npy", allow_pickle=False)
        shape = (len(held), *size_of(resolution), 3)
        pixels = _mapped(entry / "pixels", shape)
        known: Any = json.loads((entry / "entry.json").read_text())
        seen = [zlib.crc32(content.data) for content in (pixels, np.sort(order), held)]
        if known["crc32"] == seen:
            touch(entry)
            rows = np.full(total, -1, dtype=np.int64)
            rows[held] = np.arange(len(held))
            return Decoded(pixels, rows)
    except (OSError, ValueError, LookupError, TypeError, EOFError, RecursionError):
        pass
    remove_entry(entry)
    return None


def _mapped(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if path.stat().st_size != int(np.prod(shape)):
        raise ValueError("unexpected file size")
    if not shape[0]:
        return np.empty(shape, dtype=np.uint8)
    return map_file(path, 0, "|u1", shape)


def _in_memory(
    source: OpenedSource, order: NDArray[np.int64], resolution: Resolution, note: str
) -> Decoded:
    pixels = np.empty((len(order), *size_of(resolution), 3), dtype=np.uint8)
    rows, count = np.full(len(source), -1, dtype=np.int64), 0
    for index, image in zip(order.tolist(), decode_all(source, order, resolution), strict=True):
        if image is not None:
            pixels[count], rows[index] = image, count
            count += 1
    return Decoded(pixels[:count], rows, f"images are decoded again in every run: {note}")


def _check_memory(size: int) -> None:
    import psutil

    there = psutil.virtual_memory().total
    if size > there:
        sizes = f"{format_bytes(size)} decoded, this machine has {format_bytes(there)}"
        raise DataError(
            f"too many images for memory: {sizes}; use fewer identities (seesawnas data subset)"
        )
