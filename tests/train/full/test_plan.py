"""The plan of a training run: what its options override, and what a resumed run must keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.errors import RunError
from seesawnas.plan.documents import plan_of_options
from seesawnas.train import read_recipe
from seesawnas.train.full.plan import TrainPlan
from seesawnas.train.full.settings import check_settings
from tests.run.trainings import RECIPE, small_plan


def test_options_are_read_by_their_keys_and_the_rest_has_defaults() -> None:
    spec = small_plan(Path()).spec
    values = {
        "spec": spec,
        "data": "faces",
        "epochs": 2,
        "save_every": "2m",
        "val": "a.bin, b.bin",
        "accumulate": 3,
    }
    plan = plan_of_options(TrainPlan, values)
    assert (plan.recipe.epochs, plan.recipe.batch_size) == (2, read_recipe("paper").batch_size)
    assert (plan.save_seconds, plan.benchmarks, plan.parts) == (120.0, ("a.bin", "b.bin"), 3)
    assert plan.folder == Path("runs/train_small")


def test_every_fault_of_the_options_is_a_line() -> None:
    values = {"spec": small_plan(Path()).spec, "data": "faces", "epochs": 0, "precision": "fp8"}
    with pytest.raises(RunError) as caught:
        plan_of_options(TrainPlan, values)
    assert str(caught.value).splitlines() == [
        "--epochs must be from 1 to 100000, got 0",
        "--precision must be one of fp32, bf16, fp16, got fp8",
    ]


def test_epochs_batch_size_and_resolution_override_the_recipe_and_the_network() -> None:
    plan = small_plan(Path("run"), epochs=5, batch_size=4, resolution=64)
    assert (plan.recipe.epochs, plan.recipe.batch_size, max(plan.size)) == (5, 4, 64)
    assert (RECIPE.epochs, RECIPE.batch_size) == (3, 8)


def test_settings_override_the_recipe_and_must_stay() -> None:
    spec = small_plan(Path()).spec
    asked = {"spec": spec, "data": "faces", "lr": 0.02, "set": ["scale=32", "averaging=0.5"]}
    plan = plan_of_options(TrainPlan, asked)
    wanted = replace(read_recipe("paper"), learning_rate=0.02, scale=32.0, averaging=0.5)
    assert plan.recipe == wanted
    assert plan.generation(1).recipe == wanted
    assert plan.settings()["recipe"] == wanted.to_mapping()


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"lr": -1.0}, "--lr must be a number from 0 to 1e+06, got -1.0"),
        (
            {"lr": 0.1, "set": ["learning_rate=0.2"]},
            "--set learning_rate must not be given beside --lr, got 0.2",
        ),
        (
            {"epochs": 3, "set": ["epochs=4"]},
            "--set epochs must not be given beside --epochs, got 4",
        ),
        (
            {"set": ["optimizer=adamw"]},
            "--set optimizer=adamw requires --lr, got none: the recipe's 0.1 is for sgd",
        ),
        ({"set": ["distill=angular"]}, "--distill angular requires --teacher, got none"),
        ({"set": ["generations=2"]}, "--generations 2 requires --teacher, got none"),
    ],
)
def test_settings_that_do_not_go_together_are_one_line(options: dict[str, Any], fault: str) -> None:
    asked = {"spec": small_plan(Path()).spec, "data": "faces", **options}
    with pytest.raises(RunError) as caught:
        plan_of_options(TrainPlan, asked)
    assert str(caught.value) == fault


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


def test_another_number_of_identities_is_another_training_run() -> None:
    kept = small_plan(Path("run"), identities=5).required_settings("12ab")
    check_settings(kept, dict(kept), Path("run"))
    asked = small_plan(Path("run"), identities=6).required_settings("34cd")
    with pytest.raises(RunError, match="--identities 5, got 34cd and 6"):
        check_settings(kept, asked, Path("run"))
    # A folder of a version that had no such option.
    before = {key: value for key, value in kept.items() if key != "identities"}
    check_settings(before, small_plan(Path("run")).required_settings("12ab"), Path("run"))
    with pytest.raises(RunError, match="--data of fingerprint 12ab, got 34cd"):
        check_settings(before, asked, Path("run"))


@pytest.mark.parametrize(
    ("recipe", "options", "wanted"),
    [
        ({}, {}, ("angular", None)),
        ({}, {"distill": "embedding"}, ("embedding", None)),
        ({}, {"distill_weight": 3.0}, ("angular", 3.0)),
        ({"distill": "embedding", "distill_weight": 9.0}, {}, ("embedding", 9.0)),
        (
            {"distill": "embedding", "distill_weight": 9.0},
            {"distill_weight": 1.0},
            ("embedding", 1.0),
        ),
        # another method's weight is not taken over
        (
            {"distill": "embedding", "distill_weight": 9.0},
            {"distill": "angular"},
            ("angular", None),
        ),
        (
            {"distill": "embedding", "distill_weight": 9.0},
            {"distill": "angular", "distill_weight": 2.0},
            ("angular", 2.0),
        ),
        ({"distill": "angular", "distill_weight": 9.0}, {"distill": "angular"}, ("angular", 9.0)),
    ],
)
def test_options_come_before_the_recipe_s_and_a_teacher_teaches_angles(
    recipe: dict[str, Any], options: dict[str, Any], wanted: tuple[str, float | None]
) -> None:
    plan = small_plan(Path("run"), recipe=replace(RECIPE, **recipe), teacher=("t.onnx",), **options)
    assert (plan.recipe.distill, plan.recipe.distill_weight) == wanted
    # a copy, as a generation has it, is the same
    again = replace(plan, folder=Path("other"))
    assert again.recipe == plan.recipe


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"teacher": ""}, "--teacher must be a model, got nothing"),
        ({"teacher": " , "}, "--teacher must be a model, got nothing"),
        ({"teacher": [""]}, "--teacher must be a model, got nothing"),
        ({"teacher": 5}, "--teacher must be text, got 5"),
        ({"teacher": [["a"]]}, "--teacher must be text, got [['a']]"),
        ({"val": ""}, "--val must be a verification set, got nothing"),
        ({"distill": "angular"}, "--distill angular requires --teacher, got none"),
        ({"generations": 3}, "--generations 3 requires --teacher, got none"),
        ({"distill_weight": 2.0}, "--distill-weight 2 requires --teacher, got none"),
        (
            {"teacher": "a.onnx", "distill": "none"},
            "--teacher requires --distill other than none, got a.onnx",
        ),
        (
            {"teacher": "a.onnx,b.onnx"},
            "--teacher must be one model for --distill angular, got 2",
        ),
        (
            {"teacher": "a,b", "distill": "multistep", "generation_teacher": "previous"},
            "--generation-teacher must be same for --distill multistep, got previous",
        ),
        ({"epochs": 3, "stages": 4}, "--stages must be at most the 3 epochs, got 4"),
        (
            {"single_images": "distill"},
            "--single-images distill requires --teacher, got none",
        ),
        (
            {"teacher": "a", "single_images": "distill", "identities": 9},
            "--single-images distill must not be given beside --identities, got 9",
        ),
        (
            {"teacher": "a", "distill": "soft"},
            "--distill must be one of none, angular, embedding, multistep, got soft",
        ),
        ({"teacher": "a", "distill_weight": -1.0}, "--distill-weight must be a number from 0 to"),
        ({"teacher": "a", "generations": 0}, "--generations must be from 1 to 100, got 0"),
        (
            {"teacher": "a", "teacher_channels": "grey"},
            "--teacher-channels must be one of rgb, bgr, got grey",
        ),
    ],
)
def test_options_that_do_not_go_together_are_one_line(options: dict[str, Any], told: str) -> None:
    asked = {"spec": small_plan(Path()).spec, "data": "faces", **options}
    with pytest.raises(RunError) as caught:
        plan_of_options(TrainPlan, asked)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


@given(epochs=st.integers(1, 60), data=st.data())
def test_stages_end_equal_parts_of_the_training(epochs: int, data: st.DataObject) -> None:
    stages = data.draw(st.integers(0, epochs))
    plan = small_plan(Path("run"), recipe=replace(RECIPE, epochs=epochs), stages=stages)
    found = plan.stage_epochs()
    assert len(set(found)) == stages
    assert list(found) == sorted(found)
    assert all(1 <= epoch <= epochs for epoch in found)
    assert found[-1:] == ((epochs,) if stages else ())
    gaps = [after - before for before, after in zip((0, *found), found, strict=False)]
    assert max(gaps, default=0) - min(gaps, default=0) <= 1


def test_a_teacher_must_stay_and_where_it_lies_may_not() -> None:
    here, there = (small_plan(Path("run"), teacher=(place,)) for place in ("a.onnx", "b/c.onnx"))
    assert here.required_settings("12ab", teachers=["77"]) == there.required_settings(
        "12ab", teachers=["77"]
    )
    assert here.required_settings("12ab", teachers=["77"])["teacher"] == "77"
    assert small_plan(Path("run")).required_settings("12ab")["teacher"] is None


def test_generations_have_folders_and_the_last_one_s_is_the_run_s() -> None:
    plan = small_plan(Path("run"), teacher=("t",), generations=3)
    assert [plan.generation(number).folder for number in (1, 2, 3)] == [
        Path("run/generation_1"),
        Path("run/generation_2"),
        Path("run"),
    ]
    assert plan.generation(1).required_settings("12ab") == plan.required_settings("12ab")
