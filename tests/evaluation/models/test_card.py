"""Cards of exported files: what an edited one says is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model
from seesawnas.evaluation.models.card import card_normalisation, card_path, card_size, read_card
from tests.cards import write_card
from tests.evaluation.onnx_file import write_flatten


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_flatten(tmp_path / "net.onnx", ["n", 3, 32, 24])


def fault(model: Path) -> str:
    """What is said of the model's card."""
    with pytest.raises(InvalidInput) as caught:
        read_card(model)
    said = str(caught.value)
    assert said.startswith(f"{card_path(model)}: ")
    assert "\n" not in said
    return said


def test_a_card_says_how_its_file_is_fed(model: Path) -> None:
    assert read_card(model) is None
    card = write_card(model, shape=["N", 3, 32, 24], inputs={"std": [2, 2, 4.5]})
    assert read_card(model) == card
    assert card_size(card) == (32, 24)
    assert card_normalisation(card) == (0.0, (2.0, 2.0, 4.5))
    write_card(model, shape=[4, 3, 32, 24], inputs={"normalise": "inside", "std": [60] * 3})
    found = read_card(model)
    assert found is not None
    assert card_normalisation(found) == (0.0, 1.0)


@pytest.mark.parametrize(
    "shape",
    [
        None,
        "1x3x32x24",
        [3, 32, 24],
        [1, 1, 32, 24],
        [0, 3, 32, 24],
        ["M", 3, 32, 24],
        [1, 3, "32", 24],
        [1, 3, True, 24],
        [1, 3, 32.0, 24],
        [1, 3, -32, 24],
        [1, 3, 32, 4096],
    ],
)
def test_a_shape_of_no_images_is_refused(model: Path, shape: Any) -> None:
    write_card(model, shape=shape)
    said = fault(model)
    assert "input.shape must be [N, 3, height, width]" in said
    assert said.endswith(f"got {json.dumps(shape)}")


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"normalise": "Inside"}, 'input.normalise must be inside or outside, got "Inside"'),
        ({"normalise": None}, "input.normalise must be inside or outside, got null"),
        ({"mean": [float("nan")] * 3}, "input.mean must be three numbers"),
        ({"mean": [float("inf")] * 3}, "input.mean must be three numbers"),
        ({"mean": 127.5}, "input.mean must be three numbers, of red, green and blue, got 127.5"),
        ({"mean": ["0", 0, 0]}, "input.mean must be three numbers"),
        ({"std": [1, 1]}, "input.std must be three positive numbers"),
        ({"std": [1, 1, 0]}, "input.std must be three positive numbers"),
        ({"std": [1, 1, -1]}, "input.std must be three positive numbers"),
        ({"std": [1, 1, True]}, "input.std must be three positive numbers"),
    ],
)
def test_numbers_that_no_pixels_are_divided_by_are_refused(
    model: Path, inputs: dict[str, Any], words: str
) -> None:
    write_card(model, inputs=inputs)
    assert words in fault(model)


@pytest.mark.parametrize("key", ["shape", "normalise", "mean", "std"])
def test_what_is_missing_is_named(model: Path, key: str) -> None:
    card = write_card(model)
    del card["input"][key]
    card_path(model).write_text(json.dumps(card))
    assert f"input.{key} must be " in (said := fault(model))
    assert said.endswith(", got nothing")
    card_path(model).write_text(json.dumps({**card, "input": 5}))
    assert fault(model).endswith("input must be a mapping, got 5")


@pytest.mark.parametrize("files", [None, [], "net.onnx", [{"name": "net.onnx"}], [{"name": ""}]])
def test_a_card_of_no_files_is_refused(model: Path, files: Any) -> None:
    card = write_card(model)
    card_path(model).write_text(json.dumps({**card, "files": files}))
    assert "must be the card that `seesawnas export` wrote beside net.onnx" in fault(model)


@pytest.mark.parametrize("name", ["other.onnx", "../net.onnx", "a\0b"])
def test_a_card_of_other_files_is_refused(model: Path, name: str) -> None:
    card = write_card(model)
    card["files"].append({"name": name, "sha256": None})
    card_path(model).write_text(json.dumps(card))
    fault(model)


def test_another_size_than_that_of_the_file_or_of_the_network_is_refused(model: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    write_card(model, shape=[1, 3, 24, 32])
    with pytest.raises(InvalidInput, match=r"net\.onnx takes, \(32, 24\), got \(24, 32\)$"):
        open_model(model)
    write_card(model, shape=[1, 3, 32, 24])
    assert open_model(model).size == (32, 24)
    write_card(
        model,
        shape=[1, 3, 32, 24],
        network={"spec": {"input": {"height": 32, "width": 32}}},
    )
    assert "of the network's own size, (32, 32), got [1, 3, 32, 24]" in fault(model)
