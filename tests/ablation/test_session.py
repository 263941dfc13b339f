"""An ablation under way: what is trained, in which order, what goes on, what is found."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from seesawnas.ablation import plan_of, read_ablation, verdict_words
from seesawnas.ablation.plan import AblationPlan
from seesawnas.ablation.reading import ATTRIBUTE
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.study import (
    Ended,
    EngineEvent,
    Failed,
    Finished,
    StudyFile,
    TrialJob,
    TrialState,
    trial_point,
)
from tests.ablation.small import BASE, Runs, without_se_is_worse, write_networks
from tests.faces import write_folder
from tests.study.fakes import measured


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.chdir(tmp_path)
    write_networks()
    write_folder(Path("faces"))
    return Runs()


def test_every_network_is_trained_from_every_seed_on_the_same_pairs(runs: Runs) -> None:
    events = runs(factors="se,kind", levels={"se": [0], "kind": ["shuffle"]}, seeds=3)
    assert events[-1] == Ended("9 trials")
    networks = {str(job.point) for job in runs.jobs}
    assert Counter((str(job.point), job.proxy.seed) for job in runs.jobs) == {
        (network, seed): 1 for network in networks for seed in (0, 1, 2)
    }
    assert {job.proxy.pairs_seed for job in runs.jobs} == {0}


def test_seeds_follow_each_other_and_each_has_its_own_order_of_arms(runs: Runs) -> None:
    runs(factors="se,kind,activation", levels={"activation": ["relu", "prelu"]}, seeds=4)
    assert [job.proxy.seed for job in runs.jobs] == sorted(job.proxy.seed for job in runs.jobs)
    arms = len(runs.jobs) // 4
    orders = {
        tuple(str(job.point) for job in runs.jobs[start : start + arms])
        for start in range(0, len(runs.jobs), arms)
    }
    assert len(orders) > 1


def test_an_effect_is_found_and_the_study_alone_tells_it_again(runs: Runs) -> None:
    runs(factors="se,kind", levels={"se": [0], "kind": ["shuffle"]}, seeds=5)
    effects = {effect.factor: effect for effect in runs.result.effects}
    assert effects["se"].verdict == "worse"
    assert effects["se"].mean == pytest.approx(-0.05, abs=0.004)
    assert effects["kind"].verdict == "not resolvable"
    assert effects["se"].params < 0
    study = runs.record.study
    assert read_ablation(study.study_name, study.user_attrs, study.get_trials()) == runs.result
    trial = runs.record.trials(TrialState.COMPLETE)[0]
    assert set(trial.params) == {"se", "kind"}
    point = trial_point(f"a:{trial.number}")
    assert point is not None
    assert point.spec.digest() == trial.user_attrs["digest"]


def test_a_stopped_ablation_goes_on_and_no_training_is_lost_or_done_twice(runs: Runs) -> None:
    runs(
        stop=lambda event: isinstance(event, Finished) and event.number == 3,
        factors="se,kind",
        seeds=3,
    )
    first = [(str(job.point), job.proxy.seed) for job in runs.jobs]
    done = len(runs.record.trials(TrialState.COMPLETE))
    runs(factors="se,kind", seeds=3)
    again = [(str(job.point), job.proxy.seed) for job in runs.jobs]
    assert len(set(first) | set(again)) == len(runs.record.trials(TrialState.COMPLETE))
    assert len(again) == len(set(again)) == len(runs.record) - done
    assert runs(factors="se,kind", seeds=3) == [
        Ended(f"all {len(runs.record)} training runs are finished")
    ]


def test_more_seeds_are_added_to_those_that_are_there(runs: Runs) -> None:
    runs(factors="se", levels={"se": [0]}, seeds=2)
    runs(factors="se", levels={"se": [0]}, seeds=4)
    assert {job.proxy.seed for job in runs.jobs} == {2, 3}
    assert runs.result.seeds == (0, 1, 2, 3)
    assert runs.result.looks == (2, 4)
    assert [effect.n for effect in runs.result.effects] == [4]


def test_looks_are_set_by_the_first_start_and_seeds_between_them_wait(runs: Runs) -> None:
    options: dict[str, Any] = {"factors": "se", "levels": {"se": [0]}}
    runs(**options, seeds=4)
    first = runs.result
    assert [n for n, _ in first.planned_looks] == [4, 8, 16, 32, 64]
    assert (list(first.looks), first.method) == ([4], "group-sequential t")
    runs(**options, seeds=6)
    assert list(runs.result.looks) == [4]
    assert runs.result.effects == first.effects
    assert len(runs.result.arms[0].values) == 6
    runs(**options, seeds=9)
    assert list(runs.result.looks) == [4, 8]
    assert [effect.n for effect in runs.result.effects] == [8]
    assert runs.result.planned_looks == first.planned_looks


def test_looks_may_be_declared_and_then_stay(runs: Runs) -> None:
    options: dict[str, Any] = {"factors": "se", "levels": {"se": [0]}}
    runs(**options, seeds=3, looks="3,6")
    assert runs.result.planned_looks == ((3, 0.25), (6, 1.0))
    with pytest.raises(StudyError, match="must be resumed with --looks 3,6, got 3,9"):
        runs(**options, seeds=3, looks=[3, 9])
    with pytest.raises(StudyError, match="must be resumed with --looks 3,6, got none"):
        runs(**options, seeds=3)
    with pytest.raises(StudyError, match="--seeds must be at most 6, the last of --looks, got 7"):
        runs(**options, seeds=7, looks="3,6")
    runs(**options, seeds=6, looks="3,6")
    assert [effect.n for effect in runs.result.effects] == [6]


def test_a_single_declared_look_is_the_paired_t_test(runs: Runs) -> None:
    runs(factors="se", levels={"se": [0]}, seeds=4, looks="4")
    base, arm = ([value for _, value in one.values] for one in runs.result.arms)
    test = stats.ttest_rel(arm, base)
    (effect,) = runs.result.effects
    assert runs.result.method == "paired t"
    assert [effect.p, effect.low] == pytest.approx(
        [test.pvalue, test.confidence_interval(0.95).low]
    )


def test_until_a_training_is_done_the_first_look_may_change(runs: Runs) -> None:
    options: dict[str, Any] = {"factors": "se", "levels": {"se": [0]}}
    runs(lambda job: Failed(job.number, "no memory"), **options, seeds=2)
    runs(stop=lambda event: isinstance(event, Finished), **options, seeds=5)
    assert runs.result.planned_looks[0][0] == 5
    runs(**options, seeds=3)
    assert runs.result.planned_looks[0][0] == 5
    assert [effect.p for effect in runs.result.effects] == [None]


def test_a_study_without_planned_looks_keeps_its_test_and_says_how_often_it_was_looked_at(
    runs: Runs,
) -> None:
    options: dict[str, Any] = {"factors": "se", "levels": {"se": [0]}}
    runs(**options, seeds=3)
    study = runs.record.study
    stored = json.loads(study.user_attrs[ATTRIBUTE])
    del stored["planned_looks"]
    study.set_user_attr(ATTRIBUTE, json.dumps(stored))
    runs(**options, seeds=5)
    assert runs.result.planned_looks == ()
    assert (runs.result.looks, runs.result.method) == ((3, 5), "paired t")
    base, arm = ([value for _, value in one.values] for one in runs.result.arms)
    assert runs.result.effects[0].p == pytest.approx(stats.ttest_rel(arm, base).pvalue)
    assert "multiply p by 2" in verdict_words(runs.result)[-1]


@pytest.mark.parametrize("looks", [[[5, 0.5], [5, 1.0]], [[5, 1.5]], [[1, 0.5]], [[5]], "5"])
def test_damaged_looks_are_one_line(runs: Runs, looks: object) -> None:
    runs(factors="se", levels={"se": [0]}, seeds=1)
    attributes = dict(runs.record.study.user_attrs)
    stored = json.loads(attributes[ATTRIBUTE])
    stored["planned_looks"] = looks
    with pytest.raises(StudyError, match=r"study a: ablation: planned_looks") as caught:
        read_ablation("a", {**attributes, ATTRIBUTE: json.dumps(stored)}, [])
    assert "\n" not in str(caught.value)


def test_other_networks_are_another_study(runs: Runs) -> None:
    runs(factors="se", levels={"se": [0]}, seeds=1)
    with pytest.raises(StudyError, match="must be resumed with --levels se 4,0, got"):
        runs(factors="se", levels={"se": [0, 8]}, seeds=1)
    with pytest.raises(StudyError, match="must be resumed with --match none, got madds; or use"):
        runs(factors="se", levels={"se": [0]}, match="madds", seeds=1)


def test_one_network_under_two_names_is_trained_once_and_counts_for_both(runs: Runs) -> None:
    runs(factors="split,kind", levels={"split": [1], "kind": ["plain"]}, design="full", seeds=2)
    arms = {arm.name: arm for arm in runs.result.arms}
    assert len(arms) == 4
    assert arms["split=1"].digest == arms["split=1, kind=plain"].digest
    assert arms["split=1"].values == arms["split=1, kind=plain"].values
    assert len(runs.record) == 6


def test_arms_are_rescaled_to_the_bases_cost(runs: Runs) -> None:
    runs(factors="expansion", levels={"expansion": [4]}, match="madds", seeds=1)
    base, arm = runs.result.arms
    assert abs(arm.madds / base.madds - 1) < 0.05
    assert runs.result.matched
    runs(factors="expansion", levels={"expansion": [4]}, seeds=1, study="b")
    assert runs.result.arms[1].madds > 1.3 * base.madds


def test_whole_networks_are_compared_as_they_are(runs: Runs) -> None:
    runs(against="other.yaml", seeds=2)
    (effect,) = runs.result.effects
    assert (effect.factor, effect.level, effect.base) == ("network", "other", "small")
    assert effect.params > 0


def first_fails(job: TrialJob) -> Finished | Failed:
    event = without_se_is_worse(job)
    assert isinstance(event, Finished)
    return Failed(job.number, "diverged") if job.number == 0 else event


def test_a_failed_training_is_left_out_and_a_look_waits_for_another_seed(runs: Runs) -> None:
    options: dict[str, Any] = {"factors": "se", "levels": {"se": [0]}}
    runs(first_fails, **options, seeds=4)
    assert [(effect.n, effect.p) for effect in runs.result.effects] == [(3, None)]
    assert [len(arm.failed) for arm in runs.result.arms].count(1) == 1
    assert not list(runs.result.looks)
    runs(**options, seeds=4)
    assert [effect.n for effect in runs.result.effects] == [4]
    assert runs.result.effects[0].p is not None
    assert list(runs.result.looks) == [4]


def test_a_failed_seed_that_succeeds_later_changes_no_look_that_was_taken(runs: Runs) -> None:
    options: dict[str, Any] = {"factors": "se", "levels": {"se": [0]}, "looks": "3,6"}
    runs(first_fails, **options, seeds=4)
    taken = runs.result
    assert [effect.n for effect in taken.effects] == [3]
    assert taken.effects[0].p is not None
    runs(**options, seeds=4)
    assert [len(arm.values) for arm in runs.result.arms] == [4, 4], "it was tried again"
    assert runs.result.effects == taken.effects
    assert runs.result.looks == (3,)
    runs(**options, seeds=6)
    assert [effect.n for effect in runs.result.effects] == [6]


def test_a_failed_training_is_tried_again_by_the_same_command(runs: Runs) -> None:
    runs(lambda job: Failed(job.number, "no memory"), factors="se", levels={"se": [0]}, seeds=2)
    runs(factors="se", levels={"se": [0]}, seeds=2)
    assert len(runs.jobs) == 4
    assert [effect.n for effect in runs.result.effects] == [2]


def test_the_best_of_an_ablation_has_the_best_mean_not_the_luckiest_seed(runs: Runs) -> None:
    def lucky(job: TrialJob) -> EngineEvent:
        event = without_se_is_worse(job)
        assert isinstance(event, Finished)
        has_se = any(stage["se"] != "off" for stage in job.point["stages"])
        return (
            Finished(job.number, measured(0.5, 0.99))
            if not has_se and job.proxy.seed == 0
            else event
        )

    runs(lucky, factors="se", levels={"se": [0]}, seeds=9)
    point = trial_point("a:best")
    assert point is not None
    assert point.spec.digest() == runs.result.arms[0].digest


def test_a_file_that_holds_another_network_now_is_another_study(runs: Runs) -> None:
    runs(against="other.yaml", seeds=1)
    Path("other.yaml").write_text(
        Path("small.yaml").read_text().replace("small", "other").replace("se: 4", "se: 8")
    )
    with pytest.raises(StudyError, match="must be resumed with network "):
        runs(against="other.yaml", seeds=1)


def test_widths_are_scaled_first(runs: Runs) -> None:
    runs(factors="se", levels={"se": [0]}, seeds=1, scale=2)
    assert runs.result.base == "small x 2"
    assert runs.jobs[0].point["stages"][0]["width"] == 32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "small.yaml: must be a search space or point"),
        ({"base": "paper/seesaw_share"}, "--factors must name an attribute"),
        ({"factors": "x"}, "--factors must be one of split, kind"),
        (
            {"factors": "se", "levels": {"kind": ["plain"]}},
            "--levels must be of the factors se, got kind",
        ),
        ({"factors": "se", "levels": "se=x"}, "--levels"),
        (
            {"factors": "se", "design": "square"},
            "--design must be one of one-at-a-time, full, fractional, got square",
        ),
        ({"factors": "se", "seeds": 0}, "--seeds must be from 1"),
        ({"factors": "se", "seeds": None}, "--seeds must have a value"),
        ({"factors": "se", "looks": "5,5"}, "--looks must be growing numbers of seeds from 2"),
        ({"factors": "se", "looks": "1,5"}, "--looks must be growing"),
        ({"factors": "se", "looks": "5,x"}, "--looks must be growing"),
        ({"factors": "se", "looks": [5, 10.0]}, "--looks must be growing"),
        ({"factors": "se", "looks": "5,200"}, "--looks must be growing"),
        ({"factors": "se", "metric": "speed"}, "--metric must be one of accuracy"),
        ({"factors": "se", "match": "params"}, "--match must be one of none, madds, got params"),
        (
            {"factors": "se", "against": "other.yaml", "design": "full"},
            "--against requires design one-at-a-time",
        ),
        ({"factors": "se", "nonsense": 1}, "nonsense"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_a_line(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        plan_of(None, {**BASE, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": "nowhere"}, "nowhere: must be a YAML file or a shipped name"),
        ({"factors": "width", "match": "madds"}, "match must be none with the factor width"),
        ({"factors": "expansion", "levels": {"expansion": ["1.03"]}}, "expansion"),
        ({"against": "paper/seesaw_share", "factors": ""}, "must have the base's input size"),
        ({"against": "small.yaml", "factors": ""}, "must have a unique name"),
        ({"data": "nowhere"}, "nowhere"),
        ({"factors": "se,kind", "levels": {}, "design": "fractional"}, "two levels"),
    ],
)
def test_what_is_not_there_or_cannot_be_built_is_said_before_anything_is_written(
    runs: Runs, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        runs(**{"factors": "se", **options})
    assert not Path("runs").exists()


def test_a_plan_written_out_is_the_same_plan(runs: Runs) -> None:
    plan = plan_of(
        None,
        {**BASE, "factors": "se", "levels": "se=0,8", "match": "madds", "time": "2h", "scale": 2},
    )
    assert isinstance(plan, AblationPlan)
    again = plan_of(StudyFile(plan.to_mapping(), "study.yaml", "study"), {})
    assert again == plan
    runs(factors="se", levels={"se": [0]}, seeds=1)
    kept = StudyFile.read("runs/a/study.yaml")
    assert plan_of(kept, {}).training_seeds == (0,)


def test_factors_given_beside_a_study_file_take_its_levels_of_theirs_alone() -> None:
    plan = plan_of(StudyFile.read("ablation_paper"), {"factors": "se"})
    assert plan.levels == {"se": ("4", "0")}


@pytest.mark.parametrize("name", ["ablation_paper", "ablation_skip", "ablation_mobi"])
def test_shipped_ablations_can_be_planned(name: str) -> None:
    from seesawnas.ablation import make_arms

    arms = make_arms(plan_of(StudyFile.read(name), {}))
    assert len(arms.networks) == len(arms.arms) > 1


def test_the_metric_is_still_read_by_its_former_key(runs: Runs) -> None:
    runs(factors="se", seeds=2, quality="accuracy")
    assert runs.result.metric == "accuracy"
    assert runs.result.to_mapping()["quality"] == "accuracy"
    runs(factors="se", seeds=2, metric="accuracy")
