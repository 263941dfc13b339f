"""A full training in this process: what it writes, and how it goes on."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import seesawnas as sn
from seesawnas.data import FaceSource
from seesawnas.errors import InvalidInput, RunError, TrialError
from seesawnas.run import EpochDone, Resumed, Stepped, TrainPlan, opened
from tests.cli.running import Ran
from tests.run.trainings import RECIPE, halted, result, run, small_plan
from tests.train.sources import MadeUpSource


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def weights(plan: TrainPlan) -> bytes:
    return (plan.folder / "model.safetensors").read_bytes()


def test_a_training_yields_its_steps_and_epochs_and_leaves_a_network_that_loads(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    events = run(plan)
    assert [event.record.step for event in events if isinstance(event, Stepped)] == list(range(1, 19))
    assert [event.record.epoch for event in events if isinstance(event, EpochDone)] == [1, 2, 3]
    about = result(events)
    assert about == json.loads((plan.folder / "model.json").read_text()) | {"recipe": about["recipe"]} | {
        "input": about["input"]
    }
    assert (about["digest"], about["seed"], about["data"]["fingerprint"]) == (plan.spec.digest(), 0, "made up")
    assert set(about["versions"]) >= {"python", "seesawnas", "torch", "safetensors"}
    network = sn.load_model(plan.folder)
    assert network.spec.digest() == plan.spec.digest()
    assert not network.training
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 16)


def test_torch_and_safetensors_alone_load_the_weights(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan)
    network = sn.build(sn.load(plan.folder / "spec.yaml"))
    network.load_state_dict(load_file(plan.folder / "model.safetensors"))
    with safe_open(plan.folder / "model.safetensors", "pt") as file:
        metadata = file.metadata()
    assert metadata["digest"] == plan.spec.digest()
    assert metadata["data"] == "made up"
    assert json.loads(metadata["recipe"])["label"] == "short"


def test_the_logs_hold_every_epoch_and_the_curves(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", recipe=replace(RECIPE, epochs=4))
    run(plan, stop=lambda step: step == 21)
    run(plan)
    with (plan.folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert all(float(row["loss"]) > 0 for row in rows)
    assert len(list((plan.folder / "tensorboard").glob("events*"))) == 2


@pytest.mark.parametrize("step", [1, 5, 6, 7, 17])
def test_a_training_that_is_stopped_goes_on_to_the_same_bits(step: int, tmp_path: Path) -> None:
    whole, stopped = small_plan(tmp_path / "whole"), small_plan(tmp_path / "stopped")
    run(whole)
    first = run(stopped, stop=lambda at: at == step)
    assert halted(first)
    second = run(stopped)
    assert second[0] == Resumed(step, 18, ())
    assert weights(whole) == weights(stopped)
    losses = [
        [row["loss"] for row in json.loads((p.folder / "model.json").read_text())["epochs"]] for p in (whole, stopped)
    ]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(damage: str, tmp_path: Path) -> None:
    whole, plan = small_plan(tmp_path / "whole"), small_plan(tmp_path / "run", save_seconds=0.0)
    run(whole)
    run(plan, stop=lambda at: at == 9)
    newest = max((plan.folder / "checkpoints").iterdir())
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    newest.write_bytes({"torn": bytes(content[:-100]), "flipped": bytes(content), "empty": b""}[damage])
    event = run(plan)[0]
    assert isinstance(event, Resumed)
    assert event.step == 8
    assert [newest.name in note for note in event.notes] == [True]
    assert weights(whole) == weights(plan)


def test_where_no_checkpoint_is_whole_it_starts_again_and_says_so(tmp_path: Path) -> None:
    whole, plan = small_plan(tmp_path / "whole"), small_plan(tmp_path / "run")
    run(whole)
    run(plan, stop=lambda at: at == 9)
    for path in (plan.folder / "checkpoints").iterdir():
        path.write_bytes(b"nonsense")
    event = run(plan)[0]
    assert isinstance(event, Resumed)
    assert (event.step, len(event.notes)) == (0, 2)
    assert weights(whole) == weights(plan)


def test_two_checkpoints_are_kept(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", save_seconds=0.0)
    run(plan)
    names = sorted(path.name for path in (plan.folder / "checkpoints").iterdir())
    assert names == ["step_000000000017.safetensors", "step_000000000018.safetensors"]


def test_a_training_at_its_end_is_not_made_again(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    first = result(run(plan))
    (again,) = run(plan)
    assert result([again])["seconds"] == first["seconds"]


@pytest.mark.parametrize("changes", [{"seed": 1}, {"recipe": replace(RECIPE, epochs=4)}])
def test_a_folder_of_another_training_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan, stop=lambda at: at == 3)
    with pytest.raises(
        RunError, match=r"holds a training whose (seed is 0, got 1|recipe has epochs 3, got 4); give"
    ) as e:
        run(replace(plan, **changes))  # type: ignore[arg-type]
    assert "\n" not in str(e.value)


def test_other_faces_are_another_training(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan, stop=lambda at: at == 3)
    with pytest.raises(RunError, match="data is made up, got other"):
        run(plan, MadeUpSource(fingerprint="other"))


def test_a_folder_is_held_by_one_process(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    with opened(plan, MadeUpSource()), pytest.raises(RunError, match="another process trains here"):
        run(plan)


def test_divergence_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", recipe=replace(RECIPE, learning_rate=1e30, warm_up=0.9), save_seconds=0.0)
    with pytest.raises(TrialError, match="became") as caught:
        run(plan)
    assert "\n" not in str(caught.value)
    for path in (plan.folder / "checkpoints").iterdir():
        kept = load_file(path)
        assert all(torch.isfinite(value).all() for name, value in kept.items() if name.startswith("network."))


def test_pictures_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    events = run(plan, MadeUpSource(broken=(3, 30)))
    done = [event for event in events if isinstance(event, EpochDone)]
    assert done[-1].unreadable == ("p0/3.png", "p3/30.png")
    assert [line.split(":")[0] for line in result(events)["data"]["unreadable"]] == ["p0/3.png", "p3/30.png"]


@pytest.mark.parametrize("kind", ["no folder", "no weights", "another's weights", "torn weights"])
def test_a_folder_without_a_network_is_one_line(kind: str, tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    if kind != "no folder":
        run(plan)
    file = plan.folder / "model.safetensors"
    match kind:
        case "no weights":
            file.unlink()
        case "another's weights":
            (plan.folder / "spec.yaml").write_text(
                (plan.folder / "spec.yaml").read_text().replace("embedding: 16", "embedding: 8")
            )
        case "torn weights":
            file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(InvalidInput) as caught:
        sn.load_model(plan.folder)
    assert "\n" not in str(caught.value)


def test_what_build_writes_loads_too(tmp_path: Path) -> None:
    assert Ran("build", "paper/seesaw_share", "--out", str(tmp_path)).code == 0
    assert sn.load_model(tmp_path).spec.digest() == sn.load("paper/seesaw_share").digest()


def test_scores_on_real_faces_are_those_of_the_loaded_network(tmp_path: Path, lfw_train: Path) -> None:
    from seesawnas.run import read_benchmark

    path = lfw_train.parent / "lfw_dev.bin"
    plan = small_plan(tmp_path / "run", recipe=replace(RECIPE, epochs=1), benchmarks=(str(path),))
    about = result(run(plan))
    again = read_benchmark(str(path), plan.size).score(sn.load_model(plan.folder), plan.spec.input)
    assert about["scores"]["lfw_dev"]["auc"] == pytest.approx(again["auc"], abs=1e-6)
    assert again["pairs"] == 1200
    assert np.isfinite(again["accuracy"])


def test_a_source_is_a_source() -> None:
    source: FaceSource = MadeUpSource()
    assert len(source) == 48
