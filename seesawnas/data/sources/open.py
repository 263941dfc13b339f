"""Opens faces that stay where they are: which kind of source a path means."""

from __future__ import annotations

import os
from pathlib import Path

from seesawnas.data.sources.base import OpenedSource
from seesawnas.data.sources.folder import FolderSource
from seesawnas.data.sources.rec import REC, RecSource
from seesawnas.data.sources.synthetic import PREFIX, SyntheticSource
from seesawnas.errors import DataError
from seesawnas.io.files import expanded

LEAST = 2
"""An identity with one image makes no pair of the same identity, and teaches little."""


def open_source(path: str | Path, *, least: int = LEAST) -> OpenedSource:
    """The faces at ``path``: a folder of identities or with train.rec, a .rec, or ``synthetic:``.

    The last is ``synthetic:PEOPLExIMAGES``. Identities with fewer than ``least`` images are left
    out, and what else is left out is in ``notes``. The same identities have the same labels and the
    same order in a folder and in a .rec that was packed from it by name.

    Raises:
        DataError: If there is no such source, or nothing in it.
    """
    source = _open(path, least)
    if least and not len(source):
        raise DataError(
            "; ".join(
                [
                    f"{source.description}: must contain identities to train on, got none",
                    *source.notes,
                ]
            )
        )
    return source


def _open(path: str | Path, least: int) -> OpenedSource:
    if isinstance(path, str) and path.startswith(PREFIX):
        return SyntheticSource(path, least=least)
    place = expanded(path, DataError)
    if os.path.isfile(place / REC):
        return RecSource(place / REC, least=least)
    if place.suffix.lower() == ".rec" and not os.path.isdir(place):
        return RecSource(place, least=least)
    return FolderSource(place, least=least)
