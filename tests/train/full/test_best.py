"""Evaluation in the middle of an epoch, and the best network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboardX.proto.event_pb2 import Event

import seesawnas as sn
from seesawnas.train.full import Benchmark, EpochDone, Resumed, Validated
from seesawnas.train.full.best import Best
from tests.run.trainings import RECIPE, pairs_file, result, run, small_plan


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def scored(auc: float, accuracy: float = 0.5) -> dict[str, float]:
    return {"accuracy": accuracy, "auc": auc}


def test_the_best_has_the_highest_mean_auc_then_accuracy_and_the_earliest_stays(
    tmp_path: Path,
) -> None:
    plan = small_plan(tmp_path)
    best, network = Best(plan), sn.build(plan.spec)
    taken = []
    for step, scores in enumerate(
        [
            {},
            {"a": scored(0.5), "b": scored(0.7)},
            {"a": scored(0.7), "b": scored(0.5)},  # the same mean
            {"a": scored(0.7, 0.6), "b": scored(0.5)},
            {"a": scored(0.9), "b": scored(0.2)},
            {"a": scored(0.9, 0.1), "b": scored(0.4, 0.1)},
            {"a": scored(0.1)},  # other sets do not compare
        ]
    ):
        if best.take(network, scores, step=step, epochs=step / 4):
            taken.append(step)
            assert best.found is not None
            assert best.found["step"] == step
    assert taken == [1, 3, 5, 6]
    assert best.found == {
        "step": 6,
        "epochs": 1.5,
        "accuracy": 0.5,
        "auc": 0.1,
        "sets": ["a"],
    }
    assert sn.load_model(tmp_path / "best").spec == plan.spec


def test_evaluations_between_epochs_change_nothing_and_find_the_best(tmp_path: Path) -> None:
    pairs = pairs_file(tmp_path / "pairs.bin")
    plain = small_plan(tmp_path / "plain", benchmarks=(pairs,))
    plan = small_plan(tmp_path / "run", benchmarks=(pairs,), validate_every=4)
    run(plain)
    events = run(plan)
    assert weights(plain.folder) == weights(plan.folder)
    found = [event for event in events if isinstance(event, Validated)]
    assert [event.step for event in found] == [4, 8, 16]  # 12 is the end of an epoch
    assert found[0].scores.keys() == {"pairs"}
    about = result(events)
    assert about["validations"] == [{"step": one.step, "scores": one.scores} for one in found]
    scores = {one.step: one.scores["pairs"] for one in found} | {
        6 * event.record.epoch: event.scores["pairs"]
        for event in events
        if isinstance(event, EpochDone)
    }
    order = sorted(scores, key=lambda s: (-scores[s]["auc"], -scores[s]["accuracy"], s))
    best = about["best"]
    assert (best["step"], best["sets"]) == (order[0], ["pairs"])
    assert best["auc"] == scores[order[0]]["auc"]
    again = Benchmark(sn_pairs(pairs)).score(sn.load_model(plan.folder / "best"), plan.spec.input)
    assert again["auc"] == pytest.approx(best["auc"], abs=1e-6)


def sn_pairs(path: str) -> Any:
    from seesawnas.data import read_pairs

    return read_pairs(path, resolution=(32, 32))


@pytest.mark.parametrize("every", [0.0, 600.0])
@pytest.mark.parametrize("step", [3, 4, 6, 9])
def test_a_stopped_training_makes_each_evaluation_once_and_finds_the_same_best(
    step: int, every: float, tmp_path: Path
) -> None:
    pairs = pairs_file(tmp_path / "pairs.bin")
    whole, plan = (
        small_plan(tmp_path / name, benchmarks=(pairs,), validate_every=2, save_seconds=every)
        for name in ("whole", "run")
    )
    expected = result(run(whole))
    run(plan, stop=lambda at: at == step)
    events = run(plan)
    assert events[0] == Resumed(step, 18, ())
    about = result(events)
    for key in ("validations", "best", "scores"):
        assert about[key] == expected[key]
    assert weights(plan.folder / "best") == weights(whole.folder / "best")
    assert weights(plan.folder) == weights(whole.folder)


def test_each_evaluation_is_a_point_of_the_curves(tmp_path: Path) -> None:
    pairs = pairs_file(tmp_path / "pairs.bin")
    plan = small_plan(
        tmp_path / "run",
        benchmarks=(pairs,),
        validate_every=4,
        recipe=replace(RECIPE, epochs=2),
    )
    run(plan)
    points = [
        event.step
        for file in (plan.folder / "tensorboard").iterdir()
        for event in _events(file.read_bytes())
        for value in event.summary.value
        if value.tag == "validation/pairs_accuracy"
    ]
    assert points == [4, 6, 8, 12]


def _events(content: bytes) -> Iterator[Any]:
    while content:
        size = int.from_bytes(content[:8], "little")
        yield Event.FromString(content[12 : 12 + size])
        content = content[16 + size :]


def test_a_checkpoint_of_an_earlier_version_knows_no_best_and_is_resumed(tmp_path: Path) -> None:
    from seesawnas.train.checkpoint import pack, unpack

    pairs = pairs_file(tmp_path / "pairs.bin")
    plan = small_plan(tmp_path / "run", benchmarks=(pairs,))
    run(plan, stop=lambda at: at == 8)
    path = max((plan.folder / "checkpoints").iterdir())
    tensors, about = unpack(path.read_bytes())
    for key in ("best", "validations"):
        del about[key]
    path.write_bytes(pack(tensors, about))
    events = run(plan)
    assert events[0] == Resumed(8, 18, ())
    assert result(events)["best"]["step"] in (12, 18)


def test_without_verification_sets_there_is_no_best(tmp_path: Path) -> None:
    about = result(run(small_plan(tmp_path / "run")))
    assert (about["best"], about["validations"]) == (None, [])
    assert not (tmp_path / "run" / "best").exists()
    assert json.loads((tmp_path / "run" / "model.json").read_text())["best"] is None
