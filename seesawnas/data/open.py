"""The door to faces that stay where they are: which kind of source a path means."""

from __future__ import annotations

import os
from pathlib import Path

from seesawnas.data.folder import FolderSource
from seesawnas.data.rec import REC, RecSource
from seesawnas.data.source import OpenedSource
from seesawnas.data.synthetic import PREFIX, SyntheticSource

LEAST = 2
"""A person with one picture makes no pair of the same person, and teaches little."""


def open_source(path: str | Path, *, least: int = LEAST) -> OpenedSource:
    """The faces at ``path``: a folder of identities, a folder with train.rec, a .rec, or ``synthetic:PEOPLExIMAGES``.

    People with fewer than ``least`` pictures are left out, and what else is left out is in ``notes``. The same people have
    the same labels and the same order in a folder and in a .rec that was packed from it by name. Raises DataError, in one
    line, where there is no such thing, or nothing in it.
    """
    if isinstance(path, str) and path.startswith(PREFIX):
        return SyntheticSource(path)
    place = Path(os.path.expanduser(path))
    if os.path.isfile(place / REC):
        return RecSource(place / REC, least=least)
    if place.suffix.lower() == ".rec" and os.path.isfile(place):
        return RecSource(place, least=least)
    return FolderSource(place, least=least)
