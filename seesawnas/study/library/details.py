"""What is reported of one study: its summary, how it was started, its files, how it is resumed."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from seesawnas.io.stored_json import stored_mapping
from seesawnas.study.library.places import StudyPlace
from seesawnas.study.library.summary import StudySummary
from seesawnas.study.library.view import StudyView
from seesawnas.study.record.starts import Start, read_starts
from seesawnas.study.storage.folders import folder_size

_COMMANDS = {
    "search": "search",
    "ablation": "ablate",
    "confirmation": "confirm",
    "fidelity": "fidelity",
}


@dataclass(frozen=True, slots=True)
class StudyDetails:
    """A study as it stands.

    Attributes:
        summary: What a list says of it.
        objectives: What its trials are measured by.
        settings: What its trials share, and what must stay when it is resumed.
        starts: Its starts, the first first; none of a fidelity study.
        files: The bytes of what lies in its folder, by name; a folder's with all in it.
        resume: The command that resumes it; None of another program's study.
    """

    summary: StudySummary
    objectives: tuple[str, ...]
    settings: dict[str, Any]
    starts: tuple[Start, ...]
    files: dict[str, int]
    resume: str | None

    @classmethod
    def of(cls, place: StudyPlace) -> StudyDetails:
        """The study of ``place``.

        Raises:
            StudyError: If it cannot be read.
        """
        views = [study.view() for study in place.studies()]
        summary = StudySummary.of_views(place, views)
        repeats = summary.repeats
        return cls(
            summary=summary,
            objectives=views[0].objectives,
            settings=_settings(views[0]),
            starts=tuple(read_starts(views[0].attributes, views[0].trials, repeats)),
            files=_files(place.folder) if place.has_folder else {},
            resume=_resume(place, summary),
        )

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; keys are only ever added."""
        return {
            **self.summary.to_mapping(),
            "objectives": list(self.objectives),
            "settings": self.settings,
            "starts": [start.to_mapping() for start in self.starts],
            "files": self.files,
            "notes": list(self.summary.notes),
            "resume": self.resume,
        }


def _settings(view: StudyView) -> dict[str, Any]:
    try:
        return stored_mapping(view.attributes.get("settings", "{}"))
    except ValueError:
        return {}


def _files(folder: Path) -> dict[str, int]:
    found = {}
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            with suppress(OSError):  # a draft of the study that runs is gone by now
                is_folder = entry.is_dir(follow_symlinks=False)
                size = (
                    folder_size(Path(entry.path))
                    if is_folder
                    else entry.stat(follow_symlinks=False).st_size
                )
                found[entry.name] = size
    return found


def _resume(place: StudyPlace, summary: StudySummary) -> str | None:
    command = _COMMANDS.get(str(summary.kind))
    if command is None:
        return None
    elsewhere = "" if place.has_folder else f" --storage {quote(place.shown)}"
    return f"seesawnas {command} --study {quote(place.name)}{elsewhere}"
