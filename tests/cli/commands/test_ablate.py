from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from seesawnas.ablation import estimate, plan_of, prepare_run
from seesawnas.cli.app import app
from seesawnas.study import ENGINES, TrialJob
from tests.ablation.small import BASE, write_networks
from tests.ablation.small import without_se_is_worse as answer
from tests.faces import write_folder
from tests.study.fakes import FakeEngine

TINY = [
    "small.yaml",
    "--factors",
    "se",
    "--levels",
    "se=0",
    "--data",
    "faces",
    "--epochs",
    "1",
    "--resolution",
    "32",
]
TINY += ["--engine", "local", "--workers", "1", "--study", "a"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_networks()
    write_folder(Path("faces"))
    return tmp_path


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> list[TrialJob]:
    jobs: list[TrialJob] = []
    monkeypatch.setitem(
        ENGINES, "local", lambda _, settings: FakeEngine(settings.local_workers, answer, jobs=jobs)
    )
    return jobs


def ablate(*words: str) -> Result:
    return CliRunner().invoke(app, ["ablate", *words])


@pytest.mark.slow
def test_a_real_ablation_ends_with_effects_words_and_files(folder: Path) -> None:
    result = ablate(*TINY, "--seeds", "2")
    assert result.exit_code == 0, result.output
    assert "Effects on AUC, paired by seed" in result.stdout
    assert "se=0" in result.stdout
    assert "runs/a/result.json" in result.stdout
    again = json.loads(ablate(*TINY, "--seeds", "2", "--json").stdout)
    kept = json.loads(Path("runs/a/result.json").read_text())
    assert again["effects"] == kept["effects"]
    assert again["reason"] == "all 4 training runs are finished"
    assert {len(arm["values"]) for arm in again["arms"]} == {2}
    assert again["files"]["study"] == "runs/a/study.yaml"


def test_a_found_effect_is_called_so(folder: Path, fake: list[TrialJob]) -> None:
    result = ablate(*TINY, "--seeds", "5")
    assert "se=0 is worse than se=4 by 0.0" in result.stdout
    assert len(fake) == 10


def test_the_kept_study_file_runs_the_same_ablation_again_elsewhere(
    folder: Path, fake: list[TrialJob]
) -> None:
    ablate(*TINY, "--seeds", "2")
    again = ablate("runs/a/study.yaml", "--study", "b", "--json")
    assert again.exit_code == 0, again.output
    first, second = (json.loads(Path(f"runs/{name}/result.json").read_text()) for name in "ab")
    assert first["effects"] == second["effects"]


def test_a_dry_run_prints_the_design_and_trains_and_writes_nothing(
    folder: Path, fake: list[TrialJob]
) -> None:
    result = ablate(*TINY, "--seeds", "3", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "2 networks x 3 seeds = 6 training runs" in result.stdout
    assert "1 in parallel" in result.stdout
    values = json.loads(ablate(*TINY, "--seeds", "3", "--dry-run", "--json").stdout)
    assert values["trials"] == 6
    assert values["hours"] > 0
    assert [arm["name"] for arm in values["arms"]] == ["base", "se=0"]
    assert values["arms"][0]["madds"] > values["arms"][1]["madds"]
    assert not fake
    assert not Path("runs").exists()


def test_the_time_it_takes_grows_with_what_is_trained(folder: Path) -> None:
    few = plan_of(None, {**BASE, "factors": "se", "seeds": 2})
    many = plan_of(None, {**BASE, "factors": "se", "seeds": 2, "epochs": 40})
    short, long = (estimate(plan, prepare_run(plan)) for plan in (few, many))
    assert short.trials == long.trials == 6
    assert long.seconds > 3 * short.seconds > 0


def test_a_fraction_states_what_it_cannot_tell_apart(folder: Path) -> None:
    words = [
        "--factors",
        "se,kind,activation,kernel",
        "--levels",
        "se=0 kind=plain activation=relu kernel=5",
    ]
    result = ablate(*TINY, *words, "--design", "fractional", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "resolution IV" in result.stdout
    assert "se × kind" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "--factors", "se"], "nowhere: must be a YAML file or a shipped name"),
        (["small.yaml"], "--factors must name an attribute"),
        (["small.yaml", "--factors", "x"], "--factors must be one of split"),
        ([*TINY, "--seeds", "0"], "--seeds must be from 1"),
        (["search_150m"], "search_150m: must be an ablation study with the key base"),
        ([*TINY, "--levels", "se=999"], "se=999: block 0: se must be"),
        (["unfinished.yaml"], "unfinished.yaml:"),
        (["baseless.yaml"], "baseless.yaml: base: is required"),
        (["bad.yaml"], "bad.yaml: seeds: must be a whole number"),
    ],
)
def test_a_mistake_is_a_line_and_exit_code_two(
    folder: Path, words: list[str], message: str
) -> None:
    Path("unfinished.yaml").write_text("base: [1\n")
    Path("baseless.yaml").write_text("seeds: 3\nfactors: se\n")
    Path("bad.yaml").write_text("base: small.yaml\nfactors: se\nseeds: many\n")
    result = ablate(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_ctrl_c_keeps_what_is_done(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(FakeEngine):
        def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
            if len(self.jobs) == 2:
                raise KeyboardInterrupt
            super().submit(job, checkpoint)

    monkeypatch.setitem(
        ENGINES, "local", lambda _, settings: Interrupted(settings.local_workers, answer)
    )
    result = ablate(*TINY, "--seeds", "2")
    assert result.exit_code == 130
    assert (
        "Stopped with 2 of 4 training runs finished. Run the same command to resume."
        in result.stderr
    )
    assert len(json.loads(Path("runs/a/result.json").read_text())["arms"][0]["values"]) == 1


@pytest.mark.slow
def test_an_ablation_is_resumed_by_its_name_alone(folder: Path, fake: list[TrialJob]) -> None:
    assert ablate(*TINY, "--seeds", "2", "--seed", "5").exit_code == 0
    done = len(fake)
    again = ablate("--study", "a", "--json")
    assert again.exit_code == 0, again.output
    assert len(fake) == done
    more = ablate("--study", "a", "--seeds", "3", "--json")
    assert {len(arm["values"]) for arm in json.loads(more.stdout)["arms"]} == {3}
    missing = ablate("--study", "nosuch")
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
