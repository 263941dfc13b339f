"""Study files and what overrides them: their keys in messages, their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seesawnas.plan.documents import Place, flag_of
from seesawnas.study.library.files import StudyFile

_MAX_NAME = 200


def placer(file: StudyFile | None, options: Mapping[str, Any]) -> Place:
    """How a key is called in messages: by its option, or by its file and place."""

    def place(path: str) -> str:
        name = path.partition(".")[0]
        if file is None or name in options:
            return flag_of(path)
        return f"{file.source}: {path}:"

    return place


def default_name(*words: str) -> str:
    """A study's name made of ``words``: small letters, digits and underscores."""
    return "_".join(re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") for word in words)[
        :_MAX_NAME
    ]


def data_words(data: str | None) -> list[str]:
    """What a study's name says of its faces."""
    return [Path(data).resolve().name] if data else []
