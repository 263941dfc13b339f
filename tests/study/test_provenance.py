"""What made a study."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from seesawnas.study.provenance import git_state, provenance


def git(*words: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


def test_git_says_the_commit_and_whether_files_differ_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state() is None
    git("init")
    assert git_state() is None  # no commit yet
    Path("a").write_text("1")
    git("add", "a")
    git("commit", "-m", "First")
    found = git_state()
    assert found is not None
    assert len(found["commit"]) == 40
    assert not found["dirty"]
    Path("a").write_text("2")
    assert git_state() == {"commit": found["commit"], "dirty": True}


def test_a_machine_without_git_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert git_state() is None


def test_it_is_json_that_names_every_version_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["seesawnas", "search", "--storage", "postgresql://me:secret@host/db"])
    values = json.loads(json.dumps(provenance(data="f00", seeds={"study": 0})))
    assert set(values["versions"]) == {"python", "seesawnas", "torch", "optuna", "ray", "numpy"}
    assert values["versions"]["torch"]
    assert (values["data"], values["machine"]["cpus"] > 0) == ("f00", True)
    assert values["command"][-1] == "postgresql://...@host/db"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://h/d?user=u&password=secret", "postgresql://h/d?user=u&password=..."),
        ("postgresql://u:se/cret@h/d", "postgresql://...@h/d"),
        ("postgresql://u:s@cret@h/d", "postgresql://...@h/d"),
    ],
)
@pytest.mark.parametrize("option", ["", "--storage="])
def test_no_spelling_of_a_password_is_kept(url: str, shown: str, option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["seesawnas", f"{option}{url}", "--trials"])
    assert provenance(data="f00", seeds={})["command"] == ["seesawnas", f"{option}{shown}", "--trials"]
