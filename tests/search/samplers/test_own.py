"""Samplers of other packages: found by name, and kept inside the feasible set."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seesawnas.cli.app import app
from seesawnas.errors import StudyError
from seesawnas.search import SearchPlan, plan_of
from seesawnas.search.loading import prepare_run
from seesawnas.search.samplers import SAMPLERS, History, MultivariateTPE, Past, make_sampler
from seesawnas.testing import SamplerSuite
from seesawnas.testing.samplers import MakeSampler
from tests.offers import Offer, offer
from tests.study.fakes import small_set

__all__ = ["offer"]
FEASIBLE = small_set("250K")
MODULE = """
class Mine:
    def __init__(self, feasible):
        self.feasible = feasible
    def candidates(self, history, rng):
        while True:
            yield self.change(self.feasible.draw(rng))
    def change(self, assignment):
        {change}
"""


def plan(sampler: str) -> SearchPlan:
    values = {"budget": "250K", "space": "small.yaml", "data": "faces", "sampler": sampler}
    return plan_of(None, {**values, "engine": "inline", "resolution": 32})


@pytest.fixture
def mine(offer: Offer) -> None:
    offer(
        "pack",
        "seesawnas.samplers",
        {"mine": "mine_sampler:Mine"},
        {"mine_sampler": MODULE.format(change="return assignment")},
    )


@pytest.mark.usefixtures("mine")
class TestMine(SamplerSuite):
    @pytest.fixture
    def make(self) -> MakeSampler:
        return lambda feasible: make_sampler("mine", feasible)


@pytest.mark.usefixtures("mine", "folder")
def test_a_plan_and_a_search_take_it_by_its_name() -> None:
    assert plan("mine").sampler == "mine"
    assert prepare_run(plan("mine")).feasible.count > 0


@pytest.mark.usefixtures("mine", "folder")
def test_a_name_that_is_none_is_one_line_with_all_names() -> None:
    with pytest.raises(StudyError) as caught:
        plan("mien")
    names = ", ".join([*SAMPLERS, "mine"])
    assert str(caught.value) == f"--sampler must be one of {names}, got mien; did you mean mine?"


def test_a_broken_one_is_reported_before_anything_is_written(folder: Path, offer: Offer) -> None:
    offer("pack", "seesawnas.samplers", {"gone": "no_such_module:Mine"})
    assert prepare_run(plan("random")).feasible.count > 0
    words = ["search", "--budget", "250K", "--space", "small.yaml", "--data", "faces"]
    found = CliRunner().invoke(app, [*words, "--sampler", "gone"])
    assert found.exit_code == 2
    assert "entry point seesawnas.samplers: gone of pack: cannot be imported" in found.stderr
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("return {}", "an option for every decision"),
        ("return {**assignment, 'stages.9.depth': 1}", "an option for every decision"),
        ("return {**assignment, 'stages.0.depth': 9}", "an option of stages.0.depth, got 9"),
        (
            "return {d.name: d.options[-1] for d in self.feasible.decisions}",
            "networks within the budget 250.0 K",
        ),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("return None", "TypeError: "),
    ],
)
def test_what_it_may_not_propose_is_one_line(offer: Offer, change: str, words: str) -> None:
    module = f"wrong_{abs(hash(change))}"
    offer(
        "pack",
        "seesawnas.samplers",
        {"wrong": f"{module}:Mine"},
        {module: MODULE.format(change=change)},
    )
    past = Past(0, FEASIBLE.draw(random.Random(0)), (0.5,))
    proposed = make_sampler("wrong", FEASIBLE).candidates(History((past,)), random.Random(0))
    with pytest.raises(StudyError, match="sampler wrong: ") as caught:
        list(islice(proposed, 2))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mine = 3", "must be a class or function of a feasible set, got 3"),
        ("Mine = lambda feasible: 3", "sampler odd: must have a method candidates, got int"),
        ("Mine = lambda: 3", "sampler odd: TypeError: "),
    ],
)
def test_what_is_no_sampler_is_one_line(offer: Offer, text: str, words: str) -> None:
    module = f"odd_{abs(hash(text))}"
    offer("pack", "seesawnas.samplers", {"odd": f"{module}:Mine"}, {module: text})
    with pytest.raises(StudyError) as caught:
        make_sampler("odd", FEASIBLE)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_included_name_is_the_included_sampler(offer: Offer) -> None:
    offer("pack", "seesawnas.samplers", {"tpe": "no_such_module:Mine"})
    make_sampler("random", FEASIBLE)
    with pytest.warns(UserWarning, match="tpe of pack: is not used"):
        assert isinstance(make_sampler("tpe", FEASIBLE), MultivariateTPE)
