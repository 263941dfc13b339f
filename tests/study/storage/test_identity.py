from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from seesawnas.errors import StudyError
from seesawnas.study import (
    StudyFile,
    StudyRecord,
    find_study,
    open_storage,
    store_study_name,
    stored_name,
    trial_point,
)
from tests.study.fakes import measured, small_set
from tests.study.proposals import proposal


def begun(folder: Path, url: str | None = None) -> StudyRecord:
    storage = open_storage(url, folder, writing=True)
    name = stored_name(storage, folder)
    record = StudyRecord(storage, name, small_set().decisions)
    store_study_name(folder, name)
    text = f"study: {folder}\nbudget: 1M\n"
    record.study.set_user_attr("study_file", text)
    (folder / "study.yaml").write_text(text)
    return record


def trained(record: StudyRecord, number: int) -> None:
    record.add(proposal(number))
    record.next_waiting()
    record.complete(number, measured(0.7 + number / 10))


@pytest.mark.parametrize("kind", ["journal", "sqlite"])
def test_a_renamed_folder_goes_on_with_the_study_it_holds(tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path}/study.db" if kind == "sqlite" else None
    trained(begun(tmp_path / "old", url), 0)
    for number, name in enumerate(("new", "newer"), start=1):
        before = "old" if name == "new" else "new"
        (tmp_path / before).rename(tmp_path / name)
        view = find_study(tmp_path / name).view()
        assert (view.name, len(view.trials)) == (name, number)
        assert trial_point(f"{tmp_path}/{name}:best") is not None
        record = begun(tmp_path / name, url)
        assert record.study.study_name == "old"
        trained(record, number)
    storage = open_storage(None, tmp_path / "newer", writing=False)
    assert [study.study_name for study in storage.get_all_studies()] == ["old"]


def test_copies_of_a_folder_go_on_apart(tmp_path: Path) -> None:
    trained(begun(tmp_path / "old"), 0)
    shutil.copytree(tmp_path / "old", tmp_path / "copy")
    trained(begun(tmp_path / "copy"), 1)
    assert len(find_study(tmp_path / "old").view().trials) == 1
    assert len(find_study(tmp_path / "copy").view().trials) == 2


def test_the_study_file_of_a_renamed_folder_is_that_folders(tmp_path: Path) -> None:
    begun(tmp_path / "old")
    assert StudyFile.read(tmp_path / "old" / "study.yaml").values["study"] == str(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    file = StudyFile.read(tmp_path / "new" / "study.yaml")
    assert (file.name, "study" in file.values) == (str(tmp_path / "new"), False)
    (tmp_path / "new" / "study.yaml").write_text("study: mine\nbudget: 1M\n")
    assert StudyFile.read(tmp_path / "new" / "study.yaml").values["study"] == "mine"


def test_a_storage_of_several_studies_is_one_line_that_names_them(tmp_path: Path) -> None:
    begun(tmp_path / "old")
    StudyRecord(open_storage(None, tmp_path / "old", writing=True), "other", small_set().decisions)
    (tmp_path / "old").rename(tmp_path / "new")
    with pytest.raises(StudyError, match="it contains old, other") as caught:
        begun(tmp_path / "new")
    assert "\n" not in str(caught.value)


def test_a_folder_that_was_never_begun_takes_no_other_study_of_its_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    begun(tmp_path / "old", url)
    storage = open_storage(url, tmp_path / "fresh", writing=True)
    assert stored_name(storage, tmp_path / "fresh") == "fresh"


def test_the_studies_of_a_fidelity_study_are_known_by_their_common_name(tmp_path: Path) -> None:
    storage = open_storage(None, tmp_path / "old", writing=True)
    for side in (32, 56):
        StudyRecord(storage, f"old.{side}px", small_set().decisions)
    (tmp_path / "old").rename(tmp_path / "new")
    opened = open_storage(None, tmp_path / "new", writing=True)
    assert stored_name(opened, tmp_path / "new", parts=True) == "old"
    assert stored_name(opened, tmp_path / "new") == "new"
