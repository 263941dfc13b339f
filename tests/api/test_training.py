"""``train`` and ``evaluate`` in Python: what the commands do, with their options and defaults."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

import seesawnas as sn
from seesawnas.cli.commands.evaluate import evaluate as eval_command
from seesawnas.errors import DataError, InvalidInput, RunError
from seesawnas.evaluation import open_model
from seesawnas.plan.options import options_of
from seesawnas.space import to_mapping
from seesawnas.train.full import Completed, EpochDone, TrainPlan
from tests.cli.running import Ran
from tests.run.trainings import RECIPE, pairs_file, small_plan

FAST: dict[str, Any] = {"epochs": 1, "workers": 0, "device": "cpu", "recipe": RECIPE}


@pytest.fixture
def spec(folder: Path) -> sn.ArchSpec:
    return small_plan(folder).spec


def test_the_package_is_a_package_and_trains_when_it_is_called() -> None:
    package: Any = import_module("seesawnas.train")
    assert package.PROXY.epochs == 4
    assert inspect.signature(sn.train) == inspect.signature(sn.api.train)
    assert sn.train is package


def test_every_option_of_the_command_is_documented() -> None:
    taken = set(inspect.signature(sn.train).parameters)
    assert taken - {"network", "on_event"} == {one.key for one in options_of(TrainPlan) if one.flag}
    text = str(sn.api.train.__doc__)
    assert all(f"        - {name}: " in text for name in taken - {"network", "data", "on_event"})


def test_a_network_is_trained_scored_resumed_and_used(spec: sn.ArchSpec, folder: Path) -> None:
    events: list[Any] = []
    pairs = pairs_file(folder / "pairs" / "made.bin")
    asked: dict[str, Any] = {**FAST, "data": Path("faces"), "out": folder / "trained"}
    found = sn.train(spec, **asked, val=[Path(pairs)], on_event=events.append)
    assert (found.folder, found.was_finished) == (folder / "trained", False)
    assert isinstance(events[-1], Completed)
    assert [type(event) for event in events].count(EpochDone) == 1
    assert found.scores["made"]["pairs"] == 8
    assert json.loads((found.folder / "model.json").read_text())["scores"] == found.scores
    assert found.load().spec == spec
    again = sn.train(spec, **asked, val=[pairs])
    assert again.was_finished
    assert again.about == found.about
    with pytest.raises(RunError) as caught:
        sn.train(spec, **{**asked, "epochs": 2})
    assert "epochs" in str(caught.value)
    assert "--" not in str(caught.value)

    verified = sn.evaluate(found, pairs, resamples=0)
    assert verified.evaluation == sn.evaluate(str(found.folder), pairs, resamples=0).evaluation
    assert verified.evaluation.accuracy == found.scores["made"]["accuracy"]
    network = found.load().train()
    assert sn.evaluate(network, pairs, resamples=0).evaluation == verified.evaluation
    assert network.training
    model = open_model(found.folder)
    assert sn.evaluate(model, pairs, resamples=0).evaluation == verified.evaluation
    shown = Ran("eval", str(found.folder), "--pairs", pairs, "--json", "--resamples", "0").json
    assert shown["auc"] == verified.evaluation.auc


@pytest.mark.usefixtures("own_cache_and_one_thread")
def test_it_trains_what_the_command_trains(spec: sn.ArchSpec, folder: Path) -> None:
    Path("quick.yaml").write_text(
        "{epochs: 1, batch_size: 8, learning_rate: 0.05, scale: 16.0, margin_size: 0.2}"
    )
    values = to_mapping(spec)
    Path("point.yaml").write_text(json.dumps(values))
    asked: dict[str, Any] = {
        "data": "faces",
        "identities": 5,
        "recipe": "quick.yaml",
        "device": "cpu",
        "seed": 3,
    }
    networks: tuple[Any, ...] = (values, "point.yaml")
    states = [
        sn.train(one, **asked, workers=0, out=f"{n}").load() for n, one in enumerate(networks)
    ]
    words = ["point.yaml", "--data", "faces", "--recipe", "quick.yaml", "--device", "cpu"]
    Ran("train", *words, "--identities", "5", "--seed", "3", "--workers", "0", "--out", "other")
    states.append(sn.load_model("other"))
    first = states[0].state_dict()
    for state in states[1:]:
        assert all(torch.equal(value, first[name]) for name, value in state.state_dict().items())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epoch": 1}, "epoch is not a known key; did you mean epochs?"),
        ({"epochs": 0}, "epochs must be from 1"),
        ({"epochs": "1"}, "epochs must be a whole number"),
        ({"recipe": "papr"}, "papr: must be a recipe"),
        ({"data": "no/such"}, "no/such: there is no such folder"),
        ({"teacher_channels": "bgr"}, "teacher_channels bgr requires teacher, got none"),
        ({"freeze": "stem"}, "freeze stem requires init, got none"),
        ({"freeze": "stage99", "init": "a"}, "freeze must be stem, stage1 to"),
        ({"keep_head": True}, "keep_head requires init, got none"),
        ({"validate_every": 2}, "validate_every 2 requires val, got none"),
        ({"stages": 2}, "stages must be at most the 1 epoch, got 2"),
        ({"generations": 2}, "generations 2 requires teacher, got none"),
        (
            {"teacher": "a", "distill": "multistep", "generation_teacher": "previous"},
            "generation_teacher must be same for distill multistep, got previous",
        ),
        ({"set": ["lr=0.1"]}, "set: lr: is not a known key"),
        ({"set": ["epochs=4"]}, "set epochs must not be given beside epochs, got 4"),
        ({"set": ["optimizer=adamw"]}, "set optimizer=adamw requires lr, got none"),
        ({"precision": "fp8"}, "precision must be one of fp32, bf16, fp16, got fp8"),
    ],
)
def test_a_wrong_option_is_one_line(
    spec: sn.ArchSpec, folder: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        sn.train(spec, **{"data": "faces", **FAST, **options})
    assert words in str(caught.value)
    assert "--" not in str(caught.value)
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("option", ["teacher", "init"])
def test_a_model_that_is_none_is_told_of_by_its_keyword(spec: sn.ArchSpec, option: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sn.train(spec, **{"data": "faces", **FAST, option: "no/such"})
    assert str(caught.value).startswith(f"{option} no/such: ")


def test_the_defaults_of_evaluate_are_those_of_its_command() -> None:
    own = inspect.signature(sn.evaluate).parameters
    command = inspect.signature(eval_command).parameters
    assert set(own) - {"model"} == set(command) - {"models", "latency", "html", "json"}
    for name in set(own) - {"model", "pairs"}:
        assert own[name].default == command[name].default, name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"protocol": "cosin"}, "must be"),
        ({"resamples": -1}, "resamples must be from 0 to 100000, got -1"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"device": "tpu"}, "tpu"),
        ({"bgr": True}, "only for files of other formats"),
    ],
)
def test_a_wrong_option_of_evaluate_is_one_line(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    sn.save_model(sn.create("mobilefacenet", resolution=32), tmp_path / "model")
    with pytest.raises(InvalidInput) as caught:
        sn.evaluate(tmp_path / "model", pairs_file(tmp_path / "p" / "made.bin"), **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "option",
    [
        {"normalise": "127.5"},
        {"bgr": True},
        {"output": "embedding"},
        {"device": "cuda:3"},
        {"untrained": True},
    ],
)
def test_an_open_network_takes_no_option_of_how_to_open_it(
    tmp_path: Path, option: dict[str, Any]
) -> None:
    network = sn.create("mobilefacenet", resolution=32)
    sn.save_model(network, tmp_path / "model")
    for model in (network, open_model(tmp_path / "model")):
        with pytest.raises(InvalidInput) as caught:
            sn.evaluate(model, pairs_file(tmp_path / "p" / "made.bin"), **option)
        assert f"got {next(iter(option))}, only for a folder or a file" in str(caught.value)


def test_random_weights_and_wrong_pairs_are_refused(tmp_path: Path) -> None:
    network = sn.create("mobilefacenet", resolution=32)
    sn.save_model(network, tmp_path / "model", trained=False)
    pairs = pairs_file(tmp_path / "p" / "made.bin")
    with pytest.raises(InvalidInput, match="must contain trained weights"):
        sn.evaluate(tmp_path / "model", pairs)
    assert sn.evaluate(tmp_path / "model", pairs, untrained=True, resamples=0).name == "made"
    with pytest.raises(DataError):
        sn.evaluate(network, tmp_path / "nothing.bin")
