"""Arrays that lie in a file, sent to another process of this machine as their place in it: both then use the same memory."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Place: TypeAlias = tuple[str, int, str, tuple[int, ...]]


def pickle_by_place(value: object) -> bytes:
    """``value`` for ``pickle.loads`` on this machine; arrays that are mapped files go as places, all else as ever.

    What was written to a mapped array since is not sent: the file is as it was.
    """
    file = io.BytesIO()
    _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def map_file(path: str | Path, offset: int, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array at ``offset``; whoever writes to it changes neither the file nor what others see."""
    return np.memmap(path, dtype=kind, mode="c", offset=offset, shape=shape).view(np.ndarray)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object) -> tuple[Callable[..., NDArray[Any]], _Place] | Any:
        place = _place(value) if isinstance(value, np.ndarray) else None
        return NotImplemented if place is None else (map_file, place)


def _place(array: NDArray[Any]) -> _Place | None:
    """Where ``array`` lies, None where that is no file, or one that was removed since."""
    base: Any = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    if not isinstance(base, np.memmap) or not array.flags.c_contiguous or not os.path.exists(str(base.filename)):
        return None
    while isinstance(base.base, np.memmap):
        base = base.base
    offset = base.offset + array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return str(base.filename), int(offset), array.dtype.str, array.shape
