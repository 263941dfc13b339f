"""The plan of a training run: what its options override, and what a resumed run must keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from seesawnas.errors import RunError
from seesawnas.plan.documents import plan_of_options
from seesawnas.train import read_recipe
from seesawnas.train.full.plan import TrainPlan
from tests.run.trainings import RECIPE, small_plan


def test_options_are_read_by_their_keys_and_the_rest_has_defaults() -> None:
    spec = small_plan(Path()).spec
    given = {
        "spec": spec,
        "data": "faces",
        "epochs": 2,
        "save_every": "2m",
        "val": "a.bin, b.bin",
        "accumulate": 3,
    }
    plan = plan_of_options(TrainPlan, given)
    assert (plan.recipe.epochs, plan.recipe.batch_size) == (2, read_recipe("paper").batch_size)
    assert (plan.save_seconds, plan.benchmarks, plan.parts) == (120.0, ("a.bin", "b.bin"), 3)
    assert plan.folder == Path("runs/train_small")


def test_every_fault_of_the_options_is_a_line() -> None:
    given = {"spec": small_plan(Path()).spec, "data": "faces", "epochs": 0, "precision": "fp8"}
    with pytest.raises(RunError) as caught:
        plan_of_options(TrainPlan, given)
    assert str(caught.value).splitlines() == [
        "--epochs must be from 1 to 100000, got 0",
        "--precision must be one of fp32, bf16, fp16, got fp8",
    ]


def test_epochs_batch_size_and_resolution_override_the_recipe_and_the_network() -> None:
    plan = small_plan(Path("run"), epochs=5, batch_size=4, resolution=64)
    assert (plan.recipe.epochs, plan.recipe.batch_size, max(plan.size)) == (5, 4, 64)
    assert (RECIPE.epochs, RECIPE.batch_size) == (3, 8)


def test_what_must_stay_is_what_the_options_declare_and_how_the_images_are_cropped() -> None:
    spec = small_plan(Path()).spec
    plan = small_plan(Path("run"), parts=2)
    assert set(plan.required_settings("12ab", 3)) == set(plan.settings())
    assert plan.required_settings("12ab", 3)["processes x accumulate"] == 6
    wide = small_plan(Path("run"), spec=spec.at_resolution(32, 24))
    assert wide.required_settings("12ab")["crop"] == "aspect"
    assert small_plan(
        Path("elsewhere"), workers=3, device="cuda", benchmarks=("a.bin",)
    ).settings() == (small_plan(Path("run")).settings())
