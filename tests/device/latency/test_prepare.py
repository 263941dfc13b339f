"""Networks and files as what a runtime opens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from seesawnas.device.formats import FORMATS
from seesawnas.device.latency import prepare
from seesawnas.device.latency.prepare import (
    existing_file,
    format_of,
    is_model_file,
    model_file,
    random_network,
    waste_caution,
    write_network,
)
from seesawnas.errors import InvalidInput
from seesawnas.nn import save_model
from seesawnas.space import to_point
from tests.cards import write_card
from tests.device.test_export import POINT
from tests.evaluation.onnx_file import write_flatten, write_graph
from tests.latency import model


def test_every_format_is_that_of_its_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [format_of(one.runtime) for one in FORMATS.values()] == list(FORMATS.values())
    assert format_of("openvino") is FORMATS["onnx"]
    monkeypatch.setattr(prepare, "FORMATS", {"torchscript": FORMATS["torchscript"]})
    with pytest.raises(InvalidInput, match="--runtime must be one whose format can be written"):
        format_of("ncnn")


def test_random_weights_are_always_the_same_and_move_no_draws() -> None:
    spec = to_point(POINT, "tiny").spec
    before = torch.get_rng_state()
    first, second = random_network(spec).state_dict(), random_network(spec).state_dict()
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_network_and_the_file_that_it_becomes(tmp_path: Path) -> None:
    written = write_network(
        random_network(to_point(POINT, "tiny").spec), "torch", tmp_path, "paper/tiny net"
    )
    assert (written.name, written.path.name) == ("paper/tiny net", "paper_tiny_net.pt")
    assert (written.size, written.weights) == ((32, 32), "random")
    assert is_model_file(str(written.path))
    with pytest.raises(InvalidInput, match=r"must be a \.onnx file for --runtime onnxruntime"):
        existing_file(written.path, "onnxruntime")
    with pytest.raises(InvalidInput, match=r"must be a \.onnx file for --latency onnxruntime"):
        model_file(str(written.path), "onnxruntime", tmp_path, option="--latency")


def test_models_in_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    network = random_network(to_point(POINT, "tiny").spec)
    written = write_network(network, "torch", tmp_path, "tiny")
    save_model(network, tmp_path / "folder")
    write_card(written.path)
    assert existing_file(Path("~/tiny.pt"), "torch").path == written.path
    assert model_file("~/tiny.pt", "torch", tmp_path).path == written.path
    (tmp_path / "out").mkdir()
    assert model_file("~/folder", "torch", tmp_path / "out").path.parent == tmp_path / "out"
    (tmp_path / "run.pt").mkdir()
    assert not is_model_file("~/run.pt")


def test_a_file_of_which_nothing_says_the_size_is_refused(tmp_path: Path) -> None:
    network = random_network(to_point(POINT, "tiny").spec)
    path = write_network(network, "torch", tmp_path, "tiny").path
    with pytest.raises(
        InvalidInput, match=r"tiny\.pt: must have its card tiny\.pt\.json beside it"
    ):
        existing_file(path, "torch")
    assert existing_file(path, "torch", size=(32, 24)).size == (32, 24)
    write_card(path)
    assert existing_file(path, "torch").size == (32, 32)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_card_spares_no_check_of_an_onnx_file(tmp_path: Path, runtime: str) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = write_graph(
        tmp_path / "net.onnx",
        [("Flatten", ["x"], ["f"]), ("MatMul", ["f", "w"], ["y"])],
        ["n", 3, 8, 8],
        external={"w": "../weights"},
    )
    write_card(path, shape=[1, 3, 8, 8])
    with pytest.raises(InvalidInput, match="external data must lie in the file's own folder"):
        existing_file(path, runtime)
    write_flatten(path, ["n", 3, 8, 8])
    write_card(path, shape=[1, 3, 8, 8])
    assert existing_file(path, runtime).size == (8, 8)


def test_what_is_no_file_of_a_format(tmp_path: Path) -> None:
    (tmp_path / "run.pt").mkdir()
    assert not is_model_file(str(tmp_path / "run.pt"))
    assert not is_model_file("search_150m:12")
    assert not is_model_file("net.yaml")
    with pytest.raises(InvalidInput, match="there is no such file"):
        existing_file(tmp_path / "none.pt", "torch")
    (tmp_path / "broken.pt").write_bytes(b"what")
    with pytest.raises(InvalidInput, match=r"broken\.pt: must be"):
        existing_file(tmp_path / "broken.pt", "torch")


@pytest.mark.parametrize(
    ("runtime", "waste", "is_today_s"),
    [
        ("onnxruntime", "any", True),
        ("onnxruntime", 0, False),
        ("ncnn", 1_000_000, True),
        ("ncnn", "any", False),
        ("tflite", 0, True),  # nothing here writes its files
    ],
)
def test_a_model_of_another_form_is_named(
    runtime: str, waste: float | str, is_today_s: bool
) -> None:
    caution = waste_caution(model(runtime=runtime, waste=waste))
    assert (caution == "") is is_today_s
    assert "\n" not in caution
    if not is_today_s:
        assert f"got {waste}" in caution
