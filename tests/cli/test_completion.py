"""What the shell offers: shipped names, files, studies, their trials, and names of options."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seesawnas.cli.completion import (
    complete_network,
    complete_networks,
    complete_prior,
    complete_recipe,
    complete_ref,
    complete_study,
    complete_study_file,
)

SLOW = {"torch", "optuna", "ray", "pandas", "plotly", "sqlalchemy", "PIL"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("lfw_first", "mine"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    (tmp_path / "runs" / "mine" / "journal.log").touch()
    (tmp_path / "runs" / "lfw_first" / "storage.url").write_text("sqlite:///x.db\n")
    (tmp_path / "runs" / "mobile").mkdir()
    (tmp_path / "runs" / "mobile" / "model.yaml").touch()  # a network that was trained
    (tmp_path / "runs" / ".studies.0123abcd.draft").mkdir()
    ranking = [{"number": 7}, {"number": 2}]
    (tmp_path / "runs" / "mine" / "summary.json").write_text(json.dumps({"ranking": ranking}))
    for name in ("mine.yaml", "notes.txt", "lfw_old.csv", "search_mine.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "more").mkdir()
    return tmp_path


def test_refs_are_shipped_names_and_own_files() -> None:
    assert complete_ref("paper/dw_seesaw_v1") == ["paper/dw_seesaw_v1", "paper/dw_seesaw_v1_conv"]
    assert complete_ref("m") == ["mine.yaml", "mixed", "mobilefacenet", "more/"]
    assert {"seesaw", "seesaw_wide"} <= set(complete_ref(""))


def test_networks_are_refs_and_trials_of_studies() -> None:
    assert complete_network("mo") == ["mobilefacenet", "more/"]
    assert complete_network("mi") == ["mine.yaml", "mine:best", "mixed"]
    assert complete_network("mine:") == ["mine:2", "mine:7", "mine:best"]
    assert complete_network("runs/mine:b") == ["runs/mine:best"]
    assert complete_network("nosuch:") == []
    assert complete_networks("paper/mobiface,mine:b") == ["paper/mobiface,mine:best"]


def test_a_summary_that_cannot_be_read_offers_the_best_alone(folder: Path) -> None:
    for text in ("nonsense", "[]", '{"ranking": 3}', '{"ranking": [{}]}', "[" * 10**5):
        (folder / "runs" / "mine" / "summary.json").write_text(text)
        assert complete_network("mine:") == ["mine:best"]


def test_studies_are_the_folders_of_runs_that_hold_one() -> None:
    assert complete_study("") == ["lfw_first", "mine", "more/", "runs/"]
    assert complete_study("runs/m") == ["runs/mine/", "runs/mobile/"]


def test_study_files_are_shipped_studies_and_own_files() -> None:
    assert complete_study_file("search_") == [
        "search_150m",
        "search_careful",
        "search_mine.yaml",
        "search_pareto",
    ]
    assert "seesaw" not in complete_study_file("")


def test_recipes_are_shipped_names_and_own_files() -> None:
    assert {"paper", "small", "mine.yaml"} <= set(complete_recipe(""))
    assert complete_recipe("pap") == ["paper"]


def test_earlier_studies_are_offered_for_the_last_of_several() -> None:
    assert complete_prior("lf") == ["lfw", "lfw_first", "lfw_old.csv"]
    assert complete_prior("lfw,r") == ["lfw,runs/"]
    assert complete_prior("runs/") == ["runs/lfw_first/", "runs/mine/", "runs/mobile/"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("seesawnas build mine:", {"mine:2", "mine:7", "mine:best"}),
        ("seesawnas report m", {"mine", "more/"}),
        ("seesawnas studies delete l", {"lfw_first"}),
        ("seesawnas search --sampler n", {"nsga2"}),
        ("seesawnas search --study mi", {"mine"}),
        ("seesawnas train paper/mobiface --recipe sm", {"small"}),
        ("seesawnas confirm paper/mobifa", {"paper/mobiface"}),
    ],
)
def test_the_shell_is_answered_without_what_is_slow_to_import(line: str, offered: set[str]) -> None:
    program = (
        "import sys; from seesawnas.cli import app\n"
        "try: app(prog_name='seesawnas')\n"
        f"finally: sys.stderr.write(' '.join({SLOW!r} & set(sys.modules)))"
    )
    words = line.split(" ")
    asked = {
        "_SEESAWNAS_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **asked},
    )
    assert (set(done.stdout.split()), done.stderr) == (offered, "")
