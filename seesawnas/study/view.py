"""A study as it stands in its storage: found by what a person calls it, read whole, never written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.storages import BaseStorage

from seesawnas.errors import StudyError
from seesawnas.study.dashboard_json import StudyView
from seesawnas.study.repeats import read_repeats, repeats_name
from seesawnas.study.store import latest_study, open_storage, open_url, shown_url, storage_url, study_folder


@dataclass(frozen=True, slots=True)
class StoredStudy:
    """Where a study lies: what commands call it, its folder, its storage, and its number there."""

    ref: str
    folder: Path
    storage: BaseStorage
    number: int

    def view(self) -> StudyView:
        """The study as it stands now."""
        return study_view(self.storage, self.number)


def find_study(name: str | Path | None, url: str | None = None) -> StoredStudy:
    """The study ``name``: a folder under runs/, a path, or the URL of a database that holds one study alone; the one last
    written to where it is None. Raises StudyError.

    ``url`` is its storage, where this machine never drove it.
    """
    if isinstance(name, str) and "://" in name and url is None:
        return _only(name)
    ref = latest_study() if name is None else str(name)
    folder = name if isinstance(name, Path) else study_folder(ref)
    _check_there(storage_url(url, folder))
    opened = open_storage(url, folder, writing=False)
    number = study_number(opened, folder.absolute().name, or_first=name is None)
    return StoredStudy(ref, folder, opened, number)


def study_number(storage: BaseStorage, name: str, *, or_first: bool = False) -> int:
    """The number of a study in its storage, as the dashboard's addresses have it. Raises StudyError.

    ``or_first``: the storage's first study where none has this name, as in a panel's, which holds a study for each size of
    the input.
    """
    try:
        return int(storage.get_study_id_from_name(name))
    except KeyError:
        if or_first and (studies := storage.get_all_studies()):
            return int(min(study._study_id for study in studies))
        raise StudyError(f"study {name}: there is no study of this name in its storage") from None


def study_view(storage: BaseStorage, number: int) -> StudyView:
    """Everything that is shown of a study."""
    name = storage.get_study_name_from_id(number)
    study = optuna.load_study(study_name=name, storage=storage)
    directions = tuple(direction.name.lower() for direction in study.directions)
    return StudyView(
        name=name,
        number=number,
        attributes=study.user_attrs,
        system=storage.get_study_system_attrs(number),
        objectives=tuple(study.metric_names or (f"objective {n}" for n in range(len(directions)))),
        directions=directions,
        trials=tuple(study.get_trials(deepcopy=False)),
        repeats=read_repeats(storage, name),
    )


def _only(url: str) -> StoredStudy:
    _check_there(url)
    opened = open_url(url)
    studies = [study for study in opened.get_all_studies() if not study.study_name.endswith(repeats_name(""))]
    if len(studies) != 1:
        names = ", ".join(sorted(study.study_name for study in studies))
        held = f"it holds {names}" if studies else "it holds none"
        raise StudyError(f"storage {shown_url(url)}: must hold one study, or be given with a name; {held}")
    (study,) = studies
    return StoredStudy(study.study_name, study_folder(study.study_name), opened, study._study_id)


def _check_there(url: str) -> None:
    """SQLite would make the file that it is asked to read."""
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///").partition("?")[0]).is_file():
        raise StudyError(f"storage {url}: there is no such file")
