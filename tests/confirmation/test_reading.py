"""What a stored race says: the order of its looks, the seeds said to be needed, damaged rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import TrialState

from benchmarks.bench_confirm import boundaries, crossings, t_statistics
from seesawnas.ablation import read_ablation
from seesawnas.ablation.reading import ATTRIBUTE, TrialPlaces, paired_differences, seeds_of_race
from seesawnas.errors import StudyError
from tests.confirmation.small import Runs, write_networks
from tests.faces import write_folder

DONE, FAIL, RUNNING = TrialState.COMPLETE, TrialState.FAIL, TrialState.RUNNING


def places(*rows: tuple[str, int, int, TrialState, float | None]) -> TrialPlaces:
    return {(name, seed): (number, state, value) for name, seed, number, state, value in rows}


def test_a_training_that_came_later_is_looked_at_later() -> None:
    first = places(
        ("a", 0, 0, DONE, 0.5),
        ("b", 0, 1, FAIL, None),
        ("a", 1, 2, DONE, 0.75),
        ("b", 1, 3, DONE, 0.25),
    )
    assert paired_differences(first, "a", "b") == [0.5]
    again = {**first, **places(("b", 0, 4, DONE, 0.25))}
    assert paired_differences(again, "a", "b") == [0.5, 0.25]


def test_what_is_not_done_yet_ends_the_looks() -> None:
    found = places(
        ("a", 0, 0, DONE, 0.5),
        ("b", 0, 1, RUNNING, None),
        ("a", 1, 2, DONE, 0.75),
        ("b", 1, 3, DONE, 0.25),
    )
    assert paired_differences(found, "a", "b") == []
    assert paired_differences(found, "b", "a") == []


@pytest.mark.parametrize("size", [0.9, 1.5])
def test_the_seeds_said_to_be_needed_give_the_power_they_are_for(size: float) -> None:
    most = 20
    needed = seeds_of_race(size, 3, most, 0.05)
    assert needed is not None
    draws = np.random.default_rng(0).normal(size, 1.0, size=(4000, needed))
    bound = boundaries(most)["confirm"][:needed]
    assert 0.78 < crossings(t_statistics(draws), bound)[0].mean() < 0.9


def test_more_seeds_than_the_race_has_are_said_of_a_longer_one() -> None:
    needed = seeds_of_race(0.3, 20, 20, 0.05)
    assert needed is not None
    assert needed > 80
    assert seeds_of_race(0.0, 20, 20, 0.05) is None
    assert seeds_of_race(0.001, 20, 20, 0.05) is None
    assert seeds_of_race(9.0, 4, 20, 0.05) == 5


@pytest.mark.parametrize(
    ("key", "value"), [("alpha", 2.0), ("seeds", 10**9), ("margin", "wide"), ("seeds", None)]
)
def test_damaged_rules_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: object
) -> None:
    monkeypatch.chdir(tmp_path)
    write_networks()
    write_folder(Path("faces"))
    runs = Runs()
    runs(seeds=3)
    attributes = dict(runs.record.study.user_attrs)
    stored = json.loads(attributes[ATTRIBUTE])
    stored["race"][key] = value
    with pytest.raises(StudyError, match=rf"study c: ablation: race\.{key}") as caught:
        read_ablation("c", {**attributes, ATTRIBUTE: json.dumps(stored)}, [])
    assert "\n" not in str(caught.value)
