"""``seesawnas search`` and what becomes of it: files, refusals, interruptions."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path

import pytest

from seesawnas.cli.commands.search import _timer
from seesawnas.device.latency.machine import machine
from seesawnas.device.latency.runtimes import runtime_version
from seesawnas.errors import InvalidInput
from seesawnas.search import plan_of
from seesawnas.space import load, load_space, write_yaml
from seesawnas.study import (
    ENGINES,
    EngineEvent,
    Failed,
    TrialJob,
    TrialState,
    lock_study,
    trial_point,
)
from seesawnas.study.storage.process import ProcessName
from seesawnas.testing.engines import SMALL_SPACE
from tests.cli.searching import TINY, search
from tests.faces import write_folder
from tests.latency import model
from tests.study.fakes import FakeEngine, record_in


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(write_yaml(SMALL_SPACE))
    alike = {"height": {"choice": [112, 111]}, "width": 112}
    Path("alike.yaml").write_text(write_yaml({**SMALL_SPACE, "input": alike}))
    write_folder(Path("faces"))
    return tmp_path


def test_a_search_ends_with_a_ranking_the_files_to_go_on_with_and_the_next_commands(
    folder: Path,
) -> None:
    result = search(*TINY, "--data", "faces", "--trials", "2", "--study", "first")
    assert result.exit_code == 0, result.output
    assert "Ranked by verification accuracy" in result.stdout
    assert "seesawnas build first:best" in result.stdout
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
        (["--budget", "1K"], "MAdds range from"),
        (
            ["ablation_paper"],
            "must be a search's study file, got an ablation study file; use seesawnas ablate",
        ),
        (["--budget", "many"], "must be a number"),
        (["--budget", "150M", "--trials", "0"], "--trials must be from 1"),
        (["--budget", "150M", "--workers", "0"], "--workers must be from 1"),
        (["--budget", "150M", "--epochs", "0"], "--epochs must be from 1"),
        (["--budget", "150M", "--resolution", "1"], "--resolution must be from 16"),
        (["--budget", "150M", "--data", "nowhere"], "nowhere"),
        (["--budget", "150M", "--seed", "-1"], "--seed must be from 0"),
        (["--budget", "150M", "--seed", "9" * 30], "--seed must be from 0"),
        (["--budget", "1M", "--space", "alike.yaml"], "different input sizes must stay different"),
        (["--budget", "150M", "--space", "nowhere"], "must be a YAML file or a shipped name"),
        (["--budget", "150M", "--storage", "nonsense://x"], "cannot be opened"),
        (["--budget", "150M", "--study", ".."], "study must be a valid folder name"),
        (["--trials", "3"], "search must have a budget, got none; give --budget"),
        (["search_150"], "did you mean search_150m?"),
        (
            ["--budget", "150M", "--points", "paper/dw_seesaw_v1"],
            "must be within the budget of 150.00 M MAdds",
        ),
        (["--budget", "150M", "--time", "2 hours"], "--time must be a time such as 2h"),
        (
            ["--budget", "1M", "--engine", "local", "--gpus-per-trial", "1"],
            "--gpus-per-trial requires engine ray",
        ),
        (
            ["--budget", "150M", "--ray-address", "127.0.0.1:9"],
            "Ray does not answer at 127.0.0.1:9",
        ),
    ],
)
def test_a_fault_is_one_line_and_exit_code_two_and_leaves_nothing(
    folder: Path, words: list[str], message: str
) -> None:
    result = search(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not Path("runs").exists()


def test_a_study_made_with_other_settings_is_refused(folder: Path) -> None:
    assert search(*TINY, "--data", "faces", "--trials", "1", "--study", "s").exit_code == 0
    result = search(*TINY, "--data", "faces", "--trials", "2", "--study", "s", "--seed", "1")
    assert result.exit_code == 2
    assert "must be resumed with --seed 0, got 1; or use another --study" in result.stderr


def test_a_subset_of_the_identities_stays_and_is_cautioned_of(folder: Path) -> None:
    words = (*TINY, "--data", "faces", "--trials", "1", "--study", "s", "--identities")
    first = search(*words, "10", "--json")
    assert first.exit_code == 0, first.output
    summary = json.loads(first.stdout)
    assert summary["identities"] == 10
    assert [line.split(":")[0] for line in summary["cautions"]] == ["only 10 identities"]
    assert search(*words, "10").exit_code == 0  # resumed
    other = search(*words, "11")
    assert (other.exit_code, other.stderr.count("\n")) == (2, 1)
    assert "must be resumed with --identities 10, got 11; or use another" in other.stderr
    assert "with --identities 10, got none" in search(*words[:-1]).stderr
    many = search(*TINY, "--data", "faces", "--study", "t", "--identities", "25")
    assert (many.exit_code, many.stderr.count("\n")) == (2, 1)
    assert "identities must be at most 24" in many.stderr
    assert not Path("runs/t").exists()


def test_a_study_that_another_search_holds_is_refused_with_its_holder(folder: Path) -> None:
    with lock_study(folder / "runs" / "s"):
        result = search(*TINY, "--data", "faces", "--trials", "1", "--study", "s")
    assert result.exit_code == 2
    assert f"another search is using this study ({ProcessName.mine()}, since 20" in result.stderr


def test_names_of_files_and_studies_are_shown_as_they_are(folder: Path) -> None:
    Path("faces/p0/q[b].png").write_bytes(b"not a picture")
    result = search(*TINY, "--data", "faces", "--trials", "1", "--study", "a[b] c")
    assert result.exit_code == 0, result.output
    assert "q[b].png" in result.stderr
    assert (
        "seesawnas train 'a[b] c:best' --data faces --recipe small --out 'runs/a[b] c/best'"
        in result.stdout
    )


def test_a_search_without_a_complete_trial_is_no_success(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        return Failed(job.number, "loss is not finite at step 1")

    monkeypatch.setitem(
        ENGINES, "local", lambda _, settings: FakeEngine(settings.local_workers, answer)
    )
    result = search(*TINY, "--data", "faces", "--trials", "2", "--study", "s")
    assert result.exit_code == 1
    assert "No trial is complete: all 2 failed." in result.stderr
    assert "loss is not finite at step 1" in result.stdout


def test_a_budget_that_only_prints_the_same_is_another_budget(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(settings.local_workers))
    assert search(*TINY, "--data", "faces", "--trials", "1", "--study", "s").exit_code == 0
    result = search(*TINY, "--data", "faces", "--trials", "1", "--study", "s", "--budget", "1004K")
    assert result.exit_code == 2
    assert (
        "must be resumed with --budget 1.00 M, got 1.004 M; or use another --study" in result.stderr
    )


def test_a_search_under_several_limits_keeps_them_and_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(settings.local_workers))
    words = [*TINY, "--data", "faces", "--study", "s", "--budget", "1M, params<=15K"]
    result = search(*words, "--trials", "3")
    assert result.exit_code == 0, result.output
    assert "networks within 1.00 M MAdds, params<=15.0 K" in result.stderr
    assert search(*words, "--trials", "12").exit_code == 0
    trials = record_in(folder / "runs" / "s").trials(TrialState.COMPLETE)
    assert len(trials) == 12
    assert all(
        t.user_attrs["madds"] <= 1_000_000 and t.user_attrs["params"] <= 15_000 for t in trials
    )
    assert json.loads(Path("runs/s/summary.json").read_text())["budget"] == "1.00 M, params<=15.0 K"
    other = search(*words[:-1], "1M, params<=16K", "--trials", "12")
    assert other.exit_code == 2
    assert (
        "must be resumed with --budget 1.00 M, params<=15.0 K, got 1.00 M, params<=16.0 K"
        in other.stderr
    )


def test_a_search_without_a_limit_on_madds_has_its_plot(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(settings.local_workers))
    result = search(
        *TINY, "--data", "faces", "--study", "s", "--budget", "params<=15K", "--trials", "2"
    )
    assert result.exit_code == 0, result.output
    assert "networks within params<=15.0 K" in result.stderr
    assert Path("runs/s/pareto.html").exists()


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    words = [*TINY, "--data", "faces", "--trials", "2", "--study", "s"]
    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(settings.local_workers))
    with monkeypatch.context() as patch:
        patch.setattr("seesawnas.study.record.record.StudyRecord.complete", full)
        result = search(*words)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(
        "runs/s: cannot be written: No space left on device"
    )
    assert "Traceback" not in result.stderr
    assert search(*words).exit_code == 0
    assert [trial.state for trial in record_in(folder / "runs" / "s").trials()] == [
        TrialState.COMPLETE
    ] * 2


def test_the_networks_of_one_study_may_differ_in_shape(folder: Path) -> None:
    sides = {"height": 32, "width": {"choice": [28, 32]}}
    Path("sides.yaml").write_text(write_yaml({**SMALL_SPACE, "input": sides}))
    words = [
        "--space",
        "sides.yaml",
        "--budget",
        "1M",
        "--epochs",
        "1",
        "--resolution",
        "16",
        "--engine",
        "local",
    ]
    result = search(
        *words, "--workers", "1", "--data", "faces", "--trials", "4", "--study", "sides"
    )
    assert result.exit_code == 0, result.output
    assert "16x14, 16x16" in result.stderr + result.stdout
    trials = record_in(folder / "runs" / "sides").trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 4
    assert {trial.params["input.width"] for trial in trials} == {28, 32}


def test_faults_of_the_file_the_options_and_what_is_not_there_come_at_once(folder: Path) -> None:
    Path("mine.yaml").write_text("{budget: 150M, patiense: 3, data: nowhere}")
    result = search("mine.yaml", "--trials", "0", "--space", "alike.yaml")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[:2] == [
        "--trials must be from 1 to 1000000, got 0",
        "mine.yaml: patiense: is not a known key; did you mean patience?",
    ]
    assert lines[2].startswith("alike.yaml: different input sizes must stay different")
    assert "nowhere" in lines[3]
    assert len(lines) == 4
    assert not Path("runs").exists()


@pytest.mark.parametrize(("waste", "cautions"), [("any", 0), (0, 1)])
def test_a_latency_model_of_another_form_is_said_before_the_search(
    folder: Path, waste: float | str, cautions: int
) -> None:
    Path("latency.yaml").write_text(model(waste=waste).to_yaml())
    plan = plan_of(None, {"budget": "latency<=20ms@latency.yaml", "data": "faces"})
    _, notes = _timer(plan, None)
    assert sum(note.startswith("Caution: latency model of") for note in notes) == cautions


def test_without_a_latency_budget_nothing_is_measured_or_said(folder: Path) -> None:
    plan = plan_of(None, {"budget": "1M", "data": "faces"})
    assert _timer(plan, None) == (None, [])
    with pytest.raises(InvalidInput, match="--latency-command requires a latency model in"):
        _timer(plan, "phone {model} {runs}")


def test_a_runtime_of_another_version_or_none_is_said_before_the_search(folder: Path) -> None:
    here = str(machine()["processor"])
    for changes, words in (
        ({"device": here}, "is of onnxruntime 1.2.3, here is"),
        ({"device": here, "runtime": "executorch"}, "this machine has no executorch"),
        ({"device": "a phone"}, "this machine is another; measure the best with --latency-command"),
    ):
        if changes.get("runtime") == "executorch" and runtime_version("executorch") is not None:
            continue
        Path("latency.yaml").write_text(model(**changes).to_yaml())
        plan = plan_of(None, {"budget": "latency<=20ms@latency.yaml", "data": "faces"})
        assert any(words in note for note in _timer(plan, None)[1])


@pytest.mark.parametrize(
    ("answer", "measured", "caution"),
    [
        ("0.002", 2, None),
        ("soon", 0, "the best were not measured: --latency-command must print milliseconds"),
        ("9999", 0, None),
    ],
)
def test_finalists_are_measured_by_a_command_whose_fault_loses_nothing(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    measured: int,
    caution: str | None,
) -> None:
    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(1))
    inputs = [list(size) for size in load_space("small.yaml").input_sizes]
    Path("latency.yaml").write_text(model(device="a phone", inputs=inputs).to_yaml())
    Path("device.py").write_text(
        f"import sys\nfor _ in range(int(sys.argv[2])):\n    print({answer!r})\n"
    )
    words = [*TINY, "--data", "faces", "--study", "s", "--trials", "2"]
    words[words.index("--budget") + 1] = "latency<=20ms@latency.yaml"
    command = f"{sys.executable} device.py {{model}} {{runs}}"
    result = search(*words, "--latency-command", command, "--json")
    assert result.stdout, result.output
    values = json.loads(result.stdout)
    assert len(values.get("measured", ())) == measured
    assert [one for one in values["cautions"] if caution and one.startswith(caution)] == (
        [] if caution is None else values["cautions"][-1:]
    )
    if answer == "9999":
        assert result.exit_code == 1
        assert "No network meets the latency limit: 2 networks measured" in result.stderr
    else:
        assert result.exit_code == 0, result.output
        assert Path("runs/s/best.yaml").is_file()
    assert Path("runs/s/summary.json").is_file()


def test_a_search_is_resumed_by_its_name_alone_with_its_own_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(settings.local_workers))
    words = [
        "--data",
        "faces",
        "--study",
        "s",
        "--seed",
        "3",
        "--repeats",
        "1",
        "--repeat-top",
        "1",
    ]
    assert search(*TINY, *words, "--trials", "2").exit_code == 0
    again = search("--study", "s", "--json")
    assert again.exit_code == 0, again.output
    assert len(record_in(folder / "runs" / "s").trials()) == 2
    more = json.loads(search("--study", "s", "--trials", "4", "--json").stdout)
    assert (more["seed"], more["trials"]) == (3, 4)
    assert more["repeats"] == {"seeds": [4], "top": 1}
    assert len(record_in(folder / "runs" / "s").trials()) == 4
    last = json.loads(search("--study", "s", "--json").stdout)  # as its last start was asked
    assert (last["seed"], last["trials"], last["finished"]) == (3, 4, 4)
    other = search("--study", "s", "--seed", "1")
    assert (other.exit_code, other.stderr.count("\n")) == (2, 1)
    assert "must be resumed with --seed 3, got 1" in other.stderr


def test_a_search_in_a_database_is_resumed_by_its_name_and_storage_from_another_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(settings.local_workers))
    url = f"sqlite:///{folder}/x.db"
    words = ["--data", "faces", "--study", "s", "--storage", url, "--trials", "2"]
    assert search(*TINY, *words).exit_code == 0
    Path("runs").rename("elsewhere")
    assert search("--study", "s").exit_code == 2
    result = search("--study", "s", "--storage", url, "--trials", "3")
    assert result.exit_code == 0, result.output
    assert "runs/s/summary.json" in result.stdout
    assert search("--study", "s", "--trials", "4", "--json").exit_code == 0
    study = trial_point("s:3")
    assert study is not None


def test_a_study_of_another_kind_is_not_resumed_as_a_search(folder: Path) -> None:
    record = record_in(folder / "runs" / "a")
    record.study.set_user_attr("run.0", json.dumps({"plan": {"base": "small.yaml"}}))
    result = search("--study", "a")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--study a: must be a search's study file, got an ablation" in result.stderr
    bare = record_in(folder / "runs" / "bare")
    assert "must be a study that keeps" in search("--study", bare.study.study_name).stderr
