"""Studies renamed, copied and deleted, in every storage, and killed in the middle of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seesawnas.errors import StudyError
from seesawnas.study import StudyFile, TrialState, find_study, lock_study, trial_point
from seesawnas.study.library import changes
from seesawnas.study.library.changes import (
    copy_study,
    delete_study,
    is_without_study,
    rename_study,
)
from seesawnas.study.library.places import StudyPlace
from seesawnas.study.library.summary import list_studies
from seesawnas.study.storage.open import open_url
from seesawnas.study.storage.rows import delete_studies
from tests.study.fakes import measured
from tests.study.library.studies import (
    PLACES,
    begin,
    close,
    die,
    is_whole,
    killed,
    resume,
    url_of,
    view_of,
)

CHECKPOINT = Path("checkpoints/3.safetensors")


@pytest.fixture(params=PLACES)
def url(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str | None:
    """Where the study ``old`` is stored."""
    monkeypatch.chdir(tmp_path)
    found = url_of(request.param, tmp_path, "old", request)
    begin("old", found)
    return found


def is_there(name: str) -> bool:
    return is_whole(name) and (Path("runs") / name / CHECKPOINT).read_bytes() == b"epoch 2"


def studies() -> list[str]:
    """What lies under runs/, drafts too."""
    return sorted(path.name for path in Path("runs").iterdir())


def stored(url: str | None) -> list[str]:
    """The studies of a database."""
    storage = open_url(str(url))
    names = sorted(study.study_name for study in storage.get_all_studies())
    close(storage)
    return names


def is_shared(url: str | None) -> bool:
    """Whether the study lies in a database outside its folder."""
    return url is not None and "runs/" not in url


def test_a_renamed_study_is_resumed_under_its_new_name(url: str | None) -> None:
    assert rename_study("old", "new") == Path("runs/new")
    assert studies() == ["new"]
    assert is_there("new")
    assert trial_point("new:best") is not None
    assert StudyFile.read("runs/new/study.yaml").name == "new"
    with StudyPlace.find("new") as place:
        assert place.holder() is None
    if is_shared(url):
        assert stored(url) == ["new", "new.repeats"]
    record = resume("new")
    assert record.recover() == 1
    record.next_waiting()
    record.complete(3, measured(0.9))
    close(record._storage)
    assert len(view_of("new").complete) == 4
    rename_study("new", "old")
    assert len(view_of("old").complete) == 4


def test_a_copy_goes_on_by_itself(url: str | None) -> None:
    assert copy_study("old", "new") == Path("runs/new")
    assert studies() == ["new", "old"]
    assert is_there("old")
    assert is_there("new")
    record = resume("new")
    record.recover()
    record.next_waiting()
    record.complete(3, measured(0.9))
    close(record._storage)
    assert is_there("old")
    assert len(view_of("new").complete) == 4
    delete_study("old")
    assert studies() == ["new"]
    assert len(view_of("new").complete) == 4


def test_a_deleted_study_leaves_nothing_and_others_stay(url: str | None) -> None:
    copy_study("old", "other")
    delete_study("old")
    assert studies() == ["other"]
    assert is_there("other")
    with pytest.raises(StudyError):
        find_study("old")
    if is_shared(url):
        assert stored(url) == ["other", "other.repeats"]
    begin("old", url)
    assert is_there("old")


COMMANDS: dict[str, Callable[[], object]] = {
    "rename": lambda: rename_study("old", "new"),
    "copy": lambda: copy_study("old", "new"),
    "delete": lambda: delete_study("old"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_study_that_runs_is_refused_and_stays(url: str | None, command: str) -> None:
    change = COMMANDS[command]
    with lock_study(Path("runs/old")), pytest.raises(StudyError, match="is using this study"):
        change()
    if url is not None:  # by a driver in another folder
        with (
            StudyPlace.find("old") as place,
            place.hold_database(),
            pytest.raises(StudyError, match="is using"),
        ):
            change()
    assert studies() == ["old"]
    assert is_there("old")


@pytest.mark.parametrize("change", [rename_study, copy_study])
@pytest.mark.parametrize("name", ["taken", "old", "new.repeats", "new.56px", "..", ""])
def test_a_name_that_is_taken_or_none_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[str, str], object],
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    begin("old", None)
    Path("runs/taken").mkdir()
    with pytest.raises(StudyError) as caught:
        change("old", name)
    assert "\n" not in str(caught.value)
    assert studies() == ["old", "taken"]
    assert is_there("old")


def test_a_name_that_another_study_of_the_database_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/x.db"
    begin("old", url)
    begin("far", url)
    Path("runs/far").rename("elsewhere")
    for change in (rename_study, copy_study):
        with pytest.raises(StudyError, match="one that exists in sqlite"):
            change("old", "far")
    assert studies() == ["old"]
    assert is_there("old")
    assert is_whole("far", url)


@pytest.mark.parametrize("place", ["sqlite", "postgresql"])
def test_a_study_of_another_machine_is_changed_in_its_database(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    url = url_of(place, tmp_path, "old", request)
    begin("old", url)
    Path("runs").rename("elsewhere")
    rename_study("old", "new", url)
    copy_study("new", "more", url)
    delete_study("new", url)
    assert is_whole("more", url)
    assert stored(url) == ["more", "more.repeats"]
    assert not Path("runs").exists()


CHANGES: dict[str, Callable[[str, str | None], object]] = {
    "rename": lambda name, url: rename_study(name, "new", url),
    "copy": lambda name, url: copy_study(name, "new", url),
    "delete": delete_study,
}


@pytest.mark.parametrize("command", CHANGES)
@pytest.mark.parametrize("has_folder", [True, False])
def test_a_part_of_a_study_is_not_changed_without_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, has_folder: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/x.db"
    begin("old", url)
    if not has_folder:
        Path("runs").rename("elsewhere")
    with (
        StudyPlace.find("old", url) as place,
        place.hold_database(),
        pytest.raises(StudyError, match="part of study old"),
    ):
        CHANGES[command]("old.repeats", url)
    assert stored(url) == ["old", "old.repeats"]
    assert is_whole("old", url)


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_a_study_in_a_folder_that_a_link_leads_to_is_changed_by_the_link_s_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin("old", f"sqlite:///{tmp_path}/x.db" if kind == "sqlite" else None)
    Path("runs/old").rename("disk")
    Path("runs/old").symlink_to(tmp_path / "disk")
    rename_study("old", "new")
    assert is_there("new")
    assert Path("runs/new").is_symlink()
    delete_study("new")
    assert (studies(), Path("disk").exists()) == ([], False)


def test_the_folder_of_a_study_that_lies_in_two_folders_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin("old", f"sqlite:///{tmp_path}/x.db")
    shutil.copytree("runs/old", "runs/by_hand")
    for change in (delete_study, lambda name: rename_study(name, "new")):
        with pytest.raises(StudyError, match="copy of the folder old"):
            change("by_hand")
    assert is_there("old")
    copy_study("by_hand", "new")
    assert is_there("new")


def test_a_database_in_the_folder_that_holds_other_studies_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/runs/old/x.db"
    begin("old", url)
    begin("other", url)
    with pytest.raises(StudyError, match="holds other studies, too: other"):
        delete_study("old")
    delete_study("other")
    delete_study("old")
    assert studies() == []


def test_a_database_whose_file_is_not_there_is_not_taken_for_one_without_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin("old", "sqlite:///x.db")
    folder = tmp_path / "runs" / "old"
    (tmp_path / "far").mkdir()
    monkeypatch.chdir(tmp_path / "far")
    with pytest.raises(StudyError, match=r"x\.db, is not there"):
        is_without_study(folder)
    with pytest.raises(StudyError, match=r"x\.db, is not there") as caught:
        delete_study(str(folder))
    assert "\n" not in str(caught.value)
    monkeypatch.chdir(tmp_path)
    assert not is_without_study(folder)
    assert is_there("old")
    storage = open_url("sqlite:///x.db")
    delete_studies(storage, ["old", "old.repeats"])
    close(storage)
    assert is_without_study(folder)
    delete_study("old")
    assert studies() == []


def opens(name: str) -> bool:
    """Whether the study opens whole; if not, the reason is one line."""
    try:
        return is_whole(name)
    except StudyError as error:
        return str(error).count("\n") > 0


def _then_die(step: Callable[..., object]) -> Callable[..., None]:
    def last(*words: Any) -> None:
        step(*words)
        die()

    return last


KILLS = (
    # command, the step after which it is killed, whether the old and the new one open then
    ("rename", "store_study_name", True, False),
    ("rename", "rename_studies", True, False),
    ("rename", "move_study", False, True),
    ("copy", "copy_studies", True, False),
    ("copy", "copy_study_folder", True, True),
    ("delete", "delete_studies", False, False),
    ("delete", "remove_study_folder", False, False),
)
IN_DATABASES = ("store_study_name", "rename_studies", "copy_studies", "delete_studies")


@pytest.mark.processes
@pytest.mark.parametrize("place", ["journal", "postgresql"])
@pytest.mark.parametrize(("command", "step", "old", "new"), KILLS)
def test_a_kill_leaves_the_old_study_or_the_new_one_and_the_same_command_ends_it(
    place: str,
    command: str,
    step: str,
    old: bool,
    new: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if place == "journal" and step in IN_DATABASES:
        return
    monkeypatch.chdir(tmp_path)
    begin("old", url_of(place, tmp_path, "old", request))
    change, own = COMMANDS[command], getattr(changes, step)
    with monkeypatch.context() as patch:
        patch.setattr(changes, step, _then_die(own))
        killed(change)
    assert (opens("old"), opens("new")) == (old, new)
    if not new and Path("runs/old").exists():
        change()
    assert opens("old") is (command == "copy")
    assert opens("new") is (command != "delete")
    assert [name for name in studies() if name.startswith(".")] == []


@pytest.mark.processes
def test_a_kill_before_the_url_of_a_moved_database_is_written_is_a_line_that_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin("old", "sqlite:///runs/old/study.db")
    with monkeypatch.context() as patch:
        patch.setattr(changes, "_keep_url", die)
        killed(COMMANDS["rename"])
    with pytest.raises(StudyError, match="must contain sqlite:///runs/new/"):
        find_study("new")
    Path("runs/new/storage.url").write_text("sqlite:///runs/new/study.db\n")
    assert is_there("new")


@pytest.mark.processes
def test_what_a_killed_removal_left_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin("old", None)
    begin("other", None)
    with monkeypatch.context() as patch:
        patch.setattr("seesawnas.io.drafts._remove_locked", die)
        killed(COMMANDS["delete"])
    assert [name[:9] for name in studies()] == [".studies.", "other"]
    assert [study.name for study in list_studies()] == ["other"]
    delete_study("other")
    assert studies() == []


def test_an_unfinished_copy_that_was_used_since_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/x.db"
    begin("old", url)
    with monkeypatch.context() as patch:
        patch.setattr(changes, "copy_study_folder", die)
        killed(COMMANDS["copy"])
    storage = open_url(url)
    number = storage.get_study_id_from_name("new")
    storage.set_study_user_attr(number, "run.0", "{}")
    with pytest.raises(StudyError, match="one that exists"):
        copy_study("old", "new")


def test_trials_that_are_interrupted_are_resumed_from_the_copy_s_own_checkpoints(
    url: str | None,
) -> None:
    copy_study("old", "new")
    (Path("runs/new") / CHECKPOINT).write_bytes(b"epoch 3")
    assert (Path("runs/old") / CHECKPOINT).read_bytes() == b"epoch 2"
    assert resume("new").trials(TrialState.RUNNING)[0].number == 3
