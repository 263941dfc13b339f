from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from seesawnas.cli.app import app
from seesawnas.search.plan import MOST_REPEATS, SearchPlan
from seesawnas.space import write_yaml
from seesawnas.study import ENGINES, EngineEvent, Finished, TrialJob
from seesawnas.testing.engines import SMALL_SPACE
from tests.confirmation.small import HEADS, poor_is_worse, write_networks
from tests.faces import write_folder
from tests.study.fakes import FakeEngine, measured

STUDIES = Path(__file__).parents[3] / "studies"

TINY = ["small.yaml", "poor.yaml", "--data", "faces", "--epochs", "1", "--resolution", "32"]
TINY += ["--engine", "local", "--workers", "1", "--study", "c"]


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
        ENGINES,
        "local",
        lambda _, settings: FakeEngine(settings.local_workers, poor_is_worse, jobs=jobs),
    )
    return jobs


def confirm(*words: str) -> Result:
    return CliRunner().invoke(app, ["confirm", *words])


def test_a_real_confirmation_ends_with_a_table_words_and_files(folder: Path) -> None:
    result = confirm(*TINY, "--seeds", "3")
    assert result.exit_code == 0, result.output
    assert "small minus each other network, paired by seed" in result.stdout
    kept = json.loads(Path("runs/c/result.json").read_text())
    again = json.loads(confirm(*TINY, "--seeds", "3", "--json").stdout)
    assert again["race"] == kept["race"]
    (pair,) = again["race"]["pairs"]
    assert (pair["candidate"], pair["rival"], pair["n"]) == ("small", "poor", 3)
    assert pair["low"] < pair["mean"] < pair["high"]
    assert again["files"]["study"] == "runs/c/study.yaml"
    assert {len(arm["values"]) for arm in again["arms"]} == {3}


def test_the_verdict_is_a_sentence_and_the_study_file_runs_it_again(
    folder: Path, fake: list[TrialJob]
) -> None:
    result = confirm(*TINY, "--seeds", "12")
    assert "small is better than poor by 0.0" in result.stdout
    assert "Ended    every difference is resolved" in result.stderr
    assert len(fake) < 24
    again = confirm("runs/c/study.yaml", "--study", "d", "--json")
    assert again.exit_code == 0, again.output
    first, second = (json.loads(Path(f"runs/{name}/result.json").read_text()) for name in "cd")
    assert first["race"] == second["race"]


def test_report_and_dashboard_say_the_same(folder: Path, fake: list[TrialJob]) -> None:
    result = confirm(*TINY, "--seeds", "12")
    line = next(line for line in result.stdout.splitlines() if "small is better" in line)
    report = CliRunner().invoke(app, ["report", "c", "--out", "c.md"])
    assert report.exit_code == 0, report.output
    text = Path("c.md").read_text().replace("\\", "")
    assert line in text
    assert "## Confirmation of small" in text
    assert "seesawnas confirm study.yaml" in text
    assert "worse" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["small.yaml"], "networks must be from 2 to 32 REFs, got 1"),
        (["small.yaml", "nowhere"], "nowhere: must be a YAML file or a shipped name"),
        ([*TINY, "--seeds", "2"], "--seeds must be from 3 to 100, got 2"),
        ([*TINY, "--trainings", "5"], "--trainings must be at least 6"),
        (["bad.yaml"], "bad.yaml: seeds: must be a whole number"),
    ],
)
def test_a_mistake_is_a_line_and_exit_code_two(
    folder: Path, words: list[str], message: str
) -> None:
    Path("bad.yaml").write_text("networks: [small.yaml, poor.yaml]\nseeds: many\n")
    result = confirm(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("runs").exists()


@pytest.mark.parametrize("other", ["ablate", "search"])
def test_its_study_file_given_to_another_command_is_named(
    folder: Path, fake: list[TrialJob], other: str
) -> None:
    confirm(*TINY, "--seeds", "3")
    result = CliRunner().invoke(app, [other, "runs/c/study.yaml"])
    assert result.exit_code == 2
    assert "seesawnas confirm runs/c/study.yaml" in result.stderr


@pytest.fixture
def space(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[TrialJob]:
    """A space beside the networks, and an engine for both."""
    Path("space.yaml").write_text(write_yaml(SMALL_SPACE))
    jobs: list[TrialJob] = []

    def answer(job: TrialJob) -> EngineEvent:
        noise = np.random.default_rng([job.proxy.seed, job.number]).normal(0, 0.01)
        rival = 0.1 * (job.point["head"]["width"] == HEADS["poor"])
        return Finished(job.number, measured(0.7 - rival + noise, 0.5))

    monkeypatch.setitem(ENGINES, "local", lambda _, settings: FakeEngine(1, answer, jobs=jobs))
    return jobs


SEARCH = ["search", "--space", "space.yaml", "--budget", "1M", "--epochs", "1", "--data", "faces"]
SEARCH += ["--resolution", "32", "--engine", "local", "--workers", "1", "--trials", "2"]
SEARCH += ["--study", "s"]


def test_a_search_confirms_its_best_network_from_another_seed(space: list[TrialJob]) -> None:
    words = [*SEARCH, "--confirm", "poor.yaml", "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    best = values["ranking"][0]["number"]
    (pair,) = values["confirmation"]["race"]["pairs"]
    assert (pair["candidate"], pair["rival"]) == (f"s:{best}", "poor")
    assert (pair["verdict"], values["confirmation"]["quality"]) == ("better", "accuracy")
    beyond = MOST_REPEATS + 2
    assert {job.proxy.pairs_seed for job in space[2:]} == {beyond}
    assert min(job.proxy.seed for job in space[2:]) == beyond
    assert Path(f"runs/s_confirm_{best}/result.json").is_file()
    trained = len(space)
    again = json.loads(CliRunner().invoke(app, words).stdout)
    assert again["confirmation"]["race"] == values["confirmation"]["race"]
    assert len(space) == trained


def test_a_refused_confirmation_does_not_hide_what_the_search_found(space: list[TrialJob]) -> None:
    assert CliRunner().invoke(app, SEARCH).exit_code == 0
    for number in range(2):
        Path(f"runs/s_confirm_{number}").write_text("something else")
    result = CliRunner().invoke(app, [*SEARCH, "--confirm", "poor.yaml", "--json"])
    assert result.exit_code == 2
    assert "runs/s_confirm_" in result.stderr
    values = json.loads(result.stdout)
    assert len(values["ranking"]) == 2
    assert "confirmation" not in values


@pytest.mark.parametrize(
    ("rival", "message"),
    [("nowhere", "nowhere: must be a YAML file"), ("paper/mobilefacenet", "--confirm paper/mobil")],
)
def test_what_a_search_shall_confirm_against_is_found_before_it_begins(
    space: list[TrialJob], rival: str, message: str
) -> None:
    result = CliRunner().invoke(app, [*SEARCH, "--confirm", rival])
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("runs").exists()


def test_a_score_that_chose_the_candidate_is_not_used_again_without_a_word(
    space: list[TrialJob],
) -> None:
    assert CliRunner().invoke(app, SEARCH).exit_code == 0
    words = ["s:best", "poor.yaml", *TINY[2:], "--seeds", "3"]
    assert "s:best was chosen by its score from seed 0" in confirm(*words).stderr
    other = confirm(*words, "--seed", "7", "--study", "d")
    assert "was chosen by its score" not in other.stderr


def test_the_study_that_chose_a_candidate_is_found_by_its_file_and_its_leaders(
    space: list[TrialJob],
) -> None:
    result = CliRunner().invoke(app, [*SEARCH, "--leaders", "1"])
    assert result.exit_code == 0, result.output
    for study, ref in (("one", "runs/s/best.yaml"), ("two", "s_leaders:best")):
        shown = confirm(ref, "poor.yaml", *TINY[2:], "--seeds", "3", "--study", study).stderr
        assert f"{ref} was chosen by its score from seed 0 on these faces in study s," in shown
    leaders = confirm(
        "s_leaders:best", "poor.yaml", *TINY[2:], "--seeds", "3", "--seed", "101", "--study", "d"
    )
    assert "in study s_leaders, which is used again" in leaders.stderr


def test_a_rival_that_is_the_best_network_itself_is_not_compared_with_it(
    space: list[TrialJob],
) -> None:
    values = json.loads(CliRunner().invoke(app, [*SEARCH, "--json"]).stdout)
    own = f"s:{values['ranking'][0]['number']}"
    result = CliRunner().invoke(app, [*SEARCH, "--confirm", own, "--json"])
    assert result.exit_code == 0, result.output
    assert f"Confirm  {own} is the best network itself" in result.stderr
    assert "confirmation" not in json.loads(result.stdout)
    both = CliRunner().invoke(app, [*SEARCH, "--confirm", f"{own},poor.yaml", "--json"])
    (pair,) = json.loads(both.stdout)["confirmation"]["race"]["pairs"]
    assert pair["rival"] == "poor"


def test_a_confirmation_of_a_search_has_a_budget_of_trainings(space: list[TrialJob]) -> None:
    words = [*SEARCH, "--confirm", "near.yaml"]
    result = CliRunner().invoke(app, [*words, "--confirm-trainings", "6", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["confirmation"]["reason"].startswith("budget of 6 training")
    assert len(space) == 2 + 6
    more = CliRunner().invoke(app, [*words, "--confirm-trainings", "8", "--json"])
    assert more.exit_code == 0, more.output
    assert len(space) == 2 + 8
    few = CliRunner().invoke(app, [*words, "--confirm-trainings", "5"])
    assert (few.exit_code, few.stderr.count("\n")) == (2, 1)
    assert "--confirm-trainings must be at least 6, 3 seeds of 2 networks, got 5" in few.stderr
    none = CliRunner().invoke(app, [*SEARCH, "--confirm-trainings", "6"])
    assert (none.exit_code, none.stderr.count("\n")) == (2, 1)


def test_a_confirmation_that_began_from_another_seed_goes_on_from_it(
    space: list[TrialJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*SEARCH, "--confirm", "near.yaml", "--confirm-trainings"]
    with monkeypatch.context() as older:
        older.setattr(SearchPlan, "confirm_seed", 1)
        assert CliRunner().invoke(app, [*words, "6"]).exit_code == 0
    result = CliRunner().invoke(app, [*words, "8"])
    assert result.exit_code == 0, result.output
    assert sorted({job.proxy.seed for job in space[2:]}) == [1, 2, 3, 4]


def test_a_search_without_time_left_says_that_nothing_is_confirmed(space: list[TrialJob]) -> None:
    words = [*SEARCH, "--confirm", "poor.yaml"]
    assert CliRunner().invoke(app, SEARCH).exit_code == 0
    result = CliRunner().invoke(app, [*words, "--time", "0.001s"])
    assert result.exit_code == 0, result.output
    assert "Confirm  not begun: time limit reached" in result.stderr
    assert not list(Path("runs").glob("*confirm*"))


def test_a_confirmation_is_resumed_by_its_name_alone(folder: Path, fake: list[TrialJob]) -> None:
    assert confirm(*TINY, "--seeds", "4").exit_code == 0
    kept, done = json.loads(Path("runs/c/result.json").read_text()), len(fake)
    again = confirm("--study", "c", "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["race"] == kept["race"]
    assert len(fake) == done
    other = confirm("--study", "c", "--seeds", "5")
    assert (other.exit_code, other.stderr.count("\n")) == (2, 1)
    assert "must be resumed with --seeds 4, got 5" in other.stderr
    missing = confirm("--study", "nosuch")
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)


def test_another_rival_begins_another_confirmation(space: list[TrialJob]) -> None:
    values = []
    for rivals in ("poor.yaml", "near.yaml", "poor.yaml"):
        result = CliRunner().invoke(app, [*SEARCH, "--confirm", rivals, "--json"])
        assert result.exit_code == 0, result.output
        values.append(json.loads(result.stdout))
    best = values[0]["ranking"][0]["number"]
    names = [one["confirmation"]["study"] for one in values]
    first = f"s_confirm_{best}"
    assert names == [first, f"{first}_2", first]
    both = [
        CliRunner().invoke(app, [*SEARCH, "--confirm", rivals, "--json"])
        for rivals in ("poor.yaml,near.yaml", "near.yaml,poor.yaml")
    ]
    studies = [json.loads(one.stdout)["confirmation"]["study"] for one in both]
    assert studies == [f"{first}_3"] * 2
    assert values[2]["confirmation"]["race"] == values[0]["confirmation"]["race"]


@pytest.mark.parametrize("ref", ["s:best", "runs/s:best"])
def test_the_best_of_the_search_is_no_rival_of_itself(space: list[TrialJob], ref: str) -> None:
    result = CliRunner().invoke(app, [*SEARCH, "--confirm", ref])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert f"must have other networks than the search's own best, got {ref}" in result.stderr
    assert not space


def test_a_confirmation_that_was_killed_before_it_began_is_begun(space: list[TrialJob]) -> None:
    assert CliRunner().invoke(app, SEARCH).exit_code == 0
    for number in range(2):
        Path(f"runs/s_confirm_{number}").mkdir()
        Path(f"runs/s_confirm_{number}/journal.log").touch()
    result = CliRunner().invoke(app, [*SEARCH, "--confirm", "poor.yaml", "--json"])
    assert result.exit_code == 0, result.output
    again = confirm("--study", "s_confirm_9")
    assert again.exit_code == 2


def test_a_study_file_of_another_kind_says_so(folder: Path) -> None:
    for name, kind in (("demo", "a search study"), ("ablation_mobi", "an ablation study")):
        result = confirm(str(STUDIES / f"{name}.yaml"))
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert f"with the key networks, got {kind}" in result.stderr


def test_a_confirmation_has_no_importance(folder: Path, fake: list[TrialJob]) -> None:
    assert confirm(*TINY, "--seeds", "4").exit_code == 0
    result = CliRunner().invoke(app, ["importance", "c"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "study c: must be a search, got a confirmation; `seesawnas report c`" in result.stderr
