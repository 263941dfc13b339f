"""Searches that learn from earlier studies: what they keep, and how they are resumed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from seesawnas.errors import InvalidInput, StudyError
from seesawnas.search import opened, plan_of
from tests.study.fakes import FakeEngine, small_set

BASE = {"budget": "1M", "space": "small.yaml", "data": "faces", "resolution": 32, "study": "s"}
BASE |= {"engine": "local", "workers": 1, "points": "none"}
LEARN = {"learn_from": "old.csv"}


@pytest.fixture(autouse=True)
def old(folder: Path) -> Path:
    """A table of 40 networks of the small space, of which the wide ones are good."""
    rng, feasible = random.Random(0), small_set()
    networks = [feasible.draw(rng) for _ in range(40)]
    names = [decision.name for decision in feasible.decisions]
    rows = [[*(str(one[name]) for name in names), str(_score(one))] for one in networks]
    path = folder / "old.csv"
    path.write_text("\n".join(map(",".join, [[*names, "accuracy"], *rows])) + "\n")
    return path


def _score(one: dict[str, Any]) -> float:
    widths = sum(int(one[f"stages.{n}.width"]) * int(one[f"stages.{n}.depth"]) for n in (0, 1))
    return 0.5 + widths / 1000


def run(**options: Any) -> tuple[list[str], list[dict[str, Any]]]:
    """The keys of the study's trials, and what came of its priors."""
    plan = plan_of(None, {**BASE, **options})
    with opened(plan, lambda _: FakeEngine(1)) as session:
        for _ in session.run():
            pass
        keys = [str(trial.user_attrs["key"]) for trial in session.record.trials()]
        return keys, session.learnt()


def test_a_study_is_resumed_without_what_it_learnt_from(old: Path) -> None:
    whole, _ = run(trials=9, study="whole", **LEARN)
    run(trials=4, **LEARN)
    old.unlink()
    resumed, learnt = run(trials=9, **LEARN)
    assert resumed == whole
    (found,) = learnt
    assert (found["name"], found["trials"], found["unused"], found["missing"]) == (
        "old.csv",
        40,
        [],
        [],
    )
    assert found["r2"] > 0.8
    assert found["trust"] > 0.65  # what it begins with


def test_what_changes_later_is_not_learnt(old: Path) -> None:
    whole, _ = run(trials=9, study="whole", **LEARN)
    run(trials=4, **LEARN)
    lines = old.read_text().splitlines()
    old.write_text("\n".join([lines[0], *(f"{line}9" for line in lines[11:])]))
    assert run(trials=9, **LEARN)[0] == whole


def test_it_begins_where_the_earlier_study_ended() -> None:
    def best(**options: Any) -> float:
        plan = plan_of(None, {**BASE, "trials": 6, **options})
        with opened(plan, lambda _: FakeEngine(1)) as session:
            for _ in session.run():
                pass
            return float(session.record.study.best_value)

    seeds = range(4)
    learnt = [best(study=f"learnt{seed}", seed=seed, **LEARN) for seed in seeds]
    alone = [best(study=f"alone{seed}", seed=seed) for seed in seeds]
    assert sum(learnt) > sum(alone)


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        (LEARN, {}, "must be resumed with --learn-from old.csv, got none"),
        ({}, LEARN, "must be resumed with --learn-from none, got old.csv"),
        (LEARN, {"learn_from": "old.csv,lfw"}, "--learn-from old.csv, got old.csv,lfw"),
    ],
)
def test_a_study_is_not_resumed_with_others(
    first: dict[str, Any], then: dict[str, Any], words: str
) -> None:
    run(trials=2, **first)
    with pytest.raises(StudyError, match=words) as caught:
        run(trials=3, **then)
    assert len(str(caught.value).splitlines()) == 1


def test_settings_name_earlier_studies_only_if_there_are_some() -> None:
    kept = []
    for more in ({"study": "alone"}, {"study": "learnt", **LEARN}):
        plan = plan_of(None, {**BASE, "trials": 1, **more})
        with opened(plan, lambda _: FakeEngine(1)) as session:
            kept.append(session.record.settings)
    assert "learn_from" not in kept[0]
    assert kept[1]["learn_from"] == ["old.csv"]


def test_a_study_that_was_killed_before_it_stored_what_it_learnt_learns_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    whole, _ = run(trials=6, study="whole", **LEARN)
    with monkeypatch.context() as patch:
        patch.setattr("seesawnas.search.session.keep_priors", killed)
        with pytest.raises(KeyboardInterrupt):
            run(trials=6, **LEARN)
    assert run(trials=6, **LEARN)[0] == whole


def test_what_cannot_be_learnt_is_said_before_anything_is_written() -> None:
    Path("other.csv").write_text("stages.8.depth,accuracy\n" + "1,0.5\n2,0.6\n" * 8)
    with pytest.raises(StudyError) as caught:
        run(learn_from="gone.csv,other.csv")
    first, second = str(caught.value).splitlines()
    assert first.startswith("--learn-from gone.csv: must be a study, a CSV file")
    assert second.startswith("--learn-from other.csv: must share decisions with the search space")
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({**LEARN, "sampler": "tpe"}, "--learn-from requires sampler linear, got tpe"),
        ({"learn_from": [3]}, "--learn-from must be studies or CSV files"),
        ({"learn_from": "a,b,c,d,e"}, "--learn-from must be at most 4 .*, got 5"),
    ],
)
def test_a_plan_says_what_is_wrong_with_it(options: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInput, match=rule):
        plan_of(None, {**BASE, **options})


def test_a_plan_stores_its_priors_as_a_study_file_has_them() -> None:
    plan = plan_of(None, {**BASE, "learn_from": "a, b.csv,a"})
    assert plan.learn_from == ("a", "b.csv")
    assert plan.to_mapping()["learn_from"] == ["a", "b.csv"]
    assert "learn_from" not in plan_of(None, BASE).to_mapping()
    assert plan_of(None, {**BASE, "learn_from": ["a", "b.csv"]}) == plan
