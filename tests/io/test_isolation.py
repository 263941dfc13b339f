"""Nothing that lies in the working directory is imported or run; Ctrl-C meanwhile is silent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import seesawnas
from seesawnas.io.isolation import clean, import_path, isolated_children

HOME = str(Path(seesawnas.__file__).resolve().parents[1])
TRIAL = [
    "search",
    "--data",
    "synthetic:20x3",
    "--budget",
    "50M",
    "--trials",
    "1",
    "--epochs",
    "1",
    "--workers",
    "1",
]
TRIAL += ["--resolution", "32", "--points", "none"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{0}:/usr/bin", "/usr/bin"),
        (":/usr/bin:", "/usr/bin"),
        (".:/a:sub:/b", "/a:/b"),
        ("", None),
        (".", None),
    ],
)
def test_no_list_of_folders_names_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {"PYTHONPATH": before.format(tmp_path)}
    clean(environment)
    assert environment.get("PYTHONPATH") == after
    assert environment["PYTHONSAFEPATH"] == "1"


def test_programs_are_still_found_if_nothing_but_the_working_directory_was_named() -> None:
    environment = {"PATH": "."}
    clean(environment)
    assert environment["PATH"] == os.defpath


def test_the_working_directory_is_not_searched_for_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = [each for each in sys.path if each and os.path.realpath(each) != str(tmp_path)]
    monkeypatch.setattr(sys, "path", ["", ".", str(tmp_path), "sub", *kept])
    assert import_path() == kept


def test_finders_of_editable_projects_are_kept_but_no_folder_that_has_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    marker, folder = (
        "__editable__.theirs-1.finder.__path_hook__",
        "__editable__.others-1.finder.__path_hook__",
    )
    (tmp_path / folder).mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, marker, folder])
    assert marker in import_path()
    assert folder not in import_path()


def test_it_comes_last_if_this_package_lies_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOME)
    others = [each for each in sys.path if each and os.path.realpath(each) != HOME]
    monkeypatch.setattr(sys, "path", [HOME, *others])
    assert import_path() == [*others, HOME]


def test_a_working_directory_that_was_deleted_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert "" not in import_path()


def test_what_is_changed_for_children_is_as_it_was_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.setenv("PYTHONPATH", ":/a")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    before = list(sys.path)
    with isolated_children():
        assert "" not in sys.path
        assert os.environ["PYTHONPATH"] == "/a"
    assert sys.path == before
    assert os.environ["PYTHONPATH"] == ":/a"
    assert "PYTHONSAFEPATH" not in os.environ


@pytest.mark.parametrize("engine", ["ray", "local"])
@pytest.mark.parametrize(
    "start", [["-P", "-c", "from seesawnas.cli import main; main()"], ["-m", "seesawnas"]]
)
@pytest.mark.slow
def test_a_search_runs_nothing_of_the_working_directory(
    tmp_path: Path, start: list[str], engine: str
) -> None:
    names = [
        "numpy",
        "optuna",
        "torch",
        "ray",
        "pandas",
        "typer",
        "sklearn",
        "onnxruntime",
        "yaml",
        "psutil",
        "signal",
        "threading",
    ]
    # Python -m itself imports of the standard library before anybody can say anything.
    if start[0] == "-P":
        names += [
            "profile",
            "json",
            "random",
            "socket",
            "pickle",
            "typing",
            "tempfile",
            "sitecustomize",
            "usercustomize",
        ]
    for name in names:
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\nraise ImportError\n"
        )
    for name in ("git", "bash", "uname", "sh"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} >> {tmp_path}/ran\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f".:{os.environ['PATH']}:", "PYTHONPATH": HOME}
    words = [sys.executable, *start, *TRIAL, "--study", "s", "--engine", engine]
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


@pytest.mark.parametrize("way", ["file", "module"])
def test_a_script_without_a_guard_is_not_run_again_by_processes(tmp_path: Path, way: str) -> None:
    (tmp_path / "unguarded.py").write_text(
        "import multiprocessing, operator\n"
        "from seesawnas.io.isolation import isolated_children, script_left_alone\n"
        "print('ran', flush=True)\n"
        "spawn = multiprocessing.get_context('spawn')\n"
        "with script_left_alone(), isolated_children():\n"
        "    process = spawn.Process(target=operator.add, args=(1, 2))\n"
        "    process.start()\n"
        "process.join()\n"
        "print(process.exitcode, __file__.endswith('unguarded.py'), __spec__ is None)\n"
    )
    words = ["unguarded.py"] if way == "file" else ["-m", "unguarded"]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([HOME, str(tmp_path)])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["ran", f"0 True {way == 'file'}"]


PROGRAM = """
import sys
sys.argv = ["seesawnas", "space", "seesaw", "--budget", "nonsense"]
import seesawnas
{interrupt}
from seesawnas.cli import main
main()
"""


def run(interrupt: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "seesawnas"
    program.write_text(PROGRAM.format(interrupt=interrupt))
    folder = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, check=False
    )


def test_an_interrupt_while_it_imports_ends_it_silently(tmp_path: Path) -> None:
    done = run("import signal; signal.raise_signal(signal.SIGINT)", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_program_that_ignores_interrupts_goes_on(tmp_path: Path) -> None:
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    done = run(f"{ignored}; signal.raise_signal(signal.SIGINT)", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("--budget must")


def test_of_a_library_interrupts_are_left_alone() -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
