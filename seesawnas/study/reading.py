"""A stored study as it stands, for whoever only reads: nothing is written, and nobody need let go of it."""

from __future__ import annotations

from pathlib import Path

import optuna
from optuna.storages import BaseStorage

from seesawnas.errors import StudyError
from seesawnas.study.dashboard_json import StudyView
from seesawnas.study.repeats import read_repeats, repeats_name
from seesawnas.study.store import latest_study, open_storage, open_url, shown_url, storage_url, study_folder


def study_view(study: str | Path | None = None, storage: str | None = None) -> StudyView:
    """The study called ``study``, or in that folder, or the only one of that storage URL; None is the latest under runs/.

    ``storage`` is where it is stored, if its folder does not say. Raises StudyError, one line, where there is none.
    """
    if isinstance(study, str) and "://" in study and storage is None:
        check_file(study)
        opened: BaseStorage = open_url(study)
        return view_of(opened, _only(opened, f"storage {shown_url(study)}"))
    folder = study if isinstance(study, Path) else study_folder(latest_study() if study is None else study)
    where = storage_url(storage, folder)
    check_file(where)
    opened, name = open_storage(storage, folder, writing=False), folder.absolute().name
    if "://" not in where and name not in _names(opened):  # a folder that was renamed or copied is the same study
        name = _only(opened, str(folder))
    return view_of(opened, name)


def check_file(url: str) -> None:
    """Raise StudyError where the file of ``url`` is not there: SQLite would make the file that it is asked to read."""
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///").partition("?")[0]).is_file():
        raise StudyError(f"storage {url}: there is no such file")


def view_of(storage: BaseStorage, name: str) -> StudyView:
    """The study called ``name``. Raises StudyError where the storage has none."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        raise StudyError(f"study {name}: there is no study of this name in its storage") from None
    number = study._study_id
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


def _only(storage: BaseStorage, place: str) -> str:
    """The name of the only study in ``storage``, its repeats apart."""
    names = [name for name in _names(storage) if not name.endswith(repeats_name(""))]
    if len(names) != 1:
        held = f"it holds {', '.join(sorted(names))}; give one by its name" if names else "it holds none"
        raise StudyError(f"{place}: must hold one study; {held}")
    return names[0]


def _names(storage: BaseStorage) -> list[str]:
    return [study.study_name for study in storage.get_all_studies()]
