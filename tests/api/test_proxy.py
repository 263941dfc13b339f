"""``proxy``: the training of a trial, and an objective of one's own with it."""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from typing import Any

import optuna
import pytest

import seesawnas as sn
from seesawnas.errors import InvalidInput, TrialError
from seesawnas.plan.options import options_of
from seesawnas.search import opened, plan_of
from seesawnas.study import Finished, Scores
from seesawnas.study.options import RunPlan
from tests.run.trainings import small_plan
from tests.study.fakes import small_set

FAST: dict[str, Any] = {"data": "faces", "epochs": 2, "resolution": 32, "pairs": 200}


def test_its_options_are_those_of_a_study() -> None:
    taken = set(inspect.signature(sn.proxy).parameters) - {"network", "on_epoch"}
    known = {one.key: one.must_stay for one in options_of(RunPlan)}
    assert taken <= set(known)
    assert {key for key, stays in known.items() if stays} <= taken


@pytest.mark.usefixtures("own_cache_and_one_thread")
def test_it_measures_what_a_trial_of_a_search_does(folder: Path) -> None:
    words = {"budget": "1M", "space": "small.yaml", "study": "s", "engine": "inline"}
    plan = plan_of(None, {**FAST, **words, "trials": 1, "seed": 5, "points": "none"})
    with opened(plan) as session:
        (found,) = [event for event in session.run() if isinstance(event, Finished)]
        trial = session.record.trials()[0]
    curve: list[tuple[int, Scores]] = []
    own = sn.proxy("s:0", **FAST, seed=5, on_epoch=lambda *epoch: curve.append(epoch))
    assert (own.curve, own.losses) == (found.measurement.curve, found.measurement.losses)
    assert curve == [(1, own.curve[0]), (2, own.scores)]
    assert sn.proxy(sn.Study("s").spec(trial.number), **FAST, seed=5).losses == own.losses
    assert sn.proxy("s:0", **FAST, seed=6).losses != own.losses


@pytest.mark.usefixtures("own_cache_and_one_thread")
def test_of_a_subset_of_the_identities_it_measures_what_a_trial_does(folder: Path) -> None:
    words = {"budget": "1M", "space": "small.yaml", "study": "s", "engine": "inline"}
    subset = {**FAST, "identities": 16, "epochs": 1, "seed": 5}
    plan = plan_of(None, {**subset, **words, "trials": 1, "points": "none"})
    with opened(plan) as session:
        (found,) = [event for event in session.run() if isinstance(event, Finished)]
    own = sn.proxy("s:0", **subset)
    assert (own.curve, own.losses) == (found.measurement.curve, found.measurement.losses)
    assert sn.proxy("s:0", **{**subset, "identities": None}).losses != own.losses


def test_an_objective_of_ones_own_takes_ten_lines(folder: Path) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    feasible = sn.FeasibleSet(sn.load_space("small.yaml"), sn.Budget.parse("1M"))

    def objective(trial: optuna.Trial) -> float:
        spec = sn.suggest(trial, feasible)

        def report(epoch: int, scores: Scores) -> None:
            trial.report(scores.auc, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        return sn.proxy(spec, **FAST, on_epoch=report).scores.auc

    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.MedianPruner(n_startup_trials=1)
    )
    study.optimize(objective, n_trials=3)
    finished = {optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED}
    assert {trial.state for trial in study.trials} <= finished
    assert study.trials[0].intermediate_values.keys() == {1, 2}
    best = sn.suggest(study.best_trial, feasible)
    assert sn.proxy(best, **FAST).scores.auc == study.best_value


def test_a_teacher_is_learnt_from(folder: Path) -> None:
    spec = small_plan(folder).spec
    sn.save_model(sn.build(spec), "teacher")
    asked = {**FAST, "epochs": 1, "identities": 16}
    plain = sn.proxy(spec, **asked)
    taught = sn.proxy(spec, **asked, teacher=Path("teacher"), distill_weight=3)
    assert taught.losses[0] > plain.losses[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epoch": 1}, "epoch is not a known key; did you mean epochs?"),
        ({"budget": "1M"}, "budget is not a known key; options are identities, epochs, "),
        ({"epochs": 0}, "epochs must be from 1 to 10000, got 0"),
        ({"recipe": {"margn": "arcface"}}, "recipe.margn is not a known key; did you mean"),
        ({"data": "no/such"}, "no/such: there is no such folder"),
        ({"data": None, "teacher": "x"}, "teacher requires data, got none"),
        ({"data": None, "identities": 5}, "identities requires data, got none"),
        ({"identities": 500}, "identities must be at most"),
    ],
)
def test_a_wrong_option_is_one_line(folder: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sn.proxy(small_plan(folder).spec, **{**FAST, **options})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_divergence_is_a_trial_error(folder: Path) -> None:
    with pytest.raises(TrialError):
        sn.proxy(small_plan(folder).spec, **FAST, recipe={"learning_rate": 1e6})
    found = sn.proxy(small_set().space.choose({}), **FAST, recipe={"margin": "cosface"}, share=0.5)
    assert math.isfinite(found.losses[-1])
