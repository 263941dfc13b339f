"""Parts of a network that are not trained, and the network that a training begins with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import nn

import seesawnas as sn
from seesawnas.errors import InvalidInput, RunError
from seesawnas.plan.documents import plan_of_options
from seesawnas.train import Training, seeded
from seesawnas.train.checkpoint import unpack
from seesawnas.train.feeds.stream import SourceFeed
from seesawnas.train.full import Resumed, TrainPlan
from seesawnas.train.full.freezing import frozen_modules, frozen_parts
from tests.run.trainings import RECIPE, halted, result, run, small_plan
from tests.train.sources import MadeUpSource

_PAPER = sn.load("paper/seesaw_share")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def initial(folder: Path) -> str:
    """A network like the plan's with weights of its own."""
    with seeded(9):
        return str(sn.save_model(sn.build(small_plan(folder).spec), folder))


def state_of(folder: Path) -> dict[str, torch.Tensor]:
    return sn.load_model(folder).state_dict()


@pytest.mark.parametrize(
    ("asked", "parts"),
    [
        ("stem", ("stem",)),
        ("stage2,stem", ("stem", "stage2")),
        (" stem , stage1 ", ("stem", "stage1")),
        ("1", ("stem", "stage1")),
        (2, ("stem", "stage1", "stage2")),
        (["stem", "head"], ("stem", "head")),
        ([], ()),
    ],
)
def test_parts_are_named_or_counted_and_stand_in_the_order_of_the_network(
    asked: Any, parts: tuple[str, ...]
) -> None:
    options = {"spec": _PAPER, "data": "faces", "init": "model", "freeze": asked}
    plan = plan_of_options(TrainPlan, options)
    assert plan.freeze == parts
    assert replace(plan, seed=3).freeze == parts


def test_the_modules_of_all_parts_are_those_of_the_network() -> None:
    stages = [f"stage{number + 1}" for number in range(len(_PAPER.stages))]
    names = frozen_modules(_PAPER, ("stem", *stages, "head"))
    assert names == tuple(name for name, _ in _PAPER.parts)
    assert frozen_parts(_PAPER, (str(len(stages)),)) == ("stem", *stages)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"freeze": "stem"}, "--freeze stem requires --init, got none"),
        ({"freeze": "stage9"}, "--freeze must be stem, stage1 to stage3, head, or a number of"),
        ({"freeze": "0"}, "--freeze must be stem, stage1 to stage3, head, or a number of stages"),
        ({"freeze": "stem,2"}, "--freeze must be stem"),
        ({"freeze": ""}, "--freeze must be parts such as stem,stage1, or a number, got ''"),
        ({"freeze": "stem,stage1,stage2,stage3,head"}, "--freeze must leave a part"),
    ],
)
def test_parts_that_are_none_are_one_line(options: dict[str, Any], told: str) -> None:
    asked = {"spec": _PAPER, "data": "faces", **options}
    if told.count("requires") == 0:
        asked["init"] = "model"
    with pytest.raises(RunError) as caught:
        plan_of_options(TrainPlan, asked)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("freeze", [(), ("stem", "stage1"), ("stage2",), ("head",)])
def test_a_training_begins_with_the_weights_and_leaves_what_is_frozen_as_it_was(
    freeze: tuple[str, ...], tmp_path: Path
) -> None:
    init = initial(tmp_path / "init")
    plan = small_plan(tmp_path / "run", init=init, freeze=freeze)
    about = result(run(plan))
    before, after = state_of(tmp_path / "init"), state_of(plan.folder)
    kept = tuple(f"{name}." for name in frozen_modules(plan.spec, freeze))
    for name, value in after.items():
        is_same = torch.equal(value, before[name])
        assert is_same == name.startswith(kept), name
    assert about["freeze"] == list(freeze)
    assert about["init"]["name"] == init
    with safe_open(plan.folder / "model.safetensors", "pt") as file:
        assert file.metadata()["init"] == about["init"]["digest"]


def test_without_learning_the_network_is_the_initial_one(tmp_path: Path) -> None:
    init = initial(tmp_path / "init")
    still = replace(RECIPE, epochs=1, learning_rate=0.0, averaging=0.0)
    run(small_plan(tmp_path / "run", recipe=still, init=init))
    before, after = state_of(tmp_path / "init"), state_of(tmp_path / "run")
    moved = {name.rpartition(".")[2] for name in after if not after[name].equal(before[name])}
    assert moved == {"running_mean", "running_var", "num_batches_tracked"}


def test_frozen_batch_norms_stand_in_eval_mode_and_no_gradient_is_made(tmp_path: Path) -> None:
    spec = small_plan(tmp_path).spec
    network = sn.build(spec)
    names = frozen_modules(spec, ("stem", "stage1"))
    feed = SourceFeed(MadeUpSource(), RECIPE, size=(32, 32), seed=0)
    training = Training(network, feed, RECIPE, mean=0.0, std=1.0, seed=0, frozen=names)
    next(training.steps())
    for name, module in network.named_modules():
        is_frozen = name.startswith(names)
        if isinstance(module, nn.BatchNorm2d):
            assert module.training != is_frozen
        for parameter in module.parameters(recurse=False):
            assert (parameter.grad is None) == is_frozen


@pytest.mark.parametrize("step", [1, 6, 10])
def test_a_fine_tuning_that_is_stopped_goes_on_to_the_same_bits(step: int, tmp_path: Path) -> None:
    init = initial(tmp_path / "init")
    recipe = replace(RECIPE, optimizer="adamw", learning_rate=0.002, crop=0.4, jitter=0.4)
    whole, plan = (
        small_plan(tmp_path / name, recipe=recipe, init=init, freeze=("stem",))
        for name in ("whole", "run")
    )
    run(whole)
    assert halted(run(plan, stop=lambda at: at == step))
    assert run(plan)[0] == Resumed(step, 18, ())
    one, two = ((p.folder / "model.safetensors").read_bytes() for p in (whole, plan))
    assert one == two


def test_the_initial_weights_and_what_is_frozen_must_stay(tmp_path: Path) -> None:
    init = initial(tmp_path / "init")
    moved = str(sn.save_model(sn.load_model(init), tmp_path / "moved"))
    plan = small_plan(tmp_path / "run", init=init, freeze=("stem",))
    run(plan, stop=lambda at: at == 3)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"init": None, "freeze": ()}, "--init of digest"),
        ({"freeze": ("head",)}, r"--freeze \['stem'\], got \['head'\]"),
    ]
    for changes, told in cases:
        with pytest.raises(RunError, match=told):
            run(replace(plan, **changes))
    assert isinstance(run(replace(plan, init=moved))[0], Resumed)
    # a folder of an earlier version says nothing of either
    plain = small_plan(tmp_path / "plain")
    run(plain, stop=lambda at: at == 3)
    kept = json.loads((plain.folder / "training.json").read_text())
    del kept["init"]
    (plain.folder / "training.json").write_text(json.dumps(kept))
    with pytest.raises(RunError, match="--init of digest None, got "):
        run(replace(plain, init=init))
    assert isinstance(run(plain)[0], Resumed)


def test_a_finished_fine_tuning_needs_its_initial_weights_no_more(tmp_path: Path) -> None:
    init = initial(tmp_path / "init")
    plan = small_plan(tmp_path / "run", recipe=replace(RECIPE, epochs=1), init=init)
    digest = result(run(plan))["init"]["digest"]
    (tmp_path / "init" / "model.safetensors").unlink()
    (tmp_path / "init" / "spec.yaml").unlink()
    (tmp_path / "init").rmdir()
    (again,) = run(plan)
    assert result([again])["init"]["digest"] == digest
    with pytest.raises(RunError, match=r"^--init .*init: cannot be read: No such file"):
        run(replace(plan, folder=tmp_path / "other"))


def test_initial_weights_of_another_network_claim_no_folder(tmp_path: Path) -> None:
    other = str(sn.save_model(sn.build(_PAPER.at_resolution(32)), tmp_path / "other"))
    plan = small_plan(tmp_path / "run", init=other)
    with pytest.raises(InvalidInput, match="does not match the network") as caught:
        run(plan)
    assert "\n" not in str(caught.value)
    assert f"the network {plan.spec.name}, but is of {_PAPER.name}: " in str(caught.value)
    assert not (plan.folder / "training.json").exists()


def head_of(folder: Path) -> torch.Tensor:
    tensors, _ = unpack(max((folder / "checkpoints").iterdir()).read_bytes())
    return tensors["head.weight"]


@pytest.mark.parametrize("rate", [1.0, 0.5])
def test_the_margin_head_is_made_anew_or_kept_if_it_is_asked_for(
    rate: float, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, sample_rate=rate)
    base = small_plan(tmp_path / "base", recipe=recipe)
    run(base)
    still = replace(recipe, epochs=1, learning_rate=0.0)
    heads = {}
    for keep in (False, True):
        plan = small_plan(
            tmp_path / f"run_{keep}", recipe=still, init=str(base.folder), keep_head=keep
        )
        assert result(run(plan))["init"]["keep_head"] == keep
        heads[keep] = head_of(plan.folder)
    assert torch.equal(heads[True], head_of(base.folder))
    assert not torch.equal(heads[False], head_of(base.folder))
    with pytest.raises(RunError, match="--keep-head False, got True"):
        run(small_plan(tmp_path / "run_False", recipe=still, init=str(base.folder), keep_head=True))


def test_a_margin_head_that_is_kept_is_resumed_to_the_same_bits(tmp_path: Path) -> None:
    base = small_plan(tmp_path / "base")
    run(base)
    whole, plan = (
        small_plan(tmp_path / name, init=str(base.folder), keep_head=True, seed=4)
        for name in ("whole", "run")
    )
    run(whole)
    assert halted(run(plan, stop=lambda at: at == 7))
    run(plan)
    one, two = ((p.folder / "model.safetensors").read_bytes() for p in (whole, plan))
    assert one == two


def test_a_margin_head_of_other_faces_or_without_a_checkpoint_is_one_line(tmp_path: Path) -> None:
    init = initial(tmp_path / "init")
    base = small_plan(tmp_path / "base")
    run(base)

    def fault(source: MadeUpSource, **changes: Any) -> str:
        with pytest.raises(InvalidInput) as caught:
            run(small_plan(tmp_path / "run", keep_head=True, **changes), source)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "run" / "training.json").exists()
        return str(caught.value)

    same, others = MadeUpSource(), MadeUpSource(fingerprint="others")
    assert "--keep-head requires --init, got none" in fault(same)
    assert "must be a folder of seesawnas train for --keep-head" in fault(same, init=init)
    told = fault(others, init=str(base.folder))
    assert "must be trained on the same faces for --keep-head, others, got made up" in told
    for path in (base.folder / "checkpoints").iterdir():
        path.unlink()
    assert "must have a checkpoint for --keep-head" in fault(same, init=str(base.folder))
