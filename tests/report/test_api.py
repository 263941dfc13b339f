"""sn.Study: a stored study in Python, read and never written."""

from __future__ import annotations

from pathlib import Path

import pytest

import seesawnas as sn
from seesawnas.errors import StudyError
from seesawnas.study import StudyRecord, TrialState, drive, lock_study, open_storage
from tests.study.fakes import FakeEngine, enough, small_set, uniform
from tests.study.stored import store_study


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies")
    store_study(folder / "runs" / "s", 40)
    return folder


@pytest.fixture
def folder(stored: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(stored)
    return stored


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_its_frame_has_a_row_a_trial_and_a_column_a_decision(folder: Path) -> None:
    study = sn.Study("s")
    frame = study.frame()
    assert len(frame) == len(study) == 40
    assert list(frame.index) == [trial.number for trial in study]
    assert {"state", "rank", "accuracy", "madds", "stages.2.expansion"} <= set(frame.columns)
    complete = [trial for trial in study.trials if trial.state is TrialState.COMPLETE]
    assert (frame.state == "complete").sum() == len(complete)
    assert frame.loc[complete[0].number, "accuracy"] == complete[0].values[0]
    assert frame.loc[7, "stages.2.expansion"] == study.trials[7].params["stages.2.expansion"]


def test_the_best_is_the_first_of_the_ranking_and_its_cost_is_what_is_stored(folder: Path) -> None:
    study = sn.Study("s")
    row = study.frame().query("rank == 1").iloc[0]
    best = study.best()
    assert best.digest() == row.digest
    assert sn.cost(best).madds == row.madds
    assert best.name == f"s:{row.name}"
    assert study.spec(3).digest() == study.frame().loc[3, "digest"]


def test_no_row_beats_one_of_the_pareto_front(folder: Path) -> None:
    study = sn.Study("s")
    front, rows = study.pareto(), study.frame().query("state == 'complete'")
    assert list(front.madds) == sorted(front.madds)
    assert list(front.index) == list(rows[rows.pareto].sort_values("madds").index)
    for row in front.itertuples():
        assert not ((rows.accuracy > row.accuracy) & (rows.madds <= row.madds)).any()


@pytest.mark.parametrize("kind", ["pareto", "curves", "parallel", "importance"])
def test_figures_are_plotly_s(folder: Path, kind: str) -> None:
    assert sn.Study("s").figure(kind).to_dict()["data"]


def test_a_name_a_folder_and_a_path_open_the_same_study_and_none_the_latest(folder: Path) -> None:
    frames = [sn.Study(study).frame() for study in ("s", "runs/s", folder / "runs" / "s", None)]
    assert all(frame.equals(frames[0]) for frame in frames)


def test_it_shows_its_ranking_in_a_notebook_and_a_line_elsewhere(folder: Path) -> None:
    study = sn.Study("s")
    html = study._repr_html_()
    assert html.count("<tr>") == 11
    assert study.best().digest() in html
    assert repr(study).startswith("Study('s': 40 trials, ")


def test_reading_writes_nothing_and_needs_no_lock(folder: Path) -> None:
    before = files(folder / "runs" / "s")
    with lock_study(folder / "runs" / "s"):
        study = sn.Study("s")
        study.frame(), study.pareto(), study.best(), study._repr_html_(), study.figure("importance")
    after = {
        name: found
        for name, found in files(folder / "runs" / "s").items()
        if not name.endswith("lock")
    }
    assert after == before


def test_a_url_opens_the_only_study_in_it_and_one_of_several_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url, feasible = f"sqlite:///{tmp_path}/studies.db", small_set()
    for name, trials in (("one", 2), ("two", 3)):
        storage = open_storage(url, tmp_path / "elsewhere" / name, writing=True)
        list(
            drive(
                StudyRecord(storage, name, feasible.decisions),
                uniform(feasible),
                FakeEngine(),
                enough(trials),
            )
        )
        assert len(sn.Study(name, storage=url)) == trials
        if name == "one":
            assert sn.Study(url).frame().equals(sn.Study("one", storage=url).frame())
    with pytest.raises(
        StudyError,
        match=r"^storage sqlite:.*: must contain exactly one study, or .*; it contains one, two$",
    ):
        sn.Study(url)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ("nothing", "nothing: must be an existing study, got none in runs/nothing"),
        ("sqlite:///nothing.db", "storage sqlite:///nothing.db: there is no such file"),
        (None, "runs: contains no study; give a study name or run seesawnas search first"),
    ],
)
def test_a_study_that_is_not_there_is_one_line_and_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: str | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError) as caught:
        sn.Study(study)
    assert str(caught.value) == message
    assert list(tmp_path.iterdir()) == []


def test_what_a_study_does_not_have_is_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    study = sn.Study("s")
    with pytest.raises(
        StudyError, match=r"^figure must be one of pareto, curves, parallel, importance, got pie$"
    ):
        study.figure("pie")
    with pytest.raises(StudyError, match=r"^study s: trial must be from 0 to 39, got 40$"):
        study.spec(40)
    record = StudyRecord(
        open_storage(None, tmp_path / "new", writing=True), "new", small_set().decisions
    )
    assert len(record) == 0
    new = sn.Study(tmp_path / "new")
    assert new.frame().empty
    assert "0 complete" in new._repr_html_()
    with pytest.raises(StudyError, match=r"^study new: no trial is complete yet$"):
        new.best()
    for kind in ("pareto", "curves", "parallel", "importance"):
        with pytest.raises(
            StudyError, match=rf"^study new: has too few trials for the figure {kind}, 0 complete$"
        ):
            new.figure(kind)
