from __future__ import annotations

import errno
import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from seesawnas.cli.app import app
from seesawnas.cli.search_tables import show
from seesawnas.report.outcome import outcome_of
from seesawnas.search import plan_of
from seesawnas.space import load, write_yaml
from seesawnas.study import (
    EngineEvent,
    Failed,
    Finished,
    Objectives,
    StudyRecord,
    TrialJob,
    TrialState,
    held,
    open_storage,
    read_repeats,
    trial_point,
)
from seesawnas.study.process import ProcessName
from tests.faces import write_folder
from tests.study.fakes import SMALL_SPACE, FakeEngine, by_madds, measured, record_in, small_set

TINY = ["--space", "small.yaml", "--budget", "1M", "--epochs", "1", "--resolution", "32", "--engine", "local"]
TINY += ["--workers", "1"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(write_yaml(SMALL_SPACE))
    Path("oblong.yaml").write_text(write_yaml({**SMALL_SPACE, "input": {"height": 32, "width": 24}}))
    write_folder(Path("faces"))
    return tmp_path


def search(*words: str) -> Result:
    return CliRunner().invoke(app, ["search", *words])


def test_a_search_ends_with_a_ranking_the_files_to_go_on_with_and_the_next_commands(folder: Path) -> None:
    result = search(*TINY, "--data", "faces", "--trials", "2", "--study", "first")
    assert result.exit_code == 0, result.output
    assert "Ranked by verification accuracy" in result.stdout
    assert "seesawnas build runs/first/best.yaml" in result.stdout
    record = record_in(folder / "runs" / "first")
    best = record.study.best_trial
    assert load("runs/first/best.yaml").digest() == best.user_attrs["digest"]
    point = trial_point("first:best")
    assert point is not None
    assert point.spec == load("runs/first/best.yaml")
    summary = json.loads(Path("runs/first/summary.json").read_text())
    assert next(row["number"] for row in summary["ranking"]) == best.number
    assert "plotly" in Path("runs/first/pareto.html").read_text()

    again = search(*TINY, "--data", "faces", "--trials", "2", "--study", "first", "--json")
    assert json.loads(again.stdout)["ranking"] == summary["ranking"]
    assert len(record_in(folder / "runs" / "first").trials(TrialState.COMPLETE)) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--budget", "1K"], "the smallest costs"),
        (["--budget", "many"], "must be a number"),
        (["--budget", "150M", "--trials", "0"], "--trials must be from 1"),
        (["--budget", "150M", "--workers", "0"], "--workers must be from 1"),
        (["--budget", "150M", "--epochs", "0"], "--epochs must be from 1"),
        (["--budget", "150M", "--resolution", "1"], "--resolution must be from 16"),
        (["--budget", "150M", "--data", "nowhere"], "nowhere"),
        (["--budget", "150M", "--seed", "-1"], "--seed must be from 0"),
        (["--budget", "150M", "--seed", "9" * 30], "--seed must be from 0"),
        (["--budget", "1M", "--space", "oblong.yaml"], "input must be square"),
        (["--budget", "150M", "--space", "nowhere"], "must be a YAML file or a shipped name"),
        (["--budget", "150M", "--storage", "nonsense://x"], "cannot be opened"),
        (["--budget", "150M", "--study", ".."], "must have a name"),
        (["--trials", "3"], "search must have a budget, got none: give --budget 150M, or a study file"),
        (["search_150"], "did you mean search_150m?"),
        (["--budget", "150M", "--points", "paper/dw_seesaw_v1"], "must lie within the budget of 150.00 M MAdds"),
        (["--budget", "150M", "--time", "2 hours"], "--time must be a time such as 2h"),
        (["--budget", "1M", "--engine", "local", "--gpus-per-trial", "1"], "--gpus-per-trial must go with engine ray"),
        (["--budget", "150M", "--ray-address", "127.0.0.1:9"], "Ray does not answer at 127.0.0.1:9"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_two_and_leaves_nothing(folder: Path, words: list[str], message: str) -> None:
    result = search(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not Path("runs").exists()


def test_a_study_made_with_other_settings_is_refused(folder: Path) -> None:
    assert search(*TINY, "--data", "faces", "--trials", "1", "--study", "s").exit_code == 0
    result = search(*TINY, "--data", "faces", "--trials", "2", "--study", "s", "--seed", "1")
    assert result.exit_code == 2
    assert "give another --study" in result.stderr


def test_a_study_that_another_search_holds_is_refused_with_its_holder(folder: Path) -> None:
    with held(folder / "runs" / "s"):
        result = search(*TINY, "--data", "faces", "--trials", "1", "--study", "s")
    assert result.exit_code == 2
    assert f"another search holds this study ({ProcessName.mine()}, since 20" in result.stderr


def test_names_of_files_and_studies_are_shown_as_they_are(folder: Path) -> None:
    Path("faces/p0/q[b].png").write_bytes(b"not a picture")
    result = search(*TINY, "--data", "faces", "--trials", "1", "--study", "a[b] c")
    assert result.exit_code == 0, result.output
    assert "q[b].png" in result.stderr
    assert "seesawnas build 'runs/a[b] c/best.yaml'" in result.stdout


def test_a_search_without_a_complete_trial_is_no_success(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        return Failed(job.number, "loss is not finite at step 1")

    monkeypatch.setattr("seesawnas.study.engines.LocalEngine", lambda faces, workers: FakeEngine(workers, answer))
    result = search(*TINY, "--data", "faces", "--trials", "2", "--study", "s")
    assert result.exit_code == 1
    assert "No trial is complete: all 2 failed." in result.stderr
    assert "loss is not finite at step 1" in result.stdout


def test_a_budget_that_only_prints_the_same_is_another_budget(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seesawnas.study.engines.LocalEngine", lambda faces, workers: FakeEngine(workers))
    assert search(*TINY, "--data", "faces", "--trials", "1", "--study", "s").exit_code == 0
    result = search(*TINY, "--data", "faces", "--trials", "1", "--study", "s", "--budget", "1004K")
    assert result.exit_code == 2
    assert "budget must stay [0, 1000000], got [0, 1004000]" in result.stderr


def test_a_search_under_several_limits_keeps_them_and_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seesawnas.study.engines.LocalEngine", lambda faces, workers: FakeEngine(workers))
    words = [*TINY, "--data", "faces", "--study", "s", "--budget", "1M, params<=15K"]
    result = search(*words, "--trials", "3")
    assert result.exit_code == 0, result.output
    assert "networks within 1.00 M MAdds, params<=15.0 K" in result.stderr
    assert search(*words, "--trials", "12").exit_code == 0
    trials = record_in(folder / "runs" / "s").trials(TrialState.COMPLETE)
    assert len(trials) == 12
    assert all(t.user_attrs["madds"] <= 1_000_000 and t.user_attrs["params"] <= 15_000 for t in trials)
    assert json.loads(Path("runs/s/summary.json").read_text())["budget"] == "1.00 M, params<=15.0 K"
    other = search(*words[:-1], "1M, params<=16K", "--trials", "12")
    assert other.exit_code == 2
    assert "budget must stay 1.00 M, params<=15.0 K, got 1.00 M, params<=16.0 K" in other.stderr


def test_a_search_without_a_limit_on_madds_has_its_plot(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seesawnas.study.engines.LocalEngine", lambda faces, workers: FakeEngine(workers))
    result = search(*TINY, "--data", "faces", "--study", "s", "--budget", "params<=15K", "--trials", "2")
    assert result.exit_code == 0, result.output
    assert "networks within params<=15.0 K" in result.stderr
    assert Path("runs/s/pareto.html").exists()


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    words = [*TINY, "--data", "faces", "--trials", "2", "--study", "s"]
    monkeypatch.setattr("seesawnas.study.engines.LocalEngine", lambda faces, workers: FakeEngine(workers))
    with monkeypatch.context() as patch:
        patch.setattr("seesawnas.study.record.StudyRecord.complete", full)
        result = search(*words)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("runs/s: cannot be written: No space left on device")
    assert "Traceback" not in result.stderr
    assert search(*words).exit_code == 0
    assert [trial.state for trial in record_in(folder / "runs" / "s").trials()] == [TrialState.COMPLETE] * 2


@pytest.fixture
def fake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[FakeEngine]:
    """Searches run on fake engines, the last of which stands at the end."""
    made: list[FakeEngine] = [FakeEngine()]

    def engine(_: object, workers: int) -> FakeEngine:
        made.append(FakeEngine(workers, made[0].answer, made[0].curve))
        return made[-1]

    monkeypatch.setattr("seesawnas.study.engines.LocalEngine", engine)
    return made


KEYS = [
    *("study", "budget", "space", "data", "trials", "epochs", "resolution", "seed", "time", "patience", "target"),
    *("repeats", "objectives", "sampler", "points", "early_stopping", "engine", "workers", "reason", "finished"),
    *("ranking", "pareto", "stopped", "failed", "files"),
]
ROW = [
    *("number", "digest", "name", "accuracy", "std", "auc", "madds", "params", "seconds", "activation_bytes"),
    *("tar_at_far_1e_2", "tar_at_far_1e_3", "separation", "repeats"),
]


def test_a_study_file_is_run_options_override_it_and_json_has_these_keys(fake: list[FakeEngine]) -> None:
    text = "{budget: 1M, space: small.yaml, data: faces, resolution: 32, trials: 3, engine: local, workers: 1}"
    Path("mine.yaml").write_text(text)
    result = search("mine.yaml", "--trials", "2", "--repeats", "2", "--repeat-top", "1", "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert list(values) == KEYS
    assert [list(row) for row in values["ranking"]] == [ROW] * 2
    assert (values["study"], values["trials"], values["reason"], values["finished"]) == ("mine", 2, "2 trials", 2)
    assert values["repeats"] == {"seeds": [1, 2], "top": 1}
    first, second = (row["repeats"] for row in values["ranking"])
    assert (first["n"], first["standard_error"], len(first["values"]), second) == (2, 0.0, 2, None)
    assert json.loads(Path("runs/mine/summary.json").read_text())["ranking"] == values["ranking"]
    assert values["files"]["study"] == "runs/mine/study.yaml"
    again = search("runs/mine/study.yaml", "--json")
    assert json.loads(again.stdout) == values
    assert not fake[-1].jobs


def test_trials_stopped_early_are_listed_and_not_ranked(fake: list[FakeEngine]) -> None:
    fake[0].curve = lambda job: 0.9 - job.number / 100
    words = [*TINY, "--data", "faces", "--study", "s", "--epochs", "8", "--trials", "16", "--early-stopping", "asha:1"]
    result = search(*words)
    assert result.exit_code == 0, result.output
    assert "15 trials were stopped early, and are not ranked:" in result.stdout
    assert "after epoch 1 at accuracy 0.8900" in result.stdout
    assert "and 5 more, in the summary" in result.stdout
    assert "stopped early after epoch 1 at accuracy 0.8900" in result.stderr
    summary = json.loads(Path("runs/s/summary.json").read_text())
    assert [row["number"] for row in summary["ranking"]] == [0]
    assert summary["finished"] == 16
    assert {(row["epoch"], round(row["value"], 6)) for row in summary["stopped"]} == {
        (1, round(0.9 - number / 100, 6)) for number in range(1, 16)
    }


def test_the_ranking_follows_the_objectives(fake: list[FakeEngine]) -> None:
    fake[0].answer = lambda job: Finished(job.number, measured(0.6 + job.number / 100, auc=0.9 - job.number / 100))
    result = search(*TINY, "--data", "faces", "--study", "s", "--trials", "3", "--objectives", "auc,params,madds")
    assert result.exit_code == 0, result.output
    assert "Ranked by AUC " in result.stdout
    assert "on the Pareto front of AUC, params and MAdds" in result.stdout
    summary = json.loads(Path("runs/s/summary.json").read_text())
    assert [row["number"] for row in summary["ranking"]] == [0, 1, 2]
    point = trial_point("s:best")
    assert point is not None
    assert point.spec.digest() == summary["ranking"][0]["digest"] == load("runs/s/best.yaml").digest()
    record = record_in_objectives(Path("runs/s"), "auc,params,madds")
    assert sorted(summary["pareto"]) == sorted(trial.number for trial in record.study.best_trials)


def test_the_winner_by_repeats_is_the_best_everywhere(fake: list[FakeEngine]) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        event = by_madds(job)
        assert isinstance(event, Finished)
        value = event.measurement.scores.accuracy
        return event if job.proxy.seed == 0 else Finished(job.number, measured(1.3 - value + job.proxy.seed / 1000))

    fake[0].answer = answer
    words = [*TINY, "--data", "faces", "--study", "s", "--trials", "4"]
    assert search(*words).exit_code == 0
    before = load("runs/s/best.yaml").digest()
    result = search(*words, "--repeats", "2", "--repeat-top", "3")
    assert result.exit_code == 0, result.output
    assert "repeated networks first, by their mean over new seeds" in result.stdout
    assert "Repeats  the best 3 networks again, from 2 new seeds each" in result.stderr
    after = load("runs/s/best.yaml").digest()
    point = trial_point("s:best")
    assert point is not None
    assert point.spec.digest() == after != before
    assert "over 2 new seeds" in " ".join(Path("runs/s/best.yaml").read_text().split())


def test_a_second_ctrl_c_loses_nothing_either(fake: list[FakeEngine], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> EngineEvent:
        raise KeyboardInterrupt

    words = [*TINY, "--data", "faces", "--study", "s", "--trials", "3"]
    fake[0].answer = lambda job: interrupt() if job.number == 1 else by_madds(job)
    with monkeypatch.context() as patch:
        patch.setattr(FakeEngine, "close", interrupt)
        result = search(*words)
    assert result.exit_code == 130
    assert "Stopped with 1 of 3 trials finished; the same command goes on." in result.stderr
    record = record_in(Path("runs/s"))
    assert [trial.state for trial in record.trials()] == [TrialState.COMPLETE, TrialState.WAITING]
    assert json.loads(Path("runs/s/summary.json").read_text())["reason"] == "interrupted"
    fake[0].answer = by_madds
    result = search(*words)
    assert result.exit_code == 0
    assert "trial   1  " in result.stderr
    assert "goes on from its checkpoint" in result.stderr
    assert [trial.state for trial in record_in(Path("runs/s")).trials()] == [TrialState.COMPLETE] * 3


def test_the_view_says_what_is_left_and_why_it_ended(fake: list[FakeEngine]) -> None:
    words = [*TINY, "--data", "faces", "--study", "s", "--patience", "2", "--time", "2h"]
    fake[0].answer = lambda job: Finished(job.number, measured(0.9 - job.number / 100))
    result = search(*words)
    assert result.exit_code == 0, result.output
    assert "[1 trials, best 0.9000, about 120 min left]" in result.stderr
    assert result.stderr.splitlines()[-1] == "Ended    no improvement in 2 trials since trial 0"


def test_a_search_whose_time_is_up_before_the_first_trial_is_no_success(fake: list[FakeEngine]) -> None:
    result = search(*TINY, "--data", "faces", "--study", "s", "--time", "0.001s")
    assert result.exit_code == 1
    assert "No trial is complete: the time was up before the first was." in result.stderr


def test_faults_of_the_file_the_options_and_what_is_not_there_come_at_once(folder: Path) -> None:
    Path("mine.yaml").write_text("{budget: 150M, patiense: 3, data: nowhere}")
    result = search("mine.yaml", "--trials", "0", "--space", "oblong.yaml")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[:2] == [
        "--trials must be from 1 to 1000000, got 0",
        "mine.yaml: patiense: is not a known key; the nearest is patience",
    ]
    assert lines[2].startswith("oblong.yaml: input must be square")
    assert "nowhere" in lines[3]
    assert len(lines) == 4
    assert not Path("runs").exists()


def record_in_objectives(folder: Path, objectives: str) -> StudyRecord:
    storage = open_storage(None, folder, writing=True)
    return StudyRecord(storage, folder.name, small_set().decisions, Objectives.parse(objectives))


def test_a_narrow_terminal_cuts_no_figure_of_the_ranking(fake: list[FakeEngine]) -> None:
    words = [*TINY, "--data", "faces", "--study", "s", "--trials", "2", "--repeats", "2"]
    assert search(*words).exit_code == 0
    record = StudyRecord(open_storage(None, Path("runs/s"), writing=True), "s", small_set().decisions)
    outcome = outcome_of(record, read_repeats(record._storage, "s"))
    screen = Console(file=StringIO(), width=40, force_terminal=True)
    show(screen, plan_of(None, {"budget": "1M", "study": "s"}), outcome, {"best": "runs/s/best.yaml"})
    assert isinstance(screen.file, StringIO)
    text = screen.file.getvalue()
    assert "…" not in text
    assert all(row.digest in text for row in outcome.rows)
