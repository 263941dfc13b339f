"""A folder of identities: one sub-folder a person, pictures inside."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.decode import SUFFIXES, UnreadableError, decode
from seesawnas.data.faces import Faces
from seesawnas.data.split import split_people
from seesawnas.errors import DataError

_NAMED = 3
_LEAST = 2  # a person with one picture makes no pair of the same person


class LeftOut:
    """What reading a folder left out: relative paths by reason."""

    def __init__(self) -> None:
        self._paths: dict[str, list[str]] = defaultdict(list)

    def add(self, reason: str, path: str) -> None:
        """Remember one path."""
        self._paths[reason].append(path)

    def notes(self) -> tuple[str, ...]:
        """One line a reason: the count, the reason, the first few paths."""
        return tuple(f"{reason}: {len(paths)} ({_first(paths)})" for reason, paths in self._paths.items())


def read_folder(root: Path, *, resolution: int, seed: int, share: float) -> tuple[Faces, Faces, tuple[str, ...]]:
    """Return (training, verification, notes) of the people under ``root``, people and files in sorted order.

    Raises DataError, in one line, where ``root`` is no folder or holds too few people with two readable images.
    """
    left_out = LeftOut()
    kept: dict[str, NDArray[np.uint8]] = {}
    for person, files in list_people(root, left_out):
        images = _read_person(root, files, resolution, left_out) if len(files) >= _LEAST else []
        if len(images) >= _LEAST:
            kept[person] = np.stack(images)
        else:
            left_out.add("people with fewer than two readable images", person)
    try:
        training, verification = split_people(list(kept), seed=seed, share=share)
    except DataError as error:
        raise DataError("; ".join([f"{_printable(str(root))}: {error}", *left_out.notes()])) from None
    return _gather(kept, training), _gather(kept, verification), left_out.notes()


def list_people(root: Path, left_out: LeftOut) -> list[tuple[str, list[str]]]:
    """Return [(person, [picture, ...]), ...], paths relative to ``root``, sorted; hidden entries are passed over.

    Raises DataError where ``root`` is missing or not a folder.
    """
    # os.path's questions answer False where pathlib's raise: no permission, a name too long, a zero byte.
    if not os.path.exists(root):
        raise DataError(f"{_printable(str(root))}: there is no such folder")
    if not os.path.isdir(root):
        raise DataError(f"{_printable(str(root))}: must be a folder with one sub-folder a person")
    home = os.path.realpath(root)
    people = []
    for name in _entries(root, left_out, ""):
        if not _stays_inside(home, root / name):
            left_out.add("links that lead outside the folder", name)
        elif os.path.isdir(root / name):
            people.append((name, _list_pictures(root, home, name, left_out)))
        else:
            left_out.add("files beside the people's folders", name)
    return people


def _list_pictures(root: Path, home: str, person: str, left_out: LeftOut) -> list[str]:
    pictures = []
    for name in _entries(root / person, left_out, person):
        path = f"{person}/{name}"
        if not _stays_inside(home, root / path):
            left_out.add("links that lead outside the folder", path)
        elif not os.path.isfile(root / path) or Path(name).suffix.lower() not in SUFFIXES:
            left_out.add("entries that are not JPEG, PNG or PGM files", path)
        else:
            pictures.append(path)
    return pictures


def _entries(folder: Path, left_out: LeftOut, shown: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        left_out.add("folders that cannot be read", shown)
        return []


def _stays_inside(home: str, path: Path) -> bool:
    # Only a link can leave the folder, and resolving every path costs more than decoding a small picture.
    return not os.path.islink(path) or os.path.realpath(path).startswith(home + os.sep)


def _read_person(root: Path, paths: Sequence[str], resolution: int, left_out: LeftOut) -> list[NDArray[np.uint8]]:
    images = []
    for path in paths:
        try:
            images.append(decode(root / path, resolution))
        except UnreadableError:
            left_out.add("unreadable images", path)
    return images


def _gather(pictures: dict[str, NDArray[np.uint8]], names: Sequence[str]) -> Faces:
    counts = [len(pictures[name]) for name in names]
    images = np.empty((sum(counts), *pictures[names[0]].shape[1:]), dtype=np.uint8)
    start = 0
    for name, count in zip(names, counts, strict=True):
        images[start : start + count] = pictures.pop(name)  # popped, so the peak is one copy and not two
        start += count
    return Faces(images, np.repeat(np.arange(len(names), dtype=np.int64), counts), tuple(names))


def _first(paths: Sequence[str]) -> str:
    return ", ".join(_printable(path) for path in paths[:_NAMED]) + (", ..." if len(paths) > _NAMED else "")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
