from __future__ import annotations

from pathlib import Path

import pytest

from seesawnas.errors import StudyError
from seesawnas.study import StudyRecord, drive, find_study, open_storage, trial_point
from tests.study.fakes import FakeEngine, enough, record_in, small_set, uniform


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyRecord:
    monkeypatch.chdir(tmp_path)
    record = record_in(Path("runs/first"))
    list(drive(record, uniform(small_set()), FakeEngine(), enough(4)))
    return record


def test_a_trial_is_named_by_its_study_and_number_or_as_the_best(study: StudyRecord) -> None:
    best = study.study.best_trial
    by_name, by_number = trial_point("first:best"), trial_point(f"runs/first:{best.number}")
    assert by_name is not None
    assert by_number is not None
    assert by_name.spec == by_number.spec
    assert by_name.spec.digest() == best.user_attrs["digest"]
    assert by_name.spec.name == f"first:{best.number}"


def test_anything_else_is_not_a_trials_name(study: StudyRecord) -> None:
    assert trial_point("paper/seesaw_share") is None
    assert trial_point("first:second") is None


def test_a_number_of_many_digits_is_not_cut_to_that_of_another_trial(study: StudyRecord) -> None:
    with pytest.raises(StudyError, match=r"^first: must be followed by :NUMBER or :best, got 999"):
        trial_point("first:" + "9" * 5000)
    for number in ("0" * 20 + "1", "1" + "0" * 19, "0" * 5000):
        ref = f"first:{number}"
        with pytest.raises(StudyError) as caught:
            find_study("first").view().pick(number, ref)
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("ref", ["first:4", "second:0", "runs:best"])
def test_a_trial_that_is_not_there_is_one_line(study: StudyRecord, ref: str) -> None:
    with pytest.raises(StudyError) as caught:
        trial_point(ref)
    assert "\n" not in str(caught.value)


def test_a_study_without_a_complete_trial_has_no_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    record_in(Path("runs/empty"))
    with pytest.raises(StudyError, match="no trial is complete yet"):
        trial_point("empty:best")


def test_a_study_stored_elsewhere_is_found_by_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/study.db"
    storage = open_storage(url, Path("runs/far"), writing=True)
    record = StudyRecord(storage, "far", small_set().decisions)
    list(drive(record, uniform(small_set()), FakeEngine(), enough(2)))
    found = trial_point("far:0")
    assert found is not None
    assert found.spec.digest() == record.trials()[0].user_attrs["digest"]
    assert Path("runs/far/storage.url").stat().st_mode & 0o077 == 0
    with pytest.raises(StudyError, match="uses another storage"):
        open_storage("sqlite:///other.db", Path("runs/far"), writing=True)
