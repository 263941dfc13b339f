"""A study in sentences, and what was run."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from seesawnas.report.study.ranking import ranking_of
from seesawnas.report.study.summary import rerun_commands, run_facts, study_file, summary
from seesawnas.study import StudyView, find_study
from tests.study.stored import store_study

RUN = {
    "started": "2026-01-01T00:00:00+0000",
    "versions": {"python": "3.11.7", "seesawnas": "0.1.0", "ray": None},
    "git": None,
    "machine": {"cpus": 2, "platform": "Linux"},
    "command": ["seesawnas", "search", "--data", "my faces"],
    "data": "8c151256ad3b83b5",
    "seeds": {"study": 3, "repeats": [4, 5]},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyView:
    folder: Path = tmp_path_factory.mktemp("runs") / "s"
    store_study(folder, 30)
    return find_study(str(folder)).view()


def with_run(study: StudyView, text: str) -> StudyView:
    more = {
        "run.0": json.dumps({**RUN, "data": "old"}),
        "run.1": json.dumps(RUN),
        "study_file": text,
    }
    return replace(study, attributes={**study.attributes, **more})


def test_what_was_run_is_all_that_another_needs(study: StudyView) -> None:
    facts = dict(run_facts(with_run(study, "study: s\n")))
    assert facts["command"] == "seesawnas search --data 'my faces'"
    assert facts["data fingerprint"] == "8c151256ad3b83b5"
    assert facts["versions"] == "python 3.11.7, seesawnas 0.1.0"
    assert facts["machine"] == "cpus 2, platform Linux"
    assert facts["seeds"] == "study 3, repeats [4, 5]"
    assert facts["budget"] == "120.00 M..150.00 M MAdds"
    assert facts["runs"] == "2"
    assert "git" not in facts


def test_the_study_file_is_told_without_what_made_it_and_with_the_command_that_takes_it(
    study: StudyView,
) -> None:
    searched = with_run(study, "study: s\nbudget: 150M\nprovenance:\n  started: now\n")
    assert study_file(searched) == "study: s\nbudget: 150M\n"
    assert rerun_commands(searched, "s")[0].startswith("seesawnas search study.yaml ")
    ablated = with_run(study, "study: s\nfactors: [kind, se]\n")
    assert rerun_commands(ablated, "s")[0].startswith("seesawnas ablate study.yaml ")
    assert rerun_commands(study, "/far away/s", ranked=False) == [
        "seesawnas dashboard '/far away/s'"
    ]


def test_a_winner_of_one_seed_is_told_to_be_flattered(study: StudyView) -> None:
    words = list(summary(study, ranking_of(study)))
    best = ranking_of(study).lines[0]
    assert words[1].startswith(
        f"Best is trial {best.row.number} (network {best.row.digest}): verification accuracy "
    )
    assert "is biased upwards" in words[2]
    assert words[-1] == "Every trial fits the budget of 120.00 M..150.00 M MAdds."


@pytest.mark.parametrize(
    ("people", "warned"), [((3, 2), True), ((79, 20), True), ((80, 20), False)]
)
def test_a_ranking_on_few_identities_is_told_to_be_chance(
    study: StudyView, people: tuple[int, int], warned: bool
) -> None:
    sides = (
        f"18 images of {people[0]} people to train on, 12 images of {people[1]} people to verify on"
    )
    settings = json.dumps(
        {
            **json.loads(study.attributes["settings"]),
            "data": f"a: 9 images of b/c: {sides} 4d7a8464",
        }
    )
    told = replace(study, attributes={**study.attributes, "settings": settings})
    words = [line for line in summary(told, ranking_of(told)) if line.startswith("Caution: ")]
    assert [f"only {sum(people)} identities" in line for line in words] == [True] * warned


def test_the_best_is_told_beside_the_best_published_network(study: StudyView) -> None:
    trials = [deepcopy(trial) for trial in study.trials]
    last = ranking_of(study).lines[-1].row
    trials[last.number].user_attrs["label"] = "paper/seesaw_share"
    named = replace(study, trials=tuple(trials))
    ranking = ranking_of(named)
    points = 100 * (ranking.lines[0].row.accuracy - last.accuracy)
    (sentence,) = (
        words for words in summary(named, ranking) if "The best published network" in words
    )
    assert (
        f"with {100 * last.accuracy:.2f} %: the best differs by {points:+.2f} percentage points"
        in sentence
    )
