"""What is listed, shown and exported of studies."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from seesawnas.study import StudyRecord, lock_study, open_storage
from seesawnas.study.library import details
from seesawnas.study.library.details import StudyDetails
from seesawnas.study.library.export import exported_trials
from seesawnas.study.library.places import StudyPlace
from seesawnas.study.library.summary import StudySummary, list_studies
from seesawnas.study.record.provenance import Run
from seesawnas.study.record.starts import PREFIX
from seesawnas.study.storage.open import last_written
from tests.study.fakes import small_set
from tests.study.library.studies import begin


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def listed(url: str | None = None) -> dict[str, StudySummary]:
    return {study.name: study for study in list_studies(url)}


def record(name: str, *suffixes: str) -> list[StudyRecord]:
    folder = Path("runs") / name
    storage = open_storage(None, folder, writing=True)
    return [StudyRecord(storage, name + suffix, small_set().decisions) for suffix in suffixes]


def test_a_search_is_listed_with_its_trials_best_and_size() -> None:
    begin("first", None)
    (found,) = list_studies()
    assert (found.name, found.kind, found.state) == ("first", "search", "stopped")
    assert (found.number_of_trials, found.finished, found.repeats) == (4, 3, 1)
    assert found.trials["running"] == 1
    assert found.best is not None
    # the network that was trained again is ranked first, by its repeats
    assert (found.best.trial, found.best.metric, found.best.value) == (0, "accuracy", 0.75)
    sizes = [path.stat().st_size for path in Path("runs/first").rglob("*") if path.is_file()]
    assert found.bytes == sum(sizes)
    assert found.written == max(path.stat().st_mtime for path in Path("runs/first").iterdir())
    assert json.loads(json.dumps(found.to_mapping()))["trials"]["all"] == 4


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"budget": 1}, "search"),
        ({"base": "x"}, "ablation"),
        ({"candidate": "x", "base": "y"}, "confirmation"),
        (None, "other"),
    ],
)
def test_the_kind_of_a_study_follows_from_its_settings(
    settings: dict[str, object] | None, kind: str
) -> None:
    (made,) = record("s", "")
    if settings is not None:
        made.require_settings(settings)
    assert listed()["s"].kind == kind


def test_how_many_trials_were_asked_for_is_what_the_last_start_says() -> None:
    (made,) = record("s", "")
    made.require_settings({"budget": 1})
    assert listed()["s"].asked is None
    for trials in (2, 5):
        Run(made, Path("runs/s"), {"trials": trials}, {})
    assert listed()["s"].asked == 5
    assert listed()["s"].to_mapping()["asked"] == 5
    attributes = made.study.user_attrs
    made.study.set_user_attr(f"{PREFIX}2", json.dumps({"started": "without a plan"}))
    assert f"{PREFIX}1" in attributes
    assert listed()["s"].asked == 5
    Run(made, Path("runs/s"), {"trials": None}, {})
    assert listed()["s"].asked is None


def test_a_fidelity_study_is_one_study_of_all_its_sizes() -> None:
    for made in record("panel", ".32px", ".56px"):
        made.require_settings({"budget": 1})
    found = listed()["panel"]
    assert (found.kind, found.state, found.best) == ("fidelity", "stopped", None)
    Path("runs/panel/fidelity.json").touch()
    assert listed()["panel"].state == "finished"
    Path("runs/panel").rename("runs/other")
    assert listed()["other"].kind == "fidelity"


@pytest.mark.parametrize(
    ("plan", "ended", "state"),
    [
        ({"trials": 4}, None, "stopped"),
        ({"trials": 4}, "interrupted", "stopped"),
        ({"trials": 4}, "4 trials", "finished"),
        ({"trials": 4, "time": "1h"}, "time limit reached", "stopped"),
        ({"time": "1h"}, "time limit reached", "finished"),
    ],
)
def test_the_state_of_a_study_is_that_of_its_last_start(
    plan: dict[str, object], ended: str | None, state: str
) -> None:
    (made,) = record("s", "")
    for number, start in enumerate(({"ended": "4 trials"}, {"plan": plan, "ended": ended})):
        made.study.set_user_attr(f"run.{number}", json.dumps(start))
    assert listed()["s"].state == state
    with lock_study(Path("runs/s")):
        found = listed()["s"]
        assert (found.state, found.holder is None) == ("running", False)
    assert listed()["s"].state == state


def test_a_holder_that_was_killed_holds_nothing() -> None:
    record("s", "")
    with lock_study(Path("runs/s")):
        text = Path("runs/s/holder.json").read_text()
    values = json.loads(text)
    for changed in ({"born": "1"}, {"machine": "another"}):
        Path("runs/s/holder.json").write_text(json.dumps({**values, **changed}))
        assert listed()["s"].state == "finished"


def test_a_study_that_cannot_be_read_is_listed_with_the_reason() -> None:
    begin("good", None)
    shutil.copytree("runs/good", "runs/bad")
    Path("runs/bad/journal.log").write_text("nonsense\n")
    Path("runs/far").mkdir()
    Path("runs/far/storage.url").write_text("sqlite:///gone.db\n")
    Path("runs/model").mkdir()
    found = listed()
    assert list(found) == ["bad", "far", "good"]
    assert [study.state for study in found.values()] == ["unreadable", "unreadable", "stopped"]
    assert "journal.log, line 1" in str(found["bad"].fault)
    assert found["bad"].bytes is not None
    assert all("\n" not in str(study.fault) for study in found.values())


def test_the_studies_of_a_database_are_listed_here_and_elsewhere(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    begin("here", url)
    begin("far", url)
    Path("runs/far").rename("elsewhere")
    found = listed(url)
    assert list(found) == ["far", "here"]
    assert [study.folder for study in found.values()] == [None, Path("runs/here")]
    assert found["far"].bytes is None
    assert found["far"].written is not None
    assert found["far"].number_of_trials == 4
    assert list(listed()) == ["here"]


def test_details_say_how_a_study_was_started_and_is_resumed() -> None:
    begin("a b", None)
    with StudyPlace.find("a b") as place:
        found = StudyDetails.of(place)
    assert found.resume == "seesawnas search --study 'a b'"
    assert found.settings["space"] == "small"
    assert set(found.files) == {"checkpoints", "journal.log", "study.yaml"}
    assert found.files["checkpoints"] == len(b"epoch 2")
    assert json.loads(json.dumps(found.to_mapping()))["objectives"] == ["verification accuracy"]


def test_a_draft_that_goes_while_a_study_is_shown_is_not_among_its_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin("first", None)
    draft = Path("runs/first/.summary.json.draft")
    draft.touch()

    @contextmanager
    def scandir(folder: Path) -> Iterator[list[os.DirEntry[str]]]:
        with os.scandir(folder) as entries:
            found = list(entries)
        draft.unlink()
        yield found

    monkeypatch.setattr(details, "os", SimpleNamespace(scandir=scandir))
    with StudyPlace.find("first") as place:
        files = StudyDetails.of(place).files
    assert set(files) == {"checkpoints", "journal.log", "study.yaml"}


def test_a_draft_that_goes_while_studies_are_listed_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin("first", None)
    written = listed()["first"].written
    gone = Path("runs/first/.summary.json.draft")
    found = [*Path("runs/first").iterdir(), gone]
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter(found))
    monkeypatch.setattr(Path, "exists", lambda path: True)  # it was there a moment ago
    assert last_written(Path("runs/first")) == written


def test_every_trial_is_exported_with_all_that_is_stored_of_it() -> None:
    begin("first", None)
    place = StudyPlace.find("first")
    every = list(exported_trials(place))
    assert [(one["study"], one["trial"]) for one in every] == [
        *(("first", number) for number in range(4)),
        ("first.repeats", 0),
    ]
    assert json.loads(json.dumps(every)) == every
    first = every[0]
    assert first["state"] == "complete"
    assert first["objectives"] == {"verification accuracy": 0.7}
    assert first["metrics"]["accuracy"] == 0.7
    assert first["spec"]["stages"]
    assert first["options"]
    assert list(first["curve"].values())[-1] == 0.7
    assert every[3]["state"] == "running"
    assert every[3]["objectives"] == {"verification accuracy": None}
    assert list(exported_trials(place, "2")) == [every[2]]
    assert list(exported_trials(place, "best")) == [first]
