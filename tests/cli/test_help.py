"""What --help, --version and completion print. UPDATE_GOLDEN=1 writes the texts anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer import rich_utils

from tests.cli.running import Ran

GOLDEN = Path(__file__).parent / "help"
COMMANDS = (
    *(
        "seesawnas",
        "ablate",
        "build",
        "compare",
        "confirm",
        "dashboard",
        "eval",
        "export",
        "fidelity",
        "identify",
        "importance",
        "latency",
        "latency fit",
        "paper",
    ),
    *("report", "space", "sample", "score", "search", "train"),
    *("data", "data info", "data pack", "data subset", "data align", "data cache"),
    *("studies", "studies list", "studies show", "studies rename", "studies copy"),
    *("studies delete", "studies export"),
)
SLOW = {"torch", "optuna", "pandas", "plotly", "sqlalchemy", "PIL"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_prints_its_golden_text(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rich_utils, "MAX_WIDTH", 100)
    monkeypatch.setattr(rich_utils, "FORCE_TERMINAL", False)
    ran = Ran("--help") if command == "seesawnas" else Ran(*command.split(), "--help")
    text = "\n".join(line.rstrip() for line in ran.out.splitlines()).strip() + "\n"
    golden = GOLDEN / f"{command.replace(' ', '_')}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert ran.code == 0


def test_version_is_the_package_s() -> None:
    assert Ran("--version").out.startswith("seesawnas 0.")


def test_without_arguments_the_help_is_shown() -> None:
    assert "paper/seesaw_share" in Ran().out


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            "--help",
            "search --help",
            "ablate --help",
            "fidelity --help",
            "train --help",
            "paper",
            "space seesaw",
        ),
        *("sample -n 1 --json", "build paper/seesaw_share"),
    ],
)
def test_commands_that_build_nothing_import_nothing_slow(arguments: str) -> None:
    program = (
        "import sys; from seesawnas.cli import app\n"
        "try: app()\n"
        f"finally: sys.stderr.write(' '.join({SLOW!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_python_dash_m_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seesawnas", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("seesawnas ")
