"""``seesawnas studies``, and studies that are named to other commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.pool import QueuePool
from typer.testing import CliRunner

from seesawnas.cli import app
from seesawnas.study import StudyRecord, lock_study, open_storage
from seesawnas.study.record.provenance import Run
from seesawnas.study.storage.database import PatientStorage
from tests.cli.running import Ran
from tests.study.fakes import small_set
from tests.study.library.studies import begin, is_whole


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def study(folder: Path) -> None:
    begin("first", None)


def test_studies_are_listed_as_a_table_and_as_json(study: None, folder: Path) -> None:
    (found,) = Ran("studies", "list", "--json").json
    assert {"name": "first", "kind": "search", "state": "stopped", "fault": None}.items() <= (
        found.items()
    )
    assert set(found) == {
        *(
            "name",
            "kind",
            "state",
            "trials",
            "asked",
            "repeats",
            "best",
            "bytes",
            "written",
            "folder",
        ),
        *("storage", "holder", "fault"),
    }
    assert found["trials"]["all"] == 4
    assert set(found["best"]) == {"trial", "network", "metric", "value", "madds", "trainings"}
    shown = Ran("studies", "list").out
    assert "3 of 4 + 1" in shown
    assert "75.00 %" in shown
    storage = open_storage(None, Path("runs/first"), writing=True)
    Run(StudyRecord(storage, "first", small_set().decisions), folder, {"trials": 9}, {})
    assert "3 of 9 + 1" in Ran("studies", "list").out
    Path("runs/first/journal.log").write_text("nonsense\n")
    ran = Ran("studies", "list")
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert "unreadable" in ran.out


def test_without_studies_the_list_is_empty(folder: Path) -> None:
    assert Ran("studies", "list").out == "no study in runs\n"
    assert Ran("studies", "list", "--json").json == []


def test_a_study_is_shown_with_what_resumes_it(study: None) -> None:
    found = Ran("studies", "show", "first", "--json").json
    assert found["resume"] == "seesawnas search --study first"
    assert {"objectives", "settings", "starts", "files", "notes"} <= set(found)
    shown = Ran("studies", "show", "first").out
    assert shown.startswith("first: search, stopped\n")
    assert "None" not in shown
    assert "seesawnas build first:best" in shown


def test_a_study_is_renamed_copied_and_deleted(study: None, folder: Path) -> None:
    assert Ran("studies", "rename", "first", "second").out == "renamed first to runs/second\n"
    assert Ran("studies", "copy", "second", "third", "--json").json == {
        "copied": "second",
        "study": "third",
        "folder": "runs/third",
    }
    assert is_whole("third")
    found = Ran("studies", "delete", "second", "--yes", "--json").json
    assert (found["deleted"], found["bytes"] > 0) == ("second", True)
    assert sorted(path.name for path in Path("runs").iterdir()) == ["third"]


@pytest.mark.parametrize(
    ("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1)]
)
def test_a_study_is_deleted_if_the_question_is_answered_with_yes(
    study: None, answer: str, code: int
) -> None:
    result = CliRunner().invoke(app, ["studies", "delete", "first"], input=answer)
    assert result.exit_code == code
    assert "4 trials, 1 repeat in runs/first" in result.stderr
    assert Path("runs/first").exists() is bool(code)


def test_a_study_that_cannot_be_read_is_deleted_too(study: None) -> None:
    Path("runs/first/journal.log").write_text("nonsense\n")
    assert Ran("studies", "delete", "first", "--yes").code == 0
    assert not Path("runs/first").exists()


def test_a_study_whose_database_is_not_there_is_not_deleted(folder: Path) -> None:
    begin("far", f"sqlite:///{folder}/x.db")
    Path("x.db").rename("y.db")
    ran = Ran("studies", "delete", "far", "--yes")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "x.db, is not there" in ran.err
    Path("y.db").rename("x.db")
    assert is_whole("far")


@pytest.mark.parametrize(
    "words",
    [
        ["show", "nowhere"],
        ["rename", "nowhere", "new"],
        ["copy", "nowhere", "new"],
        ["delete", "nowhere", "--yes"],
        ["export", "nowhere"],
        ["rename", "first", "first"],
        ["copy", "first", "first.repeats"],
        ["export", "first", "--trial", "9"],
        ["export", "first", "--trial", "0" * 20 + "1"],
        ["export", "first", "--trial", "second"],
        ["show", "first", "--storage", "sqlite:///gone.db"],
        ["list", "--storage", "sqlite:///gone.db"],
    ],
)
def test_a_fault_is_one_line_and_exit_code_two(study: None, words: list[str]) -> None:
    ran = Ran("studies", *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert is_whole("first")
    assert not Path("gone.db").exists()
    assert not Path("runs/nowhere").exists()


@pytest.mark.parametrize(
    "words", [["rename", "first", "new"], ["copy", "first", "new"], ["delete", "first", "--yes"]]
)
def test_a_study_that_runs_is_refused_with_its_holder(study: None, words: list[str]) -> None:
    with lock_study(Path("runs/first")):
        ran = Ran("studies", *words)
        shown = Ran("studies", "list", "--json").json
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "another search is using this study" in ran.err
    assert [one["state"] for one in shown] == ["running"]
    assert is_whole("first")


def test_trials_are_exported_as_json_lines(study: None) -> None:
    every = Ran("studies", "export", "first").lines
    assert [one["trial"] for one in every] == [0, 1, 2, 3, 0]
    assert Ran("studies", "export", "first", "--trial", "1").lines == [every[1]]
    found = Ran("studies", "export", "first", "--out", "far/trials.jsonl", "--json").json
    assert found == {"study": "first", "trials": 5, "out": "far/trials.jsonl"}
    assert list(map(json.loads, Path("far/trials.jsonl").read_text().splitlines())) == every


@pytest.mark.parametrize(
    "words",
    [
        ["search", "--study", "frist"],
        ["ablate", "--study", "frist"],
        ["confirm", "--study", "frist"],
        ["fidelity", "--study", "frist"],
        ["studies", "show", "frist"],
        ["studies", "export", "frist"],
        ["studies", "delete", "frist", "--yes"],
        ["report", "frist"],
        ["build", "frist:best"],
    ],
)
def test_a_mistyped_study_is_answered_with_the_one_that_was_meant(
    study: None, words: list[str]
) -> None:
    Path("runs/frisst").mkdir()  # a network that was trained
    ran = Ran(*words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.endswith("frist: must be an existing study; did you mean first?\n")
    assert not Path("runs/frist").exists()


@pytest.mark.parametrize("command", ["search", "ablate", "confirm", "fidelity"])
def test_a_study_to_resume_that_is_not_there_is_named(folder: Path, command: str) -> None:
    ran = Ran(command, "--study", "nope")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "nope: must be an existing study" in ran.err


@pytest.fixture
def far(folder: Path) -> str:
    """A database with a study whose folder lies on another machine."""
    url = f"sqlite:///{folder}/x.db"
    begin("far", url)
    Path("runs").rename("elsewhere")
    return url


@pytest.mark.parametrize(
    "words",
    [
        ["build", "far:best", "--json"],
        ["compare", "far:0", "far:1", "--json"],
        ["report", "far", "--json"],
        ["studies", "show", "far", "--json"],
        ["studies", "export", "far", "--trial", "best"],
    ],
)
def test_a_study_without_a_folder_is_found_in_storage(far: str, words: list[str]) -> None:
    ran = Ran(*words, "--storage", far)
    assert ran.code == 0, ran.err
    assert "far" in ran.out
    assert Ran(*words).code == 2


@pytest.mark.parametrize(
    "words", [["search", "--study", "fra"], ["studies", "show", "fra"], ["report", "fra"]]
)
def test_a_mistyped_study_in_storage_is_answered_with_the_one_that_was_meant(
    far: str, words: list[str]
) -> None:
    ran = Ran(*words, "--storage", far)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.endswith("did you mean far?\n")


@pytest.mark.parametrize(
    "words",
    [
        ["studies", "show", "far"],
        ["studies", "export", "far"],
        ["studies", "delete", "far", "--yes"],
        ["studies", "show", "nowhere"],
        ["studies", "list"],
        ["search", "--study", "far"],
    ],
)
def test_no_connection_to_storage_is_left_open(
    far: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, init = [], PatientStorage.__init__

    def remembered(storage: PatientStorage, *args: Any, **kwargs: Any) -> None:
        init(storage, *args, **kwargs)
        opened.append(storage)

    monkeypatch.setattr(PatientStorage, "__init__", remembered)
    Ran(*words, "--storage", far)
    assert opened
    for storage in opened:
        pool = storage.database.engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedin() + pool.checkedout() == 0


def test_a_name_in_storage_and_in_a_folder_is_ambiguous(far: str) -> None:
    begin("far", None)
    begin("near", None)
    ran = Ran("compare", "far:0", "near:1", "--storage", far, "--json")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "must name one study" in ran.err
    assert Ran("compare", "runs/far:0", "near:1", "--storage", far, "--json").code == 0
    gone = Ran("build", "gone:0", "--storage", far)
    assert (gone.code, gone.err.count("\n")) == (2, 1)


def test_a_study_in_the_place_of_a_network_is_answered_with_its_best(study: None) -> None:
    for words in (["build", "runs/first"], ["build", "first"], ["latency", "runs/first"]):
        ran = Ran(*words)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "a network of it is first:best" in ran.err
    Path("empty").mkdir()
    assert "it is a folder without a trained network" in Ran("build", "./empty").err
    Path("runs/first").rename("runs/small")  # a recipe has this name
    assert "a network of the study is small:best" in Ran("build", "small").err


@pytest.mark.parametrize("words", [["eval", "--pairs", "x.bin"], ["identify", "faces"]])
@pytest.mark.parametrize("ref", ["first:best", "runs/first"])
def test_a_study_has_no_weights(study: None, words: list[str], ref: str) -> None:
    Path("x.bin").write_bytes(b"pairs")
    ran = Ran(words[0], ref, *words[1:])
    assert ran.code == 2
    assert f"{ref}: must be a trained network, got a trial of a study" in ran.err


@pytest.mark.parametrize("name", ["x:1", " ", " x", "x "])
def test_a_name_that_no_ref_can_hold_is_not_given(study: None, name: str) -> None:
    for words in (["studies", "copy", "first"], ["studies", "rename", "first"]):
        ran = Ran(*words, name)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "must have no colon" in ran.err if name.strip() else "must not be empty" in ran.err
    ran = Ran("search", "--budget", "150M", "--study", name)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "must have no colon" in ran.err if name.strip() else "must not be empty" in ran.err
    assert [path.name for path in Path("runs").iterdir()] == ["first"]


def test_a_study_that_leaves_runs_is_named_by_its_path(study: None) -> None:
    ran = Ran("studies", "rename", "first", "other/place")
    assert (ran.code, ran.err) == (
        0,
        "note: other/place is not in runs/: name the study by this path\n",
    )
    assert Ran("studies", "rename", "other/place", "runs/second").err == ""
    assert is_whole("second")


def test_a_search_with_few_trials_has_no_importance(study: None) -> None:
    ran = Ran("importance", "first")
    assert ran.err.endswith("complete trials of its search space, got 3\n")
