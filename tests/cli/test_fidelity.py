from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from seesawnas.cli.app import app
from seesawnas.space import write_yaml
from tests.faces import write_folder
from tests.study.fakes import SMALL_SPACE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(write_yaml(SMALL_SPACE))
    write_folder(Path("faces"))
    return tmp_path


def fidelity(*words: str) -> Result:
    return CliRunner().invoke(app, ["fidelity", *words])


def test_a_panel_ends_with_a_table_and_files_and_its_measurements_give_the_same_again(folder: Path) -> None:
    words = ["--space", "small.yaml", "--budget", "1M", "--data", "faces", "--networks", "4"]
    result = fidelity(*words, "--levels", "1x32", "--seeds", "2", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    readings = {one["reading"]: one for one in found["agreements"]}
    assert set(readings) == {"MAdds", "params", "1x32"}
    assert -1 <= readings["1x32"]["low"] <= readings["1x32"]["tau"] <= readings["1x32"]["high"] <= 1
    assert json.loads(Path("runs/fidelity/fidelity.json").read_text()) == found
    assert "plotly" in Path("runs/fidelity/fidelity.html").read_text()

    again = fidelity("--measurements", "runs/fidelity/measurements.jsonl", "--json")
    assert json.loads(again.stdout) == found
    shown = fidelity("--measurements", "runs/fidelity/measurements.jsonl")
    assert "Kendall's tau with 1x32" in shown.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--budget must be given"),
        (["--budget", "1M", "--levels", "nonsense"], "level must be EPOCHSxPIXELS"),
        (["--budget", "1M", "--levels", "1x32,1x32"], "--levels must differ"),
        (["--budget", "1M", "--networks", "0"], "--networks must be positive"),
        (["--budget", "1M", "--score", "luck"], "--score must be one of accuracy"),
        (["--measurements", "missing.jsonl"], "missing.jsonl: cannot be read: No such file"),
        (["--measurements", "small.yaml"], "small.yaml: line 1: must be a panel's measurement"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(folder: Path, words: list[str], message: str) -> None:
    result = fidelity(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path("runs").exists()
