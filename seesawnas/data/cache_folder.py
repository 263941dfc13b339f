"""The folder of things that can be made again: where it is, that it stays within its bound, and how it is emptied.

An entry is a folder that appears whole, by one rename, and is never written to again. Removing one that is in use is
harmless: who has mapped its files keeps them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seesawnas.errors import DataError
from seesawnas.files import expanded, home
from seesawnas.units import parse_quantity

LIMIT = "20G"
"""Bytes of all entries together, where SEESAWNAS_CACHE_LIMIT does not say otherwise."""

_DRAFT = ".draft-"
_ABANDONED = 86_400.0  # seconds after which a draft has no writer any more


def cache_folder() -> Path | None:
    """$SEESAWNAS_CACHE, or seesawnas in $XDG_CACHE_HOME, or ~/.cache/seesawnas; it need not exist.

    None where there is no home directory. Raises InvalidInput where SEESAWNAS_CACHE begins with a ~ that means none.
    """
    own = os.environ.get("SEESAWNAS_CACHE")
    if own:
        return expanded(own)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "seesawnas"
    return None if (found := home()) is None else found / ".cache" / "seesawnas"


def cache_limit() -> int:
    """Bytes that the entries may take together. Raises DataError where SEESAWNAS_CACHE_LIMIT is no number."""
    text = os.environ.get("SEESAWNAS_CACHE_LIMIT") or LIMIT
    try:
        return parse_quantity(text)
    except ValueError as error:
        raise DataError(f"SEESAWNAS_CACHE_LIMIT: {error}") from None


def entries() -> list[tuple[Path, int]]:
    """(entry, bytes), the one used longest ago first."""
    aged = []
    with contextlib.suppress(OSError):
        folder = cache_folder()
        for entry in () if folder is None else folder.iterdir():
            with contextlib.suppress(OSError):  # another process may remove it just now
                if entry.is_dir() and not entry.is_symlink() and _is_ours(entry):
                    aged.append((entry.stat().st_mtime, entry, _size(entry)))
    return [(entry, size) for _, entry, size in sorted(aged)]


def remove_entry(entry: Path) -> None:
    """Remove one; that another process was faster is fine."""
    shutil.rmtree(entry, ignore_errors=True)


def make_room(wanted: int) -> bool:
    """Remove what was used longest ago until ``wanted`` bytes more are within the limit; False where they cannot be."""
    limit = cache_limit()
    if wanted > limit:
        return False
    there = entries()
    total = sum(size for _, size in there)
    for entry, size in there:
        is_abandoned = entry.name.startswith(_DRAFT) and time.time() - entry.stat().st_mtime > _ABANDONED
        if is_abandoned or (total + wanted > limit and not entry.name.startswith(_DRAFT)):
            remove_entry(entry)
            total -= size
    return True


@contextmanager
def new_entry(folder: Path, name: str) -> Iterator[Path]:
    """A draft to write in, which becomes the entry ``name`` of the cache ``folder`` where the block ends well. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f"{_DRAFT}{secrets.token_hex(8)}"
    draft.mkdir(mode=0o700)
    try:
        yield draft
        # Where another process was faster its entry is as good.
        with contextlib.suppress(FileExistsError, OSError):
            draft.rename(folder / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def touch(entry: Path) -> None:
    """Note that an entry was used now."""
    with contextlib.suppress(OSError):
        os.utime(entry)


def _is_ours(entry: Path) -> bool:
    return entry.name.startswith((_DRAFT, "faces-"))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
