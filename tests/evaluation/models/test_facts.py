"""What a model costs, from its folder, from a card, and from a file that says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import seesawnas as sn
from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.facts import ModelFacts, model_facts
from tests.cards import write_card
from tests.evaluation.onnx_file import write_flatten
from tests.study.fakes import small_set


def test_a_folder_says_its_network_s_costs_and_the_size_of_its_weights(tmp_path: Path) -> None:
    feasible = small_set()
    spec = feasible.space.choose(next(feasible.at([0]).assignments()))
    sn.save_model(sn.build(spec), tmp_path / "net")
    (tmp_path / "net" / "log.txt").write_text("no part of the model")
    wanted = sn.cost(spec)
    size = (tmp_path / "net" / "model.safetensors").stat().st_size
    assert model_facts(tmp_path / "net") == ModelFacts(wanted.params, wanted.madds, size)


@pytest.mark.parametrize(
    ("network", "params", "madds"),
    [
        ({"params": 12, "madds": 345}, 12, 345),
        ({"params": "12", "madds": True}, None, None),
        ([], None, None),
    ],
)
def test_a_card_says_the_costs_of_its_file(
    tmp_path: Path, network: Any, params: int | None, madds: int | None
) -> None:
    path = write_flatten(tmp_path / "net.onnx", ["n", 3, 32, 32])
    write_card(path, network=network)
    assert model_facts(path) == ModelFacts(params, madds, path.stat().st_size)


def test_a_file_without_a_card_has_a_size_alone(tmp_path: Path) -> None:
    path = write_flatten(tmp_path / "net.onnx", ["n", 3, 32, 32])
    assert model_facts(path) == ModelFacts(None, None, path.stat().st_size)
    (tmp_path / "net.ncnn.param").write_text("")
    with pytest.raises(InvalidInput, match=r"net\.ncnn\.param: cannot be read: No such file"):
        model_facts(tmp_path / "net.ncnn.param")  # without its weights
