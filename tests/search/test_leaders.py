"""The best networks of a search, trained again for longer, in a study of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.search import leaders
from seesawnas.space import to_point, write_yaml
from seesawnas.study import ENGINES, EngineEvent, Failed, Finished, TrialJob
from seesawnas.testing.engines import SMALL_SPACE
from tests.cli.searching import TINY, search
from tests.faces import write_folder
from tests.study.fakes import FakeEngine, measured, record_in

SEARCH = [*TINY, "--data", "faces", "--study", "s", "--points", "none", "--leaders", "2"]


def params(job: TrialJob) -> int:
    return cost(spec(job)).params


def spec(job: TrialJob) -> ArchSpec:
    return to_point(job.point, "job").spec


@pytest.fixture
def stop() -> list[int]:
    """After how many trials Ctrl-C is pressed; empty for never."""
    return []


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: list[int]) -> list[TrialJob]:
    """Trained by an engine for which small networks are best after one epoch, large ones later."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(write_yaml(SMALL_SPACE))
    write_folder(Path("faces"))
    found: list[TrialJob] = []

    def answer(job: TrialJob) -> EngineEvent:
        if len(found) - 1 in stop:
            raise KeyboardInterrupt
        slope = -1e-7 if job.proxy.recipe.epochs == 1 else 1e-7
        return Finished(job.number, measured(0.7 + slope * params(job), 0.5))

    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(1, answer, jobs=found))
    return found


def found(*words: str) -> dict[str, Any]:
    result = search(*SEARCH, *words, "--json")
    assert result.exit_code == 0, result.output
    values: dict[str, Any] = json.loads(result.stdout)
    return values


def test_the_best_networks_are_trained_for_longer_on_other_identities(jobs: list[TrialJob]) -> None:
    values = found("--trials", "4")
    assert len(jobs) == 6
    assert {(job.proxy.recipe.epochs, job.proxy.seed) for job in jobs[:4]} == {(1, 0)}
    assert {(job.proxy.recipe.epochs, job.proxy.seed) for job in jobs[4:]} == {(4, 101)}
    assert {job.proxy.pairs_seed for job in jobs[4:]} == {101}
    least = sorted(jobs[:4], key=params)[:2]
    assert {spec(job).digest() for job in jobs[4:]} == {spec(job).digest() for job in least}
    assert values["study"] == "s"
    leaders = values["leaders"]
    assert (leaders["study"], leaders["epochs"], len(leaders["ranking"])) == ("s_leaders", 4, 2)
    # the order among them is that of the long trainings
    assert leaders["ranking"][0]["digest"] == spec(least[1]).digest()
    assert Path("runs/s_leaders/best.yaml").is_file()
    assert found("--trials", "4") == values
    assert len(jobs) == 6


def test_networks_that_lead_later_are_trained_beside_the_first(jobs: list[TrialJob]) -> None:
    before = {row["digest"] for row in found("--trials", "2")["leaders"]["ranking"]}
    values = found("--trials", "8")
    best = {row["digest"] for row in values["ranking"][:2]}
    held = [row["digest"] for row in values["leaders"]["ranking"]]
    assert set(held) == before | best
    assert len(held) == len(before | best)
    assert len(record_in(Path("runs/s_leaders"))) == len(held)


def test_only_the_leaders_end_with_the_next_commands_and_are_confirmed(
    jobs: list[TrialJob],
) -> None:
    result = search(*SEARCH, "--trials", "3", "--leader-epochs", "2")
    assert result.exit_code == 0, result.output
    assert {job.proxy.recipe.epochs for job in jobs[3:]} == {2}
    assert result.stdout.count("Next:") == 1
    assert "seesawnas build s_leaders:best" in result.stdout
    Path("rival.yaml").write_text(write_yaml(max(jobs[:3], key=params).point))
    values = found("--trials", "4", "--leader-epochs", "2", "--confirm", "rival.yaml")
    best = values["leaders"]["ranking"][0]["number"]
    assert values["confirmation"]["study"] == f"s_leaders_confirm_{best}"
    assert {job.proxy.recipe.epochs for job in jobs if job.proxy.seed > 101} == {2}


def test_epochs_of_no_leaders_are_refused(jobs: list[TrialJob]) -> None:
    result = search(*SEARCH, "--leaders", "0", "--leader-epochs", "9")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--leader-epochs requires leaders of at least 1, got 0" in result.stderr
    assert not jobs


def test_leaders_end_with_their_number_whatever_ends_the_search(jobs: list[TrialJob]) -> None:
    words = ("--patience", "2", "--target", "0.99", "--repeats", "1", "--learn-from", "lfw")
    leaders = found(*words, "--epochs", "2", "--early-stopping", "asha:1")["leaders"]
    assert (leaders["patience"], leaders["target"], leaders["trials"]) == (None, None, 2)
    assert (leaders["early_stopping"], leaders["learn_from"]) == ("none", None)
    assert (leaders["repeats"]["seeds"], leaders["reason"]) == ([], "2 trials")


def test_a_leader_that_was_interrupted_does_not_take_the_place_of_one_that_leads_now(
    jobs: list[TrialJob], stop: list[int]
) -> None:
    stop.append(4)
    result = search(*SEARCH, "--trials", "3")
    assert result.exit_code == 130
    assert "s_leaders: Stopped with 1 of 2 trials finished" in result.stderr
    stop.clear()
    values = found("--trials", "12")
    best = {row["digest"] for row in values["ranking"][:2]}
    assert best <= {row["digest"] for row in values["leaders"]["ranking"]}


def test_what_the_search_found_is_printed_if_its_leaders_are_interrupted(
    jobs: list[TrialJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(leaders, "leaders_plan", interrupted)
    result = search(*SEARCH, "--trials", "2", "--json")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        130,
        "Stopped. Run the same command to resume.",
    )
    assert json.loads(result.stdout)["study"] == "s"
    shown = search(*SEARCH, "--trials", "2")
    assert "seesawnas build s:best" in shown.stdout


def test_of_several_objectives_the_pareto_front_leads(jobs: list[TrialJob]) -> None:
    # small networks are best by the metric, so the smallest alone is on the front of madds
    values = found("--trials", "6", "--objectives", "auc,params")
    cheapest = min(values["ranking"], key=lambda row: row["params"])
    assert values["leaders"]["points"][0] == f"s:{cheapest['number']}"


def test_a_study_of_leaders_keeps_its_epochs_and_is_checked_before_the_search(
    jobs: list[TrialJob],
) -> None:
    found("--trials", "2", "--leader-epochs", "2")
    result = search(*SEARCH, "--trials", "9", "--leader-epochs", "3")
    assert (result.exit_code, result.stderr) == (
        2,
        "--leader-epochs must be 2, as study s_leaders was begun with, got 3; or use another "
        "--study\n",
    )
    assert len(jobs) == 4
    other = search(*SEARCH, "--study", "t_leaders", "--leaders", "0", "--trials", "1")
    assert other.exit_code == 0
    result = search(*SEARCH, "--study", "t", "--trials", "9")
    assert (result.exit_code, result.stderr) == (
        2,
        "study t_leaders: must be one of leaders, with seed 101, got seed 0; use another --study\n",
    )
    result = search(*SEARCH, "--study", "n" * 250, "--trials", "9")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--leaders: study must be a name of at most 255 bytes" in result.stderr
    assert len(jobs) == 5


def test_leaders_lie_in_the_database_of_their_search(jobs: list[TrialJob]) -> None:
    storage = ("--storage", "sqlite:///s.db")
    search(*SEARCH, *storage, "--trials", "2", "--leaders", "0")
    leading = found("--trials", "2")["leaders"]["ranking"]
    assert not Path("runs/s_leaders/journal.log").exists()
    assert found(*storage, "--trials", "2")["leaders"]["ranking"] == leading
    assert json.loads(search("--study", "s", "--json").stdout)["leaders"]["ranking"] == leading
    assert len(jobs) == 4


def test_the_folder_of_a_study_may_end_in_a_slash(jobs: list[TrialJob]) -> None:
    result = search(*SEARCH, "--study", "runs/b/", "--trials", "2")
    assert result.exit_code == 0, result.output
    assert Path("runs/b_leaders/best.yaml").is_file()
    assert not Path("runs/b/_leaders").exists()


def test_a_network_of_a_paper_keeps_its_name(jobs: list[TrialJob]) -> None:
    words = ("--space", "seesaw", "--budget", "150M", "--points", "paper/seesaw_share")
    values = found(*words, "--trials", "1", "--leaders", "1")
    assert values["leaders"]["points"] == ["paper/seesaw_share"]
    assert [row["name"] for row in values["leaders"]["ranking"]] == ["paper/seesaw_share"]


def test_leaders_that_fail_are_said_to_be_theirs(
    jobs: list[TrialJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        if job.proxy.seed:
            return Failed(job.number, "out of memory")
        return Finished(job.number, measured(0.7, 0.5))

    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(1, answer))
    result = search(*SEARCH, "--trials", "2")
    assert result.exit_code == 1
    assert "s_leaders: No trial is complete: all 2 failed." in result.stderr
    assert "seesawnas build s:best" in result.stdout


def test_without_time_left_no_leader_is_trained(jobs: list[TrialJob]) -> None:
    search(*SEARCH, "--leaders", "0", "--trials", "2")
    result = search(*SEARCH, "--trials", "2", "--time", "0.001s")
    assert result.exit_code == 0, result.output
    assert "Leaders  not begun: time limit reached" in result.stderr
    assert "seesawnas build s:best" in result.stdout
    assert not Path("runs/s_leaders").exists()


def test_a_search_that_would_use_up_the_time_of_its_leaders_is_refused(
    jobs: list[TrialJob],
) -> None:
    result = search(*SEARCH, "--time", "1h")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--leaders requires trials, patience or target beside time" in result.stderr
