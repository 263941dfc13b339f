"""Studies in a folder of their own, stored in every way, with what a search leaves beside them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.storages import BaseStorage

from seesawnas.study import (
    StudyRecord,
    StudyView,
    TrialState,
    find_study,
    open_storage,
    stored_name,
)
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.storage.identity import repeats_name
from tests.study.fakes import measured, small_set
from tests.study.proposals import proposal
from tests.study.storages import KINDS, new_url

PLACES = (*KINDS, "sqlite in the folder")
"""Where a study may be stored."""
TRIALS = 4


def url_of(place: str, folder: Path, name: str, request: pytest.FixtureRequest) -> str | None:
    if place == "sqlite in the folder":
        return f"sqlite:///runs/{name}/study.db"
    return new_url(place, folder, request)


def begin(name: str, url: str | None) -> None:
    """A study with three complete trials, one that was interrupted, and a repeat."""
    folder = Path("runs") / name
    folder.mkdir(parents=True)
    record = _record(folder, url)
    record.require_settings({"budget": [0, 10**6], "space": "small", "data": "faces"})
    for number in range(TRIALS):
        record.add(proposal(number))
        record.next_waiting()
        if number < TRIALS - 1:
            record.complete(number, measured(0.7 + number / 10))
    repeats = _record(folder, url, repeats_name(""))
    repeats.add(proposal(0))
    repeats.next_waiting()
    repeats.complete(0, measured(0.75))
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "3.safetensors").write_bytes(b"epoch 2")
    (folder / "study.yaml").write_text(f"study: {name}\nbudget: 1M\n")
    record.study.set_user_attr("study_file", f"study: {name}\nbudget: 1M\n")
    close(record._storage)
    close(repeats._storage)


def _record(folder: Path, url: str | None, suffix: str = "") -> StudyRecord:
    storage = open_storage(url, folder, writing=True)
    return StudyRecord(storage, stored_name(storage, folder) + suffix, small_set().decisions)


def resume(name: str) -> StudyRecord:
    """The study of a folder as a search opens it."""
    return _record(Path("runs") / name, None)


def view_of(name: str, url: str | None = None) -> StudyView:
    """The study as it stands, without connections that stay."""
    study = find_study(name, url)
    view = study.view()
    close(study.storage)
    return view


def close(storage: BaseStorage) -> None:
    """A server takes few connections at a time."""
    if isinstance(storage, PatientStorage):
        storage.database.engine.dispose()


def is_whole(name: str, url: str | None = None) -> bool:
    """Whether the study holds what :func:`begin` stored."""
    view = view_of(name, url)
    states = [trial.state for trial in view.trials]
    repeats = [repeats.values for repeats in view.repeats.values()]
    complete = [TrialState.COMPLETE] * (TRIALS - 1)
    return states == [*complete, TrialState.RUNNING] and repeats == [(0.75,)]


def killed(work: Callable[[], object]) -> None:
    """Do ``work`` in another process, which ends as if it was killed at :func:`die`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9


def die(*_: object, **__: object) -> None:
    """End this process without a chance to clear up."""
    os._exit(9)
