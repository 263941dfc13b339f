"""More epochs for a folder that was trained with fewer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from seesawnas.errors import RunError
from seesawnas.train.full import Completed, EpochDone, Resumed, TrainPlan
from tests.run.trainings import RECIPE, halted, result, run, small_plan

_CONSTANT = replace(RECIPE, decay="none", warm_up=0.0)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def weights(plan: TrainPlan) -> bytes:
    return (plan.folder / "model.safetensors").read_bytes()


def tensors(plan: TrainPlan) -> bytes:
    """The weights without the metadata, which tell the recipe."""
    content = weights(plan)
    return content[8 + int.from_bytes(content[:8], "little") :]


def test_a_constant_learning_rate_goes_on_to_the_bits_of_a_training_of_all_epochs(
    tmp_path: Path,
) -> None:
    plan = small_plan(tmp_path / "run", recipe=_CONSTANT)
    whole = small_plan(tmp_path / "whole", recipe=_CONSTANT, epochs=5)
    run(whole)
    run(plan)
    events = run(replace(plan, epochs=5))
    assert events[0] == Resumed(18, 30, ())
    assert [event.record.epoch for event in events if isinstance(event, EpochDone)] == [4, 5]
    assert weights(plan) == weights(whole)
    about, settings = (
        json.loads((plan.folder / name).read_text()) for name in ("model.json", "training.json")
    )
    assert about["extended"] == settings["extended"] == [{"epochs": 3, "step": 18}]
    assert about["recipe"]["epochs"] == settings["recipe"]["epochs"] == 5
    assert [row["epoch"] for row in about["epochs"]] == [1, 2, 3, 4, 5]
    (again,) = run(replace(plan, epochs=5))
    assert isinstance(again, Completed)
    assert again.before
    with pytest.raises(RunError, match="--epochs 5, got 3"):
        run(plan)


def test_steps_that_are_past_in_both_schedules_need_no_permission(tmp_path: Path) -> None:
    recipe = replace(RECIPE, decay="steps", decay_steps=(0.25,), warm_up=0.0, epochs=4)
    plan = small_plan(tmp_path / "run", recipe=recipe)
    run(plan)
    events = run(replace(plan, epochs=6))
    rates = [row["learning_rate"] for row in result(events)["epochs"]]
    assert rates == pytest.approx([0.05, *[0.005] * 5])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"decay": "cosine"}, "the learning rate goes from 0 to 0.0189"),
        ({"decay": "linear"}, "the learning rate goes from 0 to "),
        (
            {"decay": "steps", "decay_steps": (0.7,), "warm_up": 0.0},
            "the learning rate goes from 0.005 to 0.05;",
        ),
        (
            {"decay": "none", "margin_warm_up": 1.0},
            "the margin goes from 100% to 60%;",
        ),
    ],
)
def test_a_schedule_that_jumps_must_be_asked_for_and_is_said(
    changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    plan = small_plan(tmp_path / "run", recipe=replace(RECIPE, **changes))
    run(plan)
    kept = (plan.folder / "training.json").read_text()
    with pytest.raises(RunError, match="--epochs 5 requires --extend after 3 of 3") as caught:
        run(replace(plan, epochs=5))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (plan.folder / "training.json").read_text() == kept
    events = run(replace(plan, epochs=5, extend=True))
    assert events[0] == Resumed(18, 30, ())
    assert len(result(events)["epochs"]) == 5


@pytest.mark.parametrize("step", [18, 20, 24])
def test_an_extended_training_is_resumed_to_the_same_bits_without_being_asked_again(
    step: int, tmp_path: Path
) -> None:
    whole, plan = (small_plan(tmp_path / name) for name in ("whole", "run"))
    for one in (whole, plan):
        run(one)
    run(replace(whole, epochs=5, extend=True))
    longer = replace(plan, epochs=5, extend=True)
    if step == 18:  # killed before the first step: the settings are stored
        with pytest.raises(MemoryError):
            run(longer, stop=_crash)
    else:
        assert halted(run(longer, stop=lambda at: at == step))
    assert json.loads((plan.folder / "model.json").read_text())["recipe"]["epochs"] == 3
    assert isinstance(run(replace(longer, extend=False))[0], Resumed)
    assert tensors(plan) == tensors(whole)
    assert weights(plan) == weights(whole)


def _crash(_: int) -> bool:
    raise MemoryError


def test_a_training_that_is_not_finished_is_given_more_epochs_too(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", recipe=_CONSTANT)
    whole = small_plan(tmp_path / "whole", recipe=_CONSTANT, epochs=4)
    run(whole)
    assert halted(run(plan, stop=lambda at: at == 8))
    about = result(run(replace(plan, epochs=4)))
    assert about["extended"] == [{"epochs": 3, "step": 8}]
    assert tensors(plan) == tensors(whole)


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", recipe=_CONSTANT)
    run(plan)
    for path in (plan.folder / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(RunError, match="no checkpoint is left to train on from"):
        run(replace(plan, epochs=5))
    (plan.folder / "model.json").unlink()
    assert len(result(run(replace(plan, epochs=5)))["epochs"]) == 5


def test_other_differences_and_fewer_epochs_are_refused_as_before(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", recipe=_CONSTANT)
    run(plan, stop=lambda at: at == 3)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"epochs": 5, "seed": 1}, "--seed 0, got 1"),
        ({"epochs": 2, "extend": True}, "--epochs 3, got 2"),
        ({"epochs": 5, "batch_size": 4}, "--batch-size 8, got 4"),
    ]
    for changes, told in cases:
        with pytest.raises(RunError, match=told) as caught:
            run(replace(plan, **changes))
        assert "--epochs 3, got 5" not in str(caught.value)


@pytest.mark.parametrize("content", [5, [1], [{"epochs": "x", "step": 1}]])
def test_extensions_that_are_none_are_one_line(content: object, tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", recipe=_CONSTANT)
    run(plan, stop=lambda at: at == 3)
    path = plan.folder / "training.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "extended": content}))
    with pytest.raises(RunError, match="extended must be a list of epochs and steps") as caught:
        run(plan)
    assert "\n" not in str(caught.value)
