"""The priors that REFs name, and those that a study keeps."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import optuna
import pytest

from seesawnas.errors import StudyError
from seesawnas.search.priors import (
    Prior,
    keep_priors,
    kept_priors,
    read_priors,
    sources,
    stored_priors,
)
from seesawnas.study import Proposal
from tests.search.samplers.toy import journal, live, toy_set

FEASIBLE = toy_set()
DECISIONS = FEASIBLE.decisions
PRIOR = Prior("old", 12, 0.5, {"stages.0.depth": {1: -0.5, 2: 0.5}}, ("stages.9.depth",))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def earlier(name: str = "toy", trials: int = 24) -> Path:
    folder = Path("runs") / name
    folder.mkdir(parents=True)
    record, rng = journal(FEASIBLE, folder), random.Random(0)
    while len(record) < trials:
        assignment = FEASIBLE.draw(rng)
        live(record, Proposal(FEASIBLE.space.choose(assignment), assignment))
    return folder


def read(*refs: str, metric: str = "accuracy") -> tuple[Prior, ...]:
    return read_priors(refs, DECISIONS, metric, Path("runs/new"))


def test_a_study_is_read_by_its_name_or_path_from_its_complete_trials_alone() -> None:
    earlier()
    by_name, by_path = read("toy", "runs/toy/")
    assert by_name.weights == by_path.weights
    assert by_name.trials == 17  # the others were stopped early, or failed
    assert set(by_name.weights) <= {one.name for one in DECISIONS}


@pytest.mark.parametrize(
    ("measured", "wanted"),
    [
        ([0.7, 0.8, 0.9], [0.7, 0.8, 0.9]),
        ([0.7, None, 0.9], [1.0, 2.0, 3.0]),
        ([0.7, float("nan"), 0.9], [1.0, 2.0, 3.0]),
        ([None, None, None], [1.0, 2.0, 3.0]),
    ],
)
def test_scores_of_a_study_are_all_of_the_metric_or_all_of_its_first_objective(
    measured: list[float | None], wanted: list[float]
) -> None:
    trials = [
        optuna.trial.create_trial(
            values=[float(place), -1.0], user_attrs={} if auc is None else {"auc": auc}
        )
        for place, auc in enumerate(measured, start=1)
    ]
    assert sources._scores(trials, "auc").tolist() == wanted


def test_a_search_does_not_learn_from_itself() -> None:
    earlier("new")
    with pytest.raises(StudyError, match=r"runs/new: must be another study, got the search's own"):
        read("runs/new")


def test_all_that_is_wrong_is_said_each_in_its_line() -> None:
    earlier("few", trials=3)
    Path("old.csv").write_text("stages.0.depth,accuracy\n" + "1,0.5\n2,0.6\n" * 8)
    with pytest.raises(StudyError) as caught:
        read("nowhere", "old.csv", "fewer", "gone.csv", "few", "lfv")
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"--learn-from {ref}" for ref in ("nowhere", "fewer", "gone.csv", "few", "lfv")
    ]
    assert lines[0].endswith("shipped are lfw")
    assert lines[1].endswith("did you mean few?")
    assert lines[4].endswith("did you mean lfw?")


def test_what_ships_is_found_by_its_name_unless_there_is_a_study_of_that_name() -> None:
    with pytest.raises(StudyError, match="lfw: must have a column"):
        read("lfw", metric="gained")
    Path("runs/lfw").mkdir(parents=True)
    Path("runs/lfw/notes.txt").touch()
    with pytest.raises(StudyError, match="lfw: must have a column"):
        read("lfw", metric="gained")
    shutil.rmtree("runs")
    earlier("lfw")
    assert read("lfw")[0].trials == 17


def test_a_study_keeps_what_it_learnt_first(tmp_path: Path) -> None:
    assert stored_priors("runs/toy", None) is None
    folder = earlier()
    assert stored_priors("runs/toy", None) is None
    record = journal(FEASIBLE, folder)
    assert keep_priors(record, ()) == ()
    assert keep_priors(record, [PRIOR]) == (PRIOR,)
    other = Prior("other", 12, 0.5, PRIOR.weights)
    assert keep_priors(journal(FEASIBLE, folder), [other]) == (PRIOR,)
    assert stored_priors("runs/toy", None) == (PRIOR,)


@pytest.mark.parametrize("text", ["{}", '{"learnt": 3}', '{"learnt": [{"name": "x"}]}', "[", 7])
def test_what_is_damaged_is_one_line(text: object) -> None:
    with pytest.raises(StudyError, match=r"^study s: priors: ") as caught:
        kept_priors({"priors": text}, "s")
    assert len(str(caught.value).splitlines()) == 1
    assert kept_priors({}, "s") is None
