"""What ``seesawnas search`` shows and prints, on engines that only pretend."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import seesawnas as sn
from seesawnas.cli.views.search import show
from seesawnas.report.study.outcome import outcome_of
from seesawnas.search import plan_of
from seesawnas.space import load
from seesawnas.study import (
    ENGINES,
    EngineEvent,
    EngineSettings,
    Finished,
    Objectives,
    StudyRecord,
    TrialJob,
    TrialState,
    open_storage,
    read_repeats,
    trial_point,
)
from seesawnas.train import seeded
from tests.cli.searching import TINY, search
from tests.run.trainings import small_plan
from tests.study.fakes import FakeEngine, by_madds, measured, record_in, small_set


@pytest.fixture
def fake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[FakeEngine]:
    """Searches run on fake engines, the last of which stands at the end."""
    made: list[FakeEngine] = [FakeEngine()]

    def engine(_: object, settings: EngineSettings) -> FakeEngine:
        made.append(FakeEngine(settings.local_workers, made[0].answer, made[0].curve))
        return made[-1]

    monkeypatch.setitem(ENGINES, "local", engine)
    return made


KEYS = [
    *(
        "study",
        "budget",
        "space",
        "data",
        "identities",
        "learn_from",
        "trials",
        "epochs",
        "resolution",
        "seed",
        "time",
        "patience",
        "target",
    ),
    *(
        "repeats",
        "objectives",
        "sampler",
        "points",
        "early_stopping",
        "engine",
        "workers",
        "reason",
        "finished",
    ),
    *("ranking", "pareto", "stopped", "failed", "cautions", "distillation", "files"),
]
ROW = [
    *(
        "number",
        "digest",
        "name",
        "accuracy",
        "std",
        "auc",
        "madds",
        "params",
        "seconds",
        "activation_bytes",
    ),
    *("tar_at_far_1e_2", "tar_at_far_1e_3", "separation", "repeats"),
]


def test_a_teacher_is_said_on_the_screen_in_the_summary_and_on_resume(
    fake: list[FakeEngine],
) -> None:
    with seeded(0):
        sn.save_model(sn.build(small_plan(Path()).spec.at_resolution(48)), "teacher")
    words = [*TINY, "--data", "faces", "--trials", "1", "--study", "s"]
    taught = [*words, "--teacher", "teacher", "--distill", "embedding"]
    result = search(*taught)
    assert result.exit_code == 0, result.output
    summary = json.loads(Path("runs/s/summary.json").read_text())
    about = summary["distillation"]
    (teacher,) = about["teachers"]
    assert (about["loss"], about["weight"]) == ("embedding", 100.0)
    line = f"Teacher  teacher ({teacher['digest']}): embedding, weight 100"
    assert line in result.stderr
    assert "Teacher teacher embedded 120 images" in result.stderr
    other = search(*words)
    assert other.exit_code == 2
    assert len(other.stderr.splitlines()) == 1
    assert "--teacher of digest" in other.stderr
    again = search(*taught, "--json")
    assert json.loads(again.stdout)["distillation"] == about
    assert "embedded" not in again.stderr
    missing = search(*words, "--teacher", "nowhere")
    assert missing.exit_code == 2
    assert "--teacher nowhere: there is no such file or folder" in missing.stderr


def test_a_study_file_is_run_options_override_it_and_json_has_these_keys(
    fake: list[FakeEngine],
) -> None:
    text = (
        "{budget: 1M, space: small.yaml, data: faces, resolution: 32, trials: 3, engine: "
        "local, workers: 1}"
    )
    Path("mine.yaml").write_text(text)
    result = search("mine.yaml", "--trials", "2", "--repeats", "2", "--repeat-top", "1", "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert set(values) == set(KEYS)
    assert [list(row) for row in values["ranking"]] == [ROW] * 2
    assert (values["study"], values["trials"], values["reason"], values["finished"]) == (
        "mine",
        2,
        "2 trials",
        2,
    )
    assert values["repeats"] == {"seeds": [1, 2], "top": 1}
    first, second = (row["repeats"] for row in values["ranking"])
    assert (first["n"], first["standard_error"], len(first["values"]), second) == (2, 0.0, 2, None)
    assert json.loads(Path("runs/mine/summary.json").read_text())["ranking"] == values["ranking"]
    assert values["files"]["study"] == "runs/mine/study.yaml"
    again = search("runs/mine/study.yaml", "--json")
    assert json.loads(again.stdout) == values
    assert not fake[-1].jobs


def test_what_came_of_an_earlier_study_is_shown_and_in_the_summary(fake: list[FakeEngine]) -> None:
    rows = [f"{n % 3 + 1},{8 + 8 * (n % 2)},{0.5 + n % 3 / 10}" for n in range(12)]
    Path("old.csv").write_text("\n".join(["stages.0.depth,stages.0.width,accuracy", *rows]))
    words = [*TINY, "--data", "faces", "--study", "s", "--trials", "4", "--learn-from", "old.csv"]
    result = search(*words)
    assert result.exit_code == 0, result.output
    assert "Learns   from old.csv: 12 trials" in result.stderr
    summary = json.loads(Path("runs/s/summary.json").read_text())
    assert summary["learn_from"] == ["old.csv"], "as the study's settings have it"
    (learnt,) = summary["priors"]
    assert list(learnt) == ["name", "trials", "r2", "trust", "unused", "missing"]
    assert f"old.csv {learnt['trust']:.2f}" in result.stdout
    assert "stages.1.depth" in learnt["missing"]


def test_trials_stopped_early_are_listed_and_not_ranked(fake: list[FakeEngine]) -> None:
    fake[0].curve = lambda job: 0.9 - job.number / 100
    words = [
        *TINY,
        "--data",
        "faces",
        "--study",
        "s",
        "--epochs",
        "8",
        "--trials",
        "16",
        "--early-stopping",
        "asha:1",
    ]
    result = search(*words)
    assert result.exit_code == 0, result.output
    assert "15 trials were stopped early and not ranked:" in result.stdout
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
    fake[0].answer = lambda job: Finished(
        job.number, measured(0.6 + job.number / 100, auc=0.9 - job.number / 100)
    )
    result = search(
        *TINY,
        "--data",
        "faces",
        "--study",
        "s",
        "--trials",
        "3",
        "--objectives",
        "auc,params,madds",
    )
    assert result.exit_code == 0, result.output
    assert "Ranked by AUC " in result.stdout
    assert "on the Pareto front of AUC, params and MAdds" in result.stdout
    summary = json.loads(Path("runs/s/summary.json").read_text())
    assert [row["number"] for row in summary["ranking"]] == [0, 1, 2]
    point = trial_point("s:best")
    assert point is not None
    assert (
        point.spec.digest() == summary["ranking"][0]["digest"] == load("runs/s/best.yaml").digest()
    )
    record = record_in_objectives(Path("runs/s"), "auc,params,madds")
    assert sorted(summary["pareto"]) == sorted(trial.number for trial in record.study.best_trials)


def test_the_winner_by_repeats_is_the_best_everywhere(fake: list[FakeEngine]) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        event = by_madds(job)
        assert isinstance(event, Finished)
        value = event.measurement.scores.accuracy
        return (
            event
            if job.proxy.seed == 0
            else Finished(job.number, measured(1.3 - value + job.proxy.seed / 1000))
        )

    fake[0].answer = answer
    words = [*TINY, "--data", "faces", "--study", "s", "--trials", "4"]
    assert search(*words).exit_code == 0
    before = load("runs/s/best.yaml").digest()
    result = search(*words, "--repeats", "2", "--repeat-top", "3")
    assert result.exit_code == 0, result.output
    assert "repeated networks first, by their mean over new seeds" in result.stdout
    assert "Repeats  the best 3 networks, with 2 new seeds each" in result.stderr
    after = load("runs/s/best.yaml").digest()
    point = trial_point("s:best")
    assert point is not None
    assert point.spec.digest() == after != before
    assert "over 2 new seeds" in " ".join(Path("runs/s/best.yaml").read_text().split())


def test_a_second_ctrl_c_loses_nothing_either(
    fake: list[FakeEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> EngineEvent:
        raise KeyboardInterrupt

    words = [*TINY, "--data", "faces", "--study", "s", "--trials", "3"]
    fake[0].answer = lambda job: interrupt() if job.number == 1 else by_madds(job)
    with monkeypatch.context() as patch:
        patch.setattr(FakeEngine, "close", interrupt)
        result = search(*words)
    assert result.exit_code == 130
    assert "Stopped with 1 of 3 trials finished. Run the same command to resume." in result.stderr
    record = record_in(Path("runs/s"))
    assert [trial.state for trial in record.trials()] == [TrialState.COMPLETE, TrialState.WAITING]
    assert json.loads(Path("runs/s/summary.json").read_text())["reason"] == "interrupted"
    fake[0].answer = by_madds
    result = search(*words)
    assert result.exit_code == 0
    assert "trial   1  " in result.stderr
    assert "resumed from its checkpoint" in result.stderr
    assert [trial.state for trial in record_in(Path("runs/s")).trials()] == [
        TrialState.COMPLETE
    ] * 3


def test_the_view_says_what_is_left_and_why_it_ended(fake: list[FakeEngine]) -> None:
    words = [*TINY, "--data", "faces", "--study", "s", "--patience", "2", "--time", "2h"]
    fake[0].answer = lambda job: Finished(job.number, measured(0.9 - job.number / 100))
    result = search(*words)
    assert result.exit_code == 0, result.output
    assert "[1 trial, best 0.9000, about 120 min left]" in result.stderr
    assert result.stderr.splitlines()[-1] == "Ended    no improvement in 2 trials since trial 0"


def test_a_search_whose_time_is_up_before_the_first_trial_is_no_success(
    fake: list[FakeEngine],
) -> None:
    result = search(*TINY, "--data", "faces", "--study", "s", "--time", "0.001s")
    assert result.exit_code == 1
    assert (
        "No trial is complete: the time limit was reached before the first trial finished."
        in result.stderr
    )


def record_in_objectives(folder: Path, objectives: str) -> StudyRecord:
    storage = open_storage(None, folder, writing=True)
    return StudyRecord(storage, folder.name, small_set().decisions, Objectives.parse(objectives))


def test_a_narrow_terminal_cuts_no_figure_of_the_ranking(fake: list[FakeEngine]) -> None:
    words = [*TINY, "--data", "faces", "--study", "s", "--trials", "2", "--repeats", "2"]
    assert search(*words).exit_code == 0
    record = StudyRecord(
        open_storage(None, Path("runs/s"), writing=True), "s", small_set().decisions
    )
    outcome = outcome_of(record, read_repeats(record._storage, "s"))
    screen = Console(file=StringIO(), width=40, force_terminal=True)
    show(
        screen, plan_of(None, {"budget": "1M", "study": "s"}), outcome, {"best": "runs/s/best.yaml"}
    )
    assert isinstance(screen.file, StringIO)
    text = screen.file.getvalue()
    assert "…" not in text
    assert all(row.digest in text for row in outcome.ranking.rows)
