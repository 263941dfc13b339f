"""A folder of identities whose pictures stay on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.decode import Resolution
from seesawnas.data.folder import list_people
from seesawnas.data.left_out import LeftOut
from seesawnas.data.pictures import Pictures
from seesawnas.errors import DataError
from seesawnas.files import expanded


def open_folder(path: str | Path, *, resolution: Resolution) -> tuple[Pictures, NDArray[np.int64], tuple[str, ...]]:
    """Return (pictures, labels int64 (N,), notes) of the people under ``path``, people and files in sorted order.

    Raises DataError, in one line, where it is no folder of identities.
    """
    root, left_out = expanded(path, DataError), LeftOut()
    places, labels = [], []
    for number, (_, files) in enumerate(list_people(root, left_out)):
        places += files
        labels += [number] * len(files)
    if not places:
        raise DataError("; ".join([f"{root}: holds no pictures of people", *left_out.notes()]))
    pictures = Pictures([root / place for place in places], places, resolution)
    return pictures, np.array(labels, dtype=np.int64), left_out.notes()
