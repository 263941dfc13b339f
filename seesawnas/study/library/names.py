"""Study files and what overrides them: their keys in messages, their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seesawnas.errors import StudyError
from seesawnas.io.catalog import holds_study
from seesawnas.plan.documents import Place, flag_of
from seesawnas.study.library.files import StudyFile
from seesawnas.study.library.lookup import is_in_database
from seesawnas.study.storage.identity import name_fault
from seesawnas.study.storage.open import study_folder
from seesawnas.study.storage.urls import missing_file
from seesawnas.text import short

_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class _Placer:
    """See :func:`placer`.

    Attributes:
        source: Of the study file; None if there is none.
        options: The keys that the command line gave.
    """

    source: str | None
    options: frozenset[str]

    def __call__(self, path: str) -> str:
        if self.source is None or path.partition(".")[0] in self.options:
            return flag_of(path)
        return f"{self.source}: {path}:"


def placer(file: StudyFile | None, options: Iterable[str]) -> Place:
    """How a key is called in messages: by its option, or by its file and place."""
    return _Placer(None if file is None else file.source, frozenset(options))


def default_name(*words: str) -> str:
    """A study's name made of ``words``: small letters, digits and underscores."""
    return "_".join(re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") for word in words)[
        :_MAX_NAME
    ]


def name_conflicts(study: str, storage: str | None, place: Place) -> Iterator[str]:
    """What is wrong with the name of a new study; one that an earlier version began is resumed.

    Args:
        study: Its name.
        storage: The URL of its database, if one is named; the study may be there alone.
        place: How a key is called.

    Raises:
        StudyError: If the database cannot be asked.
    """
    try:
        folder = study_folder(study)
    except StudyError:  # reported by whatever needs the folder
        return
    rule = name_fault(folder.name)
    if rule is None or holds_study(folder):
        return
    if storage and missing_file(storage) is None and is_in_database(storage, [folder.name]):
        return
    yield f"{place('study')} {rule}, got {short(study)}; give another name with --study"


def data_words(data: str | None) -> list[str]:
    """What a study's name says of its faces."""
    return [Path(data).resolve().name] if data else []
