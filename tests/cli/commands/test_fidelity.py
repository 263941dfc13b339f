from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from seesawnas.cli.app import app


def fidelity(*words: str) -> Result:
    return CliRunner().invoke(app, ["fidelity", *words])


@pytest.mark.slow
def test_a_panel_ends_with_a_table_and_files_and_its_measurements_give_the_same_again(
    folder: Path,
) -> None:
    words = ["--space", "small.yaml", "--budget", "1M", "--data", "faces", "--networks", "4"]
    result = fidelity(*words, "--engine", "local", "--levels", "1x32", "--seeds", "2", "--json")
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
        ([], "--budget must be given, such as 120M..150M, or --measurements"),
        (["--budget", "1M", "--levels", "nonsense"], "--levels must be EPOCHSxPIXELS"),
        (["--budget", "1M", "--levels", "1x32,1x32"], "--levels must differ"),
        (["--budget", "1M", "--networks", "0"], "--networks must be from 3 to 100000, got 0"),
        (["--budget", "1M", "--networks", "2"], "--networks must be from 3 to 100000, got 2"),
        (["--budget", "1M", "--workers", "65"], "--workers must be from 1 to 64, got 65"),
        (
            ["--budget", "1M", "--engine", "steam"],
            "--engine must be one of ray, local, inline, got steam",
        ),
        (
            ["--budget", "1M", "--engine", "local", "--gpus-per-trial", "1"],
            "--gpus-per-trial requires engine ray",
        ),
        (
            ["--budget", "1M", "--seed", "-1"],
            "--seed must be from 0 to 9223372036854775807, got -1",
        ),
        (["--budget", "100M", "--data", "nosuch"], "nosuch"),
        (["--budget", "1M", "--score", "luck"], "--score must be one of accuracy"),
        (["--measurements", "missing.jsonl"], "missing.jsonl: cannot be read: No such file"),
        (["--measurements", "empty.jsonl"], "empty.jsonl: must hold measurements, got none"),
        (
            ["--measurements", "empty.jsonl", "--engine", "foo"],
            "--engine must be one of ray, local, inline, got foo",
        ),
        *(
            (
                ["--measurements", "empty.jsonl", option, value],
                f"{option} requires --budget, got none",
            )
            for option, value in (
                ("--teacher", "t"),
                ("--distill", "angular"),
                ("--distill-weight", "2"),
                ("--teacher-channels", "bgr"),
            )
        ),
        (["--measurements", "small.yaml"], "small.yaml: line 1: must be a panel's measurement"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    folder: Path, words: list[str], message: str
) -> None:
    Path("empty.jsonl").touch()
    result = fidelity(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path("runs").exists()


def test_measurements_alone_are_judged_against_the_costliest_level_or_the_first_one_given(
    folder: Path,
) -> None:
    scores = [{"accuracy": 0.5, "accuracy_std": 0.0, "auc": 0.5 + place / 10} for place in range(4)]
    lines = [
        {
            "network": n,
            "digest": f"d{n}",
            "madds": n,
            "params": n,
            "level": level,
            "seed": 0,
            "curve": [scores[n]],
            "seconds": cost,
        }
        for level, cost in (("1x32", 1.0), ("8x32", 9.0))
        for n in range(4)
    ]
    Path("m.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert json.loads(fidelity("--measurements", "m.jsonl", "--json").stdout)["reference"] == "8x32"
    given = fidelity("--measurements", "m.jsonl", "--json", "--levels", "1x32,8x32")
    assert json.loads(given.stdout)["reference"] == "1x32"
    assert all(one["reference_seeds"] == 1 for one in json.loads(given.stdout)["agreements"])


@pytest.mark.slow
def test_a_panel_is_resumed_by_its_name_alone(folder: Path) -> None:
    words = ["--space", "small.yaml", "--budget", "1M", "--data", "faces", "--networks", "3"]
    words += ["--engine", "local", "--levels", "1x32", "--seeds", "2", "--study", "p"]
    first = fidelity(*words, "--json")
    assert first.exit_code == 0, first.output
    Path("runs/p").rename("runs/q")
    again = fidelity("--study", "q", "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout) == json.loads(first.stdout)
    fault = fidelity("--study", "q", "--score", "luck")
    assert (fault.exit_code, fault.stderr.count("\n")) == (2, 1)
    assert fault.stderr.startswith("--score must be one of accuracy")
    assert fidelity("--study", "nosuch").exit_code == 2
