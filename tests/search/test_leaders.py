"""The best networks of a search, trained again for longer, in a study of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.space import to_point, write_yaml
from seesawnas.study import ENGINES, EngineEvent, Finished, TrialJob
from tests.cli.searching import TINY, search
from tests.faces import write_folder
from tests.study.fakes import SMALL_SPACE, FakeEngine, measured, record_in

SEARCH = [*TINY, "--data", "faces", "--study", "s", "--points", "none", "--leaders", "2"]


def params(job: TrialJob) -> int:
    return cost(spec(job)).params


def spec(job: TrialJob) -> ArchSpec:
    return to_point(job.point, "job").spec


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[TrialJob]:
    """Trained by an engine for which small networks are best after one epoch, large ones later."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(write_yaml(SMALL_SPACE))
    write_folder(Path("faces"))
    found: list[TrialJob] = []

    def answer(job: TrialJob) -> EngineEvent:
        slope = -1e-7 if job.proxy.recipe.epochs == 1 else 1e-7
        return Finished(job.number, measured(0.7 + slope * params(job), 0.5))

    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(1, answer, jobs=found))
    return found


def found(*words: str) -> dict[str, Any]:
    result = search(*SEARCH, *words, "--json")
    assert result.exit_code == 0, result.output
    values: dict[str, Any] = json.loads(result.stdout)
    return values


def test_the_best_networks_are_trained_for_longer_on_other_people(jobs: list[TrialJob]) -> None:
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
    words = ("--patience", "2", "--target", "0.99", "--repeats", "1", "--early-stopping", "none")
    leaders = found(*words)["leaders"]
    assert (leaders["patience"], leaders["target"], leaders["trials"]) == (None, None, 2)
    assert (leaders["repeats"]["seeds"], leaders["reason"]) == ([], "2 trials")


def test_without_time_left_no_leader_is_trained(jobs: list[TrialJob]) -> None:
    search(*SEARCH, "--leaders", "0", "--trials", "2")
    result = search(*SEARCH, "--trials", "2", "--time", "0.001s")
    assert result.exit_code == 0, result.output
    assert "Leaders  not begun: time limit reached" in result.stderr
    assert not Path("runs/s_leaders").exists()
