"""A confirmation under way: what is trained, in which order, when it ends, what goes on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from seesawnas.ablation import read_ablation, verdict_words
from seesawnas.ablation.reading import SEQUENTIAL
from seesawnas.confirmation import plan_of
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.study import (
    Ended,
    EngineEvent,
    Failed,
    Finished,
    Noted,
    StudyFile,
    TrialJob,
    TrialState,
)
from tests.confirmation.small import BASE, Runs, network_of, poor_is_worse, write_networks
from tests.faces import write_folder
from tests.study.fakes import measured

THREE = ["small.yaml", "poor.yaml", "near.yaml"]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.chdir(tmp_path)
    write_networks()
    write_folder(Path("faces"))
    return Runs()


def test_it_ends_at_the_look_that_resolves_the_difference(runs: Runs) -> None:
    events = runs(seeds=12)
    assert events[-1] == Ended("every difference is resolved")
    pair = runs.pairs["poor"]
    assert pair.verdict == "better"
    assert pair.low is not None
    assert pair.high is not None
    assert 0 < pair.low < 0.05 < pair.high
    assert pair.trainings == 2 * pair.n == len(runs.jobs) < 24


def test_both_networks_of_a_pair_have_the_same_seeds_and_pairs_of_images(runs: Runs) -> None:
    runs(seeds=12)
    seeds = Counter(runs.trained)
    assert {seed for name, seed in seeds if name == "small"} == {
        seed for name, seed in seeds if name == "poor"
    }
    assert set(seeds.values()) == {1}
    assert {job.proxy.pairs_seed for job in runs.jobs} == {0}


def test_a_rival_that_is_resolved_leaves_the_race(runs: Runs) -> None:
    events = runs(networks=THREE, seeds=10)
    assert events[-1] == Ended("10 seeds trained, the most of --seeds")
    counts = Counter(name for name, _ in runs.trained)
    assert counts["poor"] == runs.pairs["poor"].n < counts["small"] == counts["near"] == 10
    assert (runs.pairs["poor"].verdict, runs.pairs["near"].verdict) == ("better", "not resolvable")
    needed = runs.pairs["near"]
    assert needed.needed is None or needed.needed > 10


def test_a_verdict_is_said_when_it_falls(runs: Runs) -> None:
    events = runs(networks=THREE, seeds=10)
    (place,) = [n for n, event in enumerate(events) if isinstance(event, Noted)]
    assert events[place] == Noted(verdict_words(runs.result)[0])
    assert isinstance(events[place - 1], Finished)
    assert not any(isinstance(event, Noted) for event in runs(networks=THREE, seeds=10))


def test_several_rivals_ask_for_more_certainty_of_each(runs: Runs) -> None:
    runs(networks=["small.yaml", "near.yaml"], seeds=4)
    one = runs.pairs["near"]
    runs(networks=["small.yaml", "near.yaml", "poor.yaml"], seeds=4, study="d")
    other = runs.pairs["near"]
    assert one.low is not None
    assert other.low is not None
    assert (one.n, one.mean) == (other.n, other.mean)
    assert other.low < one.low


def test_a_budget_ends_it_and_more_of_it_goes_on(runs: Runs) -> None:
    events = runs(trainings=7, seeds=12)
    assert events[-1] == Ended("budget of 7 training runs spent: 6 are done, and a seed takes 2")
    assert runs.pairs["poor"].verdict == "not resolvable"
    assert runs.pairs["poor"].needed is not None
    before = set(runs.trained)
    assert runs(trainings=24, seeds=12)[-1] == Ended("every difference is resolved")
    assert not before & set(runs.trained)
    alone = runs.result.race
    runs(trainings=24, seeds=12, study="d")
    assert runs.result.race == alone


def test_a_stopped_confirmation_goes_on_and_says_the_same_as_one_left_alone(runs: Runs) -> None:
    runs(stop=lambda event: isinstance(event, Finished) and event.number == 3, seeds=12)
    runs(seeds=12)
    assert len(runs.record) == len(runs.record.keys())
    again = runs.result.race
    assert runs(seeds=12) == [Ended("every difference is resolved")]
    runs(seeds=12, study="d")
    assert runs.result.race == again


@pytest.mark.parametrize("capacity", [2, 5])
def test_workers_change_neither_verdict_nor_interval(runs: Runs, capacity: int) -> None:
    runs(networks=THREE, seeds=10)
    alone = runs.result.race
    runs(networks=THREE, seeds=10, capacity=capacity, study="d")
    assert runs.result.race == alone


def test_waiting_workers_begin_one_more_seed_at_most(runs: Runs) -> None:
    runs(seeds=12, capacity=16)
    done = max(seed for _, seed in runs.trained)
    assert done <= runs.pairs["poor"].n + 1


def test_a_failed_training_costs_its_seed_and_the_next_start_tries_it_again(runs: Runs) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        diverges = network_of(job) == "poor" and job.proxy.seed == 1
        return Failed(job.number, "diverged") if diverges else poor_is_worse(job)

    runs(answer, seeds=4)
    assert runs.pairs["poor"].n == 3
    before = len(runs.record.trials(TrialState.COMPLETE))
    runs(seeds=4)
    assert runs.trained == [("poor", 1)]
    assert runs.pairs["poor"].n == 4
    assert len(runs.record.trials(TrialState.COMPLETE)) == before + 1


@pytest.mark.parametrize("broken", ["small", "poor"])
def test_a_network_that_never_ends_a_training_is_given_up(runs: Runs, broken: str) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        if network_of(job) == broken:
            return Failed(job.number, "diverged")
        return poor_is_worse(job)

    for _ in range(2):  # the next run tries again
        events = runs(answer, seeds=12)
        assert isinstance(events[-1], Ended)
        assert events[-1].reason.startswith(f"{broken} failed from 3 seeds in this run")
        assert Counter(name for name, _ in runs.trained)[broken] == 3
    events = runs(answer, networks=THREE, seeds=4, study="d")
    counts = Counter(name for name, _ in runs.trained)
    assert counts == ({"small": 3, "near": 3, "poor": 3} if broken == "small" else counts)
    assert counts[broken] == 3
    assert runs(seeds=12)[-1] == Ended("every difference is resolved")


def test_a_metric_that_the_pairs_cannot_resolve_is_refused(runs: Runs) -> None:
    with pytest.raises(StudyError, match="tar_at_far_1e_3: must have at least 1,000 pairs"):
        runs(metric="tar_at_far_1e_3")
    assert not Path("runs").exists()


def test_networks_within_the_margin_are_equal(runs: Runs) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        wobble = 0.001 * ((7 * job.proxy.seed + len(network_of(job))) % 3)
        return Finished(job.number, measured(0.5, 0.6 + 0.1 * (job.proxy.seed % 2) + wobble))

    runs(answer, networks=["small.yaml", "near.yaml"], seeds=8, margin=0.02)
    assert runs.pairs["near"].verdict == "equivalent"
    assert "equal within the margin 0.02" in verdict_words(runs.result)[0]


def test_a_margin_must_be_exceeded(runs: Runs) -> None:
    runs(seeds=12, margin=0.02)
    pair = runs.pairs["poor"]
    assert pair.verdict == "better"
    assert pair.low is not None
    assert pair.low > 0.02
    runs(seeds=12, study="d")
    assert pair.n >= runs.pairs["poor"].n


def test_the_study_alone_tells_the_result_again(runs: Runs) -> None:
    runs(networks=THREE, seeds=6)
    study = runs.record.study
    found = read_ablation(study.study_name, study.user_attrs, study.get_trials())
    assert found == runs.result
    assert found.method == SEQUENTIAL
    (first, *_) = found.effects
    assert found.race is not None
    pair = found.race.pairs[0]
    assert (first.level, first.base) == (pair.rival, pair.candidate)
    assert (first.mean, first.low) == (-(pair.mean or 0), -(pair.high or 0))


def test_the_kept_study_file_has_the_same_plan(runs: Runs) -> None:
    runs(seeds=5, margin=0.01, trainings=10)
    file = StudyFile.read("runs/c/study.yaml")
    assert plan_of(file, {}) == plan_of(None, {**BASE, "seeds": 5, "margin": 0.01, "trainings": 10})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": 13}, "must be resumed with --seeds 12, got 13"),
        ({"alpha": 0.1}, "must be resumed with --alpha 0.05, got 0.1"),
        ({"margin": 0.1}, "must be resumed with --margin 0.0, got 0.1"),
        ({"metric": "accuracy"}, "must be resumed with --metric auc, got accuracy"),
        ({"networks": ["poor.yaml", "small.yaml"]}, "must be resumed with the first REF small"),
        ({"networks": THREE}, "must be resumed with network near none, got"),
    ],
)
def test_what_verdicts_follow_from_must_stay(
    runs: Runs, options: dict[str, Any], message: str
) -> None:
    runs(seeds=12, trainings=6)
    with pytest.raises(StudyError, match=message):
        runs(**{"seeds": 12, "trainings": 9, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": ["small.yaml"]}, "networks must be from 2 to 32 REFs, got 1"),
        ({"networks": ["small.yaml"] * 2}, "networks must be different, got small.yaml twice"),
        ({"networks": ["small.yaml", "copy.yaml"]}, "which are the same network"),
        ({"networks": ["small.yaml", "nowhere"]}, "nowhere: must be a YAML file"),
        ({"seeds": 2}, "--seeds must be from 3 to 100, got 2"),
        ({"alpha": 0}, "--alpha must be a number from 0.0001 to 0.5, got 0"),
        ({"margin": -1}, "--margin must be a number from 0 to 1, got -1"),
        ({"trainings": 4}, "--trainings must be at least 6, 3 seeds of 2 networks, got 4"),
        ({"metric": "speed"}, "--metric must be one of accuracy"),
    ],
)
def test_a_mistake_is_a_line_and_nothing_is_written(
    runs: Runs, options: dict[str, Any], message: str
) -> None:
    Path("copy.yaml").write_text(Path("small.yaml").read_text().replace("small", "copy"))
    with pytest.raises(InvalidInput, match=message):
        runs(**options)
    assert not Path("runs").exists()


def test_another_kind_of_study_is_not_resumed_as_a_confirmation(runs: Runs) -> None:
    runs(seeds=3)
    from tests.ablation.small import Runs as Ablations

    with pytest.raises(StudyError, match="must be resumed as a confirmation, got an ablation"):
        Ablations()(base="small.yaml", factors="se", levels={"se": [0]}, seeds=1, study="c")
