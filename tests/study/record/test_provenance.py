"""What made a study."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seesawnas.study.record.provenance import git_state, provenance


def git(*words: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


def test_git_says_the_commit_and_whether_files_differ_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_it_is_json_that_names_every_version_and_no_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["seesawnas", "search", "--storage", "postgresql://me:secret@host/db"]
    )
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
def test_no_spelling_of_a_password_is_kept(
    url: str, shown: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["seesawnas", f"{option}{url}", "--trials"])
    assert provenance(data="f00", seeds={})["command"] == [
        "seesawnas",
        f"{option}{shown}",
        "--trials",
    ]


def test_nothing_of_a_repository_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever packs a folder writes its .git/config too."""
    monkeypatch.chdir(tmp_path)
    git("init")
    Path(".gitattributes").write_text("*.one filter=one diff=one\n*.two filter=two\n")
    for name in ("a.one", "b.two"):
        Path(name).write_text("1")
    git("add", ".")
    git("commit", "-m", "First")
    program = tmp_path / ".git" / "program"
    program.write_text(f"#!/bin/sh\necho $1 >> {tmp_path}/ran\ncat\n")
    program.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "filter.one.clean",
        "filter.two.process",
        "diff.one.textconv",
        "diff.external",
    ):
        git("config", name, f"{program} {name}")
    git("config", "filter.one.required", "true")
    git("config", "core.pager", str(program))
    (tmp_path / ".git" / "hooks" / "post-index-change").symlink_to(program)
    Path("git").symlink_to(program)
    monkeypatch.setenv("PATH", f"{os.pathsep}{os.environ['PATH']}")
    for name in ("a.one", "b.two"):
        os.utime(name, (0, 0))  # as git has not seen it: it must read the file
    assert (found := git_state()) is not None
    assert not found["dirty"]
    Path("a.one").write_text("2")
    assert (found := git_state()) is not None
    assert found["dirty"]
    assert not Path("ran").exists()
