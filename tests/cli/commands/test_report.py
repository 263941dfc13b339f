"""``seesawnas report`` and ``seesawnas compare``: the commands around the pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seesawnas.study import StudyRecord
from seesawnas.study.storage.open import open_url
from tests.cli.running import Ran
from tests.study.fakes import record_in, small_set
from tests.study.stored import store_study


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_report_goes_into_the_study_s_folder_or_where_it_is_asked_for(folder: Path) -> None:
    store_study(folder / "runs" / "s", 6)
    journal = (folder / "runs" / "s" / "journal.log").read_bytes()
    ran = Ran("report", "s")
    assert (ran.code, ran.out) == (0, "wrote runs/s/report.html\n")
    page = (folder / "runs" / "s" / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert Ran("report", "runs/s", "--out", "far/x.html").out == "wrote far/x.html\n"
    assert (folder / "far" / "x.html").is_file()
    assert (folder / "runs" / "s" / "journal.log").read_bytes() == journal


def test_other_formats_go_to_standard_output_unless_a_file_is_named(folder: Path) -> None:
    store_study(folder / "runs" / "s", 6)
    assert Ran("report", "s", "--format", "md").out.startswith("# s\n")
    assert Ran("report", "s", "--format", "csv").out.startswith(
        "study,trial,state,rank,pareto,digest,label,variant,accuracy,"
    )
    values = Ran("report", "s", "--format", "json").json
    assert values == Ran("report", "s", "--json").json
    assert values["studies"][0]["study"] == "s"
    assert Ran("report", "s", "--out", "t.csv").out == "wrote t.csv\n"
    assert (folder / "t.csv").read_text().startswith("study,trial")


def test_several_studies_are_one_report(folder: Path) -> None:
    store_study(folder / "runs" / "a", 6)
    store_study(folder / "runs" / "b", 6)
    assert [study["study"] for study in Ran("report", "a", "b", "a", "--json").json["studies"]] == [
        "a",
        "b",
    ]


def test_a_study_in_a_database_is_reported_from_there(folder: Path) -> None:
    url = f"sqlite:///{folder}/x.db"
    StudyRecord(open_url(url), "far", small_set().decisions)
    (study,) = Ran("report", "far", "--storage", url, "--json").json["studies"]
    assert study["study"] == "far"
    missing = Ran("report", "far", "--storage", f"sqlite:///{folder}/none.db", "--json")
    assert (missing.code, missing.err) == (
        2,
        f"storage sqlite:///{folder}/none.db: there is no such file\n",
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["report", "nowhere"], "nowhere: must be an existing study, got none in runs/nowhere\n"),
        (
            ["report", "empty", "--json", "--format", "csv"],
            "--format must be json with --json, got csv\n",
        ),
        (
            ["compare", "paper/seesaw_share"],
            "compare must have at least two networks, got only paper/seesaw_share\n",
        ),
    ],
)
def test_a_user_s_fault_is_one_line(folder: Path, words: list[str], error: str) -> None:
    ran = Ran(*words)
    assert (ran.code, ran.err) == (2, error)


def test_an_empty_study_is_reported_as_such(folder: Path) -> None:
    record_in(folder / "runs" / "s")
    assert Ran("report", "s").code == 0
    assert "No trial is complete" in (folder / "runs" / "s" / "report.html").read_text()
    assert "No trial is complete" in Ran("report", "s", "--format", "md").out
    assert Ran("report", "s", "--format", "csv").out.startswith("study,trial")
    assert Ran("report", "s", "--json").json["studies"][0]["ranking"] == []


def test_networks_lie_side_by_side_with_their_differences_marked(folder: Path) -> None:
    store_study(folder / "runs" / "s", 6)
    ran = Ran("compare", "paper/seesaw_share", "s:best", "paper/mobilefacenet", "--html", "c.html")
    assert ran.code == 0
    assert "145,762,816" in ran.out
    assert "(+51.6%)" in ran.out
    assert "≠" in ran.out
    assert ran.out.endswith("wrote c.html\n")
    assert (folder / "c.html").read_text().count("<svg") == 3


def test_a_comparison_is_json_with_stable_keys() -> None:
    values = Ran("compare", "paper/seesaw_share", "paper/seesaw_shuffle", "--json").json
    assert list(values) == ["names", "digests", "same", "rows"]
    assert values["rows"][0] == {
        "part": "network",
        "name": "digest",
        "values": values["digests"],
        "differs": True,
    }
    assert json.dumps(values)
