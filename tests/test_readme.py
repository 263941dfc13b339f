"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seesawnas.cli.app import app
from seesawnas.search import StudyFile, plan_of
from seesawnas.space import FeasibleSet, read_yaml, to_space

README = (Path(__file__).parents[1] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def shown(command: str) -> str:
    """The output that the README shows of a command."""
    found = re.search(rf"\$ {re.escape(command)}\n(.*?)(?=\n\n?\$ |\n?```)", README, re.DOTALL)
    assert found is not None, command
    return found[1]


def test_the_python_runs_and_its_comments_are_true() -> None:
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(code, names)
    for expression, value in re.findall(r"^([\w.()]+) +# (\d+)$", code, re.MULTILINE):
        assert str(eval(expression, names)) == value
    assert len(names["specs"]) == 10  # type: ignore[arg-type]


def test_the_study_file_shown_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = blocks("yaml")
    monkeypatch.chdir(tmp_path)
    Path("quick.yaml").write_text(text)
    Path("faces").mkdir()
    plan = plan_of(StudyFile.read("quick.yaml"), {"engine": "local"})
    assert (plan.repeats, plan.objectives.names) == (2, ("auc", "madds"))


def test_the_yaml_is_a_space_that_has_networks_within_the_budget() -> None:
    _, text = blocks("yaml")
    assert FeasibleSet(to_space(read_yaml(text, "README.md"), "README.md")).count > 500


def test_the_faults_shown_are_those_that_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = blocks("yaml")
    broken = text.replace("  expansion: 2   ", "  expansion: -2  ", 1).replace(
        "  kernel: {", "  kernl: {"
    )
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(broken)
    result = CliRunner().invoke(app, ["space", "mine.yaml"])
    assert result.exit_code == 2
    assert result.stderr.strip() == shown("seesawnas space mine.yaml").strip()


@pytest.mark.parametrize(
    "command",
    [
        "seesawnas build paper/seesaw_share",
        "seesawnas paper",
        "seesawnas space seesaw --budget 150M",
        'seesawnas space seesaw --budget "150M, params<=1.5M"',
    ],
)
def test_the_output_shown_is_the_output(command: str) -> None:
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    assert result.exit_code == 0
    told = [line.rstrip() for line in result.stdout.strip("\n").splitlines()]
    lines = [
        line.rstrip() for line in shown(command).splitlines() if line.strip() not in ("", "...")
    ]
    assert lines
    for line in lines:
        assert line in told
