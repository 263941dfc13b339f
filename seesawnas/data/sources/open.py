"""Opens faces that stay where they are: which kind of source a path means.

Packages offer kinds of their own by entry points ``seesawnas.data_sources``: ``NAME:PLACE`` is what
the entry point NAME opens.
"""

from __future__ import annotations

import os
import re
from inspect import getattr_static
from pathlib import Path
from typing import Any

from seesawnas.data.skipped import printable
from seesawnas.data.sources.base import OpenedSource
from seesawnas.data.sources.folder import FolderSource
from seesawnas.data.sources.rec import REC, RecSource
from seesawnas.data.sources.synthetic import PREFIX, SyntheticSource
from seesawnas.errors import DataError, InvalidInput
from seesawnas.io.entry_points import Extensions
from seesawnas.io.files import expanded
from seesawnas.text import error_line, short

LEAST = 2
"""An identity with one image makes no pair of the same identity, and teaches little."""


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_.+-]+):(.*)", re.DOTALL)
_MEMBERS = (
    "labels",
    "names",
    "description",
    "fingerprint",
    "__len__",
    "payload",
    "place",
    "skipped",
    "notes",
    "stamp",
)


def _opener(found: Any) -> Any:
    if not callable(found):
        raise TypeError(
            f"must be a function, or a class, of a place and `least`, got {short(found)}"
        )
    return found


OWN_SOURCES: Extensions[Any] = Extensions(
    "seesawnas.data_sources", (PREFIX.removesuffix(":"),), _opener, DataError
)
"""Data sources of other packages: each is called as ``open(PLACE, least=...)`` and returns an
:class:`~seesawnas.data.sources.base.OpenedSource`."""


def open_source(path: str | Path, *, least: int = LEAST) -> OpenedSource:
    """The faces at ``path``: a folder of identities or with train.rec, a .rec, or ``synthetic:``.

    The last is ``synthetic:PEOPLExIMAGES``; ``NAME:PLACE`` is what an installed package opens.
    Identities with fewer than ``least`` images are left
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
                    f"{printable(str(path))}: must contain identities to train on, got none",
                    *source.notes,
                ]
            )
        )
    return source


def _open(path: str | Path, least: int) -> OpenedSource:
    if isinstance(path, str) and (scheme := _SCHEME.fullmatch(path)):
        name, rest = scheme.groups()
        if (opener := OWN_SOURCES.find(name)) is not None:
            return _opened(opener, name, rest, least)
        if path.startswith(PREFIX):
            return SyntheticSource(path, least=least)
        if not os.path.exists(expanded(path, DataError)):
            raise DataError(
                f"{printable(path)}: there is no such folder; data sources are "
                f"{', '.join(f'{one}:' for one in OWN_SOURCES.names())}"
            )
    place = expanded(path, DataError)
    if os.path.isfile(place / REC):
        return RecSource(place / REC, least=least)
    if place.suffix.lower() == ".rec" and not os.path.isdir(place):
        return RecSource(place, least=least)
    return FolderSource(place, least=least)


def _opened(opener: Any, name: str, place: str, least: int) -> OpenedSource:
    """What the data source ``name`` of another package opens at ``place``.

    Raises:
        DataError: In one line, if it fails, or if it is no source.
    """
    path = printable(f"{name}:{place}")
    try:
        found = opener(place, least=least)
    except InvalidInput as error:
        raise DataError(f"{path}: {error}") from error
    except Exception as error:
        raise DataError(f"{path}: cannot be opened: {error_line(error)}") from error
    missing = [member for member in _MEMBERS if getattr_static(found, member, None) is None]
    if missing:
        raise DataError(
            f"{path}: must be a seesawnas.data.OpenedSource, got {type(found).__name__} without "
            f"{', '.join(missing)}"
        )
    source: OpenedSource = found
    return source
