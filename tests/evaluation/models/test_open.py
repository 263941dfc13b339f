"""Trained networks from folders of ours, ONNX and TorchScript."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from seesawnas.arch import ArchSpec
from seesawnas.data import EncodedImages
from seesawnas.errors import InvalidInput
from seesawnas.evaluation import embed, embed_images, open_model
from seesawnas.nn import build
from seesawnas.report.network.build import write_bundle
from seesawnas.space import load_point, to_mapping, to_point, write_yaml
from tests.data.pairs.written import write_image
from tests.evaluation.onnx_file import write_flatten

_POINT = {
    "input": {"height": 24, "width": 16, "mean": [120, 110, 100], "std": 60},
    "stem": {"width": 8},
    "defaults": {"kind": "share", "split": [1, 3], "expansion": 2},
    "stages": [{"depth": 1, "width": 8, "stride": 2}],
    "head": {"width": 16, "embedding": 8},
}


@pytest.fixture
def spec() -> ArchSpec:
    return to_point(_POINT, "test").spec


@pytest.fixture
def encoded(tmp_path: Path) -> EncodedImages:
    """Five random squares of 24 pixels; the last one is no image."""
    from PIL import Image

    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(path)
    paths[4].write_bytes(b"no picture")
    return EncodedImages(paths, [path.name for path in paths], 24)


def write_result(folder: Path, spec: ArchSpec) -> nn.Module:
    """A folder as training leaves it."""
    folder.mkdir()
    torch.manual_seed(0)
    network = build(spec)
    save_file(
        {name: value.contiguous() for name, value in network.state_dict().items()},
        folder / "model.safetensors",
    )
    (folder / "spec.yaml").write_text(write_yaml(to_mapping(spec)))
    (folder / "model.json").write_text(json.dumps({"recipe": {}}))
    return network


def test_a_folder_of_training_embeds_as_its_network_does(
    tmp_path: Path, spec: ArchSpec, encoded: EncodedImages
) -> None:
    network = write_result(tmp_path / "run", spec)
    model = open_model(tmp_path / "run")
    assert (model.height, model.width, model.mean, model.std) == (
        24,
        16,
        (120.0, 110.0, 100.0),
        60.0,
    )
    embeddings, readable = embed_images(model, encoded, batch_size=2)
    assert readable.tolist() == [True] * 4 + [False]
    images = encoded.decode(0, 4)[0][:, :, 4:20].copy()  # the centre columns
    wanted = embed(network, images, mean=(120.0, 110.0, 100.0), std=60.0)
    np.testing.assert_allclose(embeddings[:4], wanted, atol=1e-5)


def test_without_flip_the_image_alone_counts(
    tmp_path: Path, spec: ArchSpec, encoded: EncodedImages
) -> None:
    write_result(tmp_path / "run", spec)
    model = open_model(tmp_path / "run")
    alone, both = (embed_images(model, encoded, flip=flip)[0][:4] for flip in (False, True))
    assert np.abs(alone - both).max() > 1e-3
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-6)


def test_what_build_writes_opens_too(tmp_path: Path) -> None:
    write_bundle(load_point("paper/mobilefacenet_m"), tmp_path / "built", 0)
    model = open_model(tmp_path / "built", untrained=True)
    assert model.run(torch.zeros(1, 3, 112, 112)).shape == (1, 512)


def test_the_network_may_stand_in_model_json_alone(tmp_path: Path, spec: ArchSpec) -> None:
    write_result(tmp_path / "run", spec)
    (tmp_path / "run/spec.yaml").unlink()
    (tmp_path / "run/model.json").write_text(json.dumps({"spec": to_mapping(spec)}))
    assert open_model(tmp_path / "run").height == 24


def test_opening_a_network_moves_no_random_draws(tmp_path: Path, spec: ArchSpec) -> None:
    write_result(tmp_path / "run", spec)
    before = torch.get_rng_state()
    open_model(tmp_path / "run")
    assert torch.equal(before, torch.get_rng_state())


def test_a_damaged_folder_is_one_line(tmp_path: Path, spec: ArchSpec) -> None:
    run = tmp_path / "run"
    write_result(run, spec)
    with pytest.raises(InvalidInput, match="a model folder defines its own input and output"):
        open_model(run, normalise="128")
    (run / "spec.yaml").write_text(write_yaml(to_mapping(spec.at_resolution(40))))
    with pytest.raises(InvalidInput, match=r"does not match spec.yaml: size mismatch") as caught:
        open_model(run)
    assert "\n" not in str(caught.value)
    (run / "spec.yaml").unlink()
    with pytest.raises(InvalidInput, match="must be JSON with the network under `spec`"):
        open_model(run)
    (run / "model.json").unlink()
    with pytest.raises(
        InvalidInput, match=r"must contain model.safetensors, and spec.yaml or model.json"
    ):
        open_model(run)
    write_result(tmp_path / "other", spec)
    (tmp_path / "other/model.safetensors").write_bytes(b"\x10")
    with pytest.raises(InvalidInput, match=r"model.safetensors: cannot be read"):
        open_model(tmp_path / "other")


def test_embeddings_that_are_not_finite_are_one_line(
    tmp_path: Path, spec: ArchSpec, encoded: EncodedImages
) -> None:
    network = write_result(tmp_path / "run", spec)
    weights = {
        name: torch.full_like(v, torch.nan) if v.is_floating_point() else v
        for name, v in network.state_dict().items()
    }
    save_file(
        {name: value.contiguous() for name, value in weights.items()},
        tmp_path / "run/model.safetensors",
    )
    with pytest.raises(InvalidInput, match="not finite"):
        embed_images(open_model(tmp_path / "run"), encoded)


@pytest.mark.parametrize(
    "shape", [[1, 3, 24, 24], [2, 3, 24, 24], ["n", 3, 24, 24], ["n", 24, 24, 3]]
)
def test_an_onnx_file_takes_as_many_images_at_a_time_as_it_says(
    tmp_path: Path, encoded: EncodedImages, shape: list[int | str]
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = open_model(write_flatten(tmp_path / "m.onnx", shape), normalise="127.5")
    assert (model.height, model.width) == (24, 24)
    embeddings, _ = embed_images(model, encoded, batch_size=3)
    images = (encoded.decode(0, 4)[0].astype(np.float64) - 127.5) / 127.5
    both = images + images[:, :, ::-1]
    rows = (both if shape[3] == 3 else both.transpose(0, 3, 1, 2)).reshape(4, -1)
    np.testing.assert_allclose(
        embeddings[:4], rows / np.linalg.norm(rows, axis=1, keepdims=True), atol=1e-5
    )


def test_imagenet_s_normalisation_is_that_of_images_from_0_to_1(
    tmp_path: Path, encoded: EncodedImages
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = open_model(write_flatten(tmp_path / "m.onnx", ["n", 3, 24, 24]), normalise="imagenet")
    images = (encoded.decode(0, 4)[0] / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    rows = images.transpose(0, 3, 1, 2).reshape(4, -1)
    embeddings, _ = embed_images(model, encoded, flip=False)
    np.testing.assert_allclose(
        embeddings[:4], rows / np.linalg.norm(rows, axis=1, keepdims=True), atol=1e-5
    )


def test_a_foreign_file_needs_its_normalisation(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    write_flatten(tmp_path / "m.onnx", ["n", 3, 24, 24])
    for name in (None, "256", ""):
        with pytest.raises(
            InvalidInput,
            match=r"--normalise.* [(]?one of none, 0\.\.1, 128, 127\.5, imagenet or MEAN,STD",
        ):
            open_model(tmp_path / "m.onnx", normalise=name)


def test_where_onnxruntime_is_missing_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    write_flatten(tmp_path / "m.onnx", ["n", 3, 24, 24])
    with pytest.raises(
        InvalidInput,
        match=r"needs onnxruntime, which is not installed: pip install 'seesawnas\[onnx\]'",
    ):
        open_model(tmp_path / "m.onnx", normalise="128")


class _Half(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, ::2]


def write_script(path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(_Half(), torch.zeros(1, 3, 112, 112))  # type: ignore[no-untyped-call]
        torch.jit.save(traced, str(path))
    return path


def test_torchscript_runs(tmp_path: Path) -> None:
    model = open_model(write_script(tmp_path / "m.pt"), normalise="128")
    write_image(tmp_path / "a.png", 9)
    embeddings, _ = embed_images(
        model, EncodedImages([tmp_path / "a.png"], ["a"], model.resolution)
    )
    assert embeddings.shape == (1, 3 * 112 * 112 // 2)


def test_a_pickled_module_is_refused_and_not_loaded(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "m.pt")
    (tmp_path / "n.pt").write_bytes(b"nonsense")
    for name in ("m.pt", "n.pt"):
        with pytest.raises(
            InvalidInput, match=r"must be a folder of ours, an ONNX file \(.onnx\) or TorchScript"
        ):
            open_model(tmp_path / name, normalise="128")


def test_a_missing_file_and_an_unknown_device_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no such file or folder"):
        open_model(tmp_path / "nothing", normalise="128")
    for name in ("warp", "cuda:99"):
        with pytest.raises(
            InvalidInput, match=f"--device must be an available torch device, .*got {name}: "
        ) as caught:
            open_model(tmp_path, device=name)
        assert "\n" not in str(caught.value)
