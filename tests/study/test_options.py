"""Options of plans: from one declaration follow the key, what is stored, the rule and what must
stay on resume.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seesawnas.ablation.plan import AblationPlan
from seesawnas.analysis.fidelity.plan import FidelityPlan
from seesawnas.confirmation.plan import ConfirmPlan
from seesawnas.cost import Budget
from seesawnas.errors import StudyError
from seesawnas.plan.documents import document_of, faults_in, values_of
from seesawnas.plan.options import Plan, Whole, kept_names, option, options_of
from seesawnas.report.plots.joint import SHARED
from seesawnas.search.plan import SearchPlan
from seesawnas.study.engines.registry import ENGINES
from seesawnas.study.library.names import placer
from seesawnas.study.options import ENGINE_NAMES, JUDGED
from seesawnas.study.record.agreement import refusal
from tests.run.trainings import small_plan

DEFAULT = re.compile(r"Default: ([^ ]*?)[.;]?(?: |$)")
SEARCH: dict[str, Any] = {"budget": Budget.parse("1M"), "study": "s"}
PLANS = [
    SearchPlan(**SEARCH),
    AblationPlan(base="paper/seesaw_share", study="s"),
    FidelityPlan(**SEARCH),
    ConfirmPlan(networks=("paper/seesaw_share", "paper/mobilefacenet"), study="s"),
    small_plan(Path("run")),
]


@dataclass(frozen=True, kw_only=True)
class Wider(SearchPlan):
    """A plan with one option more, which this line declares."""

    most_trials: int = option(Whole(1, 9), "N", JUDGED, "So many.", default=2, must_stay=True)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: type(plan).__name__)
def test_every_key_has_one_declaration_and_one_of_each_thing_that_follows_from_it(
    plan: Plan,
) -> None:
    declared = options_of(type(plan))
    keys = [one.key for one in declared]
    assert len(set(keys)) == len({one.name for one in declared}) == len(declared)
    assert set(document_of(type(plan)).model_fields) == {*keys, "about", "provenance"}
    assert set(plan.to_mapping()) <= set(keys)
    assert {one.key for one in declared if one.store(getattr(plan, one.name)) is not None} == set(
        plan.to_mapping()
    )
    assert set(plan.settings()) == {one.kept_as for one in declared if one.must_stay}
    assert all(one.panel and one.help for one in declared if one.flag)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: type(plan).__name__)
def test_the_help_says_the_default_that_is_declared(plan: Plan) -> None:
    told = {one: found[1] for one in options_of(type(plan)) if (found := DEFAULT.search(one.help))}
    plain = {one: default for one in told if (default := one.make_default()) not in (None, (), {})}
    assert plain
    assert {one.key: one.rule(one.kind(told[one])) for one in plain} == {
        one.key: plain[one] for one in plain
    }


def test_an_option_more_is_a_key_is_stored_checked_and_must_stay() -> None:
    assert "most_trials" not in SearchPlan(**SEARCH).to_mapping()
    values: dict[str, Any] = {"budget": "1M", "most_trials": 3}
    assert faults_in(Wider, values, placer(None, values)) == ([], set())
    plan = Wider(**{**values_of(Wider, values), "study": "s"})
    assert (
        plan.most_trials == plan.to_mapping()["most_trials"] == plan.settings()["most_trials"] == 3
    )
    faults, bad = faults_in(Wider, {**values, "most_trials": 10}, placer(None, {"most_trials": 10}))
    assert (faults, bad) == (["--most-trials must be from 1 to 9, got 10"], {"most_trials"})
    with pytest.raises(StudyError, match="most_trials must be from 1 to 9, got 0"):
        Wider(**SEARCH, most_trials=0)
    words = refusal("s", plan.settings(), Wider(**SEARCH).settings())
    assert words is not None
    assert words.startswith("s: must be resumed with --most-trials 3, got 2; or ")


def test_what_is_kept_of_a_plan_does_not_depend_on_what_may_change() -> None:
    plan = SearchPlan(**SEARCH)
    assert (
        SearchPlan(**SEARCH, trials=3, seconds=9.0, sampler="random", workers=2).settings()
        == plan.settings()
    )
    assert SearchPlan(**SEARCH, pairs=100).settings() != plan.settings()


def test_found_settings_stand_at_the_place_of_what_the_plan_names() -> None:
    plan = SearchPlan(**SEARCH)
    settings = plan.settings(space="seesaw 12ab", data="faces 34cd")
    assert list(settings) == list(plan.settings())
    assert (settings["space"], settings["data"]) == ("seesaw 12ab", "faces 34cd")


def test_a_required_key_may_be_left_out_of_a_document_in_part_alone() -> None:
    assert faults_in(SearchPlan, {}, placer(None, {})) == (
        ["--budget is required, got nothing"],
        {"budget"},
    )
    assert values_of(SearchPlan, {"trials": 3}, whole=False)["budget"] is None


def test_a_plan_fills_in_what_follows_from_its_faces() -> None:
    of_default, of_own = SearchPlan(**SEARCH), SearchPlan(**SEARCH, data="faces")
    assert (of_default.epochs, of_own.epochs) == (2, 4)
    assert of_own.proxy.recipe.epochs == of_own.recipe["epochs"] == 4
    assert SearchPlan(**SEARCH, epochs=7, recipe={"scale": 3.0}).proxy.recipe.scale == 3.0


def test_every_engine_that_may_be_named_can_be_started() -> None:
    assert tuple(ENGINES) == ENGINE_NAMES


def test_the_summary_has_the_options_that_are_declared_to_be_in_it_as_they_are_kept() -> None:
    plan = SearchPlan(**SEARCH, seconds=90.0, points=())
    told = plan.summary()
    assert set(told) == {one.key for one in options_of(SearchPlan) if one.in_summary}
    assert (told["time"], told["points"], told["budget"], told["trials"]) == (
        90.0,
        [],
        plan.budget.setting(),
        None,
    )


def test_settings_that_make_figures_comparable_are_those_that_all_studies_keep() -> None:
    assert set(SHARED) == {
        "data",
        "identities",
        "objectives",
        "resolution",
        "epochs",
        "recipe",
        "pairs",
        "share",
        "seed",
        "teacher",
    }
    assert set(SHARED) <= set(kept_names(SearchPlan))
    assert set(SHARED) <= set(kept_names(AblationPlan))
    assert set(SHARED) <= set(kept_names(ConfirmPlan))


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: type(plan).__name__)
def test_every_plan_takes_as_few_identities_and_no_fewer(plan: Plan) -> None:
    (one,) = (one for one in options_of(type(plan)) if one.name == "identities")
    assert one.rule(2) == 2
    with pytest.raises(ValueError, match="2"):
        one.rule(1)
