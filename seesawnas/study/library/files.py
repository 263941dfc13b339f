"""Study files by REF: a user's own file first, then what ships.

``studies/search_150m.yaml``, or ``search_150m``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seesawnas.cost.budget import anchor_files
from seesawnas.errors import StudyError
from seesawnas.io.catalog import STUDIES, Wanted, holds_study, is_file, read_document
from seesawnas.io.kinds import Kind, other_kind
from seesawnas.io.yaml import read_yaml
from seesawnas.study.library.lookup import no_study
from seesawnas.study.library.places import StudyPlace
from seesawnas.study.library.view import find_study
from seesawnas.study.record.reading import read_attributes
from seesawnas.study.record.starts import last_plan, read_starts
from seesawnas.study.storage.identity import STUDY_FILE
from seesawnas.study.storage.open import study_folder
from seesawnas.text import short

_WANTED = Wanted((STUDIES,), "a study file or a shipped one's name", fault=StudyError)


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A study file's ``values``, their source, and the name of the study if they give none."""

    values: Mapping[str, Any]
    source: str
    name: str

    @classmethod
    def read(cls, ref: str | Path) -> StudyFile:
        """The file that ``ref`` names.

        Raises:
            InvalidInput: If there is no such file, it cannot be read, or it is not a mapping in
                YAML.
        """
        values, name = read_study(ref)
        return cls(values, str(ref), name)

    @classmethod
    def of_study(cls, name: str, url: str | None = None) -> StudyFile:
        """What the last start of the study ``name`` was asked to do, so that it is resumed by it.

        Args:
            name: The study.
            url: Its storage, needed only if it has no folder here.

        Raises:
            InvalidInput: If there is no such study, or if it does not keep what it was asked for.
        """
        source = f"--study {name}"
        with StudyPlace.find(name, url) as place:
            values = _asked(place, source)
            if isinstance(budget := values.get("budget"), str) and "@" in budget:
                values["budget"] = anchor_files(budget, place.folder)
            for key in ("study", "storage", "provenance"):
                values.pop(key, None)
            if place.database is not None:
                values["storage"] = place.url
        return cls(values, source, name)

    def must_be(self, kind: Kind, words: str) -> None:
        """Check that its keys are those of a document of ``kind``, which ``words`` name.

        Raises:
            StudyError: If they are those of another kind.
        """
        if other := other_kind(self.values, kind, ref=self.source):
            raise StudyError(f"{self.source}: must be {words}, got {other}")


def started_study(options: Mapping[str, Any]) -> StudyFile | None:
    """What the study that ``options`` name was asked for, to resume it by its name alone.

    Args:
        options: Those of the command line, by their keys: ``study`` and ``storage``.

    Returns:
        None if they name no study, or one that is not begun beside other options.

    Raises:
        InvalidInput: If it cannot be read, if it does not keep what it was asked for, or if there
            is none and its name is given alone.
    """
    name, url = options.get("study"), options.get("storage")
    if name is None:
        return None
    folder = study_folder(name)
    if url is not None or holds_study(folder):
        return StudyFile.of_study(name, url)
    if len(options) > 1:  # it may be a new one, of which something is missing
        return None
    raise no_study(name, folder)


def read_study(ref: str | Path) -> tuple[dict[str, Any], str]:
    """The values of the study file that ``ref`` names, and its name without ``.yaml``.

    A file that the budget names is relative to the study file, and absolute among the values.

    The ``study.yaml`` of a study's folder is that study's, whatever the folder is called by now.

    Raises:
        StudyError: If there is no such file, it cannot be read, or it is not a mapping of keys.
        DocumentError: If it is not YAML.
    """
    document = read_document(ref, _WANTED)
    values, path = document.values, document.path
    if isinstance(values, dict) and "@" in str(budget := values.get("budget")):
        values = {**values, "budget": anchor_files(str(budget), path.parent)}
    if not isinstance(values, dict):
        raise StudyError(
            f"{ref}: must be a study file, a mapping of keys such as data, epochs and seed, got "
            f"{'nothing' if values is None else short(values)}"
        )
    if (own := _own_study(path, values)) is not None:
        return {key: value for key, value in values.items() if key != "study"}, own
    return values, path.stem


def shipped_studies() -> tuple[str, ...]:
    """The study files that ship, by the REFs that find them."""
    return STUDIES.names()


def _asked(place: StudyPlace, source: str) -> dict[str, Any]:
    """What the last start of a study was asked for, or what its study file says."""
    study = next(iter(place.studies()), None)
    if study is None:  # killed before it was created, or a fidelity study without trials
        raise StudyError(f"{source}: must be a study that was begun, got an empty {place.shown}")
    attributes, _ = read_attributes(study.storage, study.number)
    plan = last_plan(read_starts(attributes, ()))
    if plan is not None:
        return plan
    if isinstance(text := attributes.get("study_file"), str):
        values = read_yaml(text, source)
    elif is_file(file := place.folder / STUDY_FILE):
        values = read_document(file, _WANTED).values
    else:
        values = None
    if not isinstance(values, dict):
        raise StudyError(
            f"{source}: must be a study that keeps what it was asked for, got none; give the "
            "options that it was started with"
        )
    return values


def _own_study(path: Path, values: dict[str, Any]) -> str | None:
    """What commands call the study in whose renamed or copied folder ``path`` lies.

    None if a person wrote another name.
    """
    folder, name = path.parent, values.get("study")
    if path.name != STUDY_FILE or not holds_study(folder):
        return None
    if (
        not isinstance(name, str)
        or not name
        or "\0" in name
        or study_folder(name).resolve() == folder.resolve()
    ):
        return None
    kept = find_study(folder).view().attributes.get("study_file")
    match = re.search(r"^study: .*$", str(kept), re.MULTILINE)
    if match is None or read_yaml(match[0], str(path)) != {"study": name}:
        return None
    own = folder.resolve().name
    return own if study_folder(own).resolve() == folder.resolve() else str(folder.resolve())
