"""``export``: what is written, what is refused, and the card."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image

from seesawnas.data import FaceData
from seesawnas.device.card import card_page, snippet
from seesawnas.device.export import CALIBRATION_IMAGES, LATENCY_ROUNDS, ExportOptions, export
from seesawnas.device.fastest import distinct_forms
from seesawnas.device.formats import FORMATS, Contents, find_format
from seesawnas.device.latency.protocol import ROUNDS_FACTOR, Latency, Run, Sample
from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model
from seesawnas.nn import FaceNetwork, build
from seesawnas.nn.deploy import deploy_form
from seesawnas.space import load, to_point
from tests.faces import made_up_faces

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

POINT: dict[str, object] = {
    "name": "tiny",
    "input": {"height": 32, "width": 32},
    "stem": {"width": 16},
    "defaults": {"kind": "share", "split": [1, 3], "se": 4, "activation": "swish"},
    "stages": [{"depth": 2, "middle": 32, "width": 16, "stride": 2}],
    "head": {"width": 32, "embedding": 24},
}


def made(point: dict[str, object]) -> FaceNetwork:
    """With statistics that are not those of a fresh network."""
    torch.manual_seed(0)
    network = build(to_point(point, "tiny").spec)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
        if isinstance(module, torch.nn.PReLU):
            module.weight.data.uniform_(-0.1, 1.4)
    return network.eval()


@pytest.fixture(scope="module")
def network() -> FaceNetwork:
    return made(POINT)


@pytest.fixture(scope="module")
def faces() -> FaceData:
    return made_up_faces(32)


@pytest.mark.parametrize("batch", [1, 3, None])
@pytest.mark.parametrize("normalise", ["inside", "outside"])
def test_the_file_gives_torch_s_embeddings_however_it_is_fed(
    network: FaceNetwork, faces: FaceData, tmp_path: Path, batch: int | None, normalise: str
) -> None:
    inside = normalise == "inside"
    options = ExportOptions(
        "onnx", normalise="inside" if inside else "outside", l2=inside, batch=batch
    )
    done = export(network, tmp_path / "tiny", options, faces, trained=True)
    assert [path.name for path in done.files] == ["tiny.onnx", "tiny.onnx.json", "tiny.onnx.md"]
    model = open_model(done.files[0])  # the card says how it is fed
    pixels = torch.from_numpy(faces.verification.images[:6]).permute(0, 3, 1, 2).float()
    images = (pixels - 127.5) / 128
    found = model.run(pixels if inside else images)
    with torch.no_grad():
        wanted = network(images)
    if inside:
        wanted = torch.nn.functional.normalize(wanted, dim=1)
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4)
    assert done.card["input"]["shape"] == ["N" if batch is None else batch, 3, 32, 32]


def test_the_card_is_complete_and_its_lines_run(
    network: FaceNetwork, faces: FaceData, tmp_path: Path
) -> None:
    teachers = [{"name": "r100.onnx", "digest": "12ab"}]
    training = {
        "distillation": {"loss": "angular", "teachers": teachers},
        "init": {"name": "base", "digest": "34cd", "keep_head": False},
        "freeze": ["stem", "stage1"],
    }
    done = export(
        network,
        tmp_path / "tiny.onnx",
        ExportOptions("onnx"),
        faces,
        trained=True,
        training=training,
    )
    card = json.loads((tmp_path / "tiny.onnx.json").read_text())
    assert card == done.card
    assert list(card) == [
        "seesawnas",
        "version",
        "format",
        "runtime",
        "precision",
        "operators",
        "files",
        "network",
        "training",
        "input",
        "output",
        "scores",
        "lowering",
        "parity",
        "latency",
    ]
    assert card["network"]["digest"] == network.spec.digest()
    thresholds = card["scores"][0]["after"]["thresholds"]
    assert {"1e-2", "1e-3"} <= set(thresholds)
    page = (tmp_path / "tiny.onnx.md").read_text()
    assert "| distilled from | r100.onnx (`12ab`), angular |" in page
    assert "| fine-tuned from | base (`34cd`), stem, stage1 frozen |" in page
    code = page.split("```python\n")[1].split("```")[0]
    Image.fromarray(faces.verification.images[0]).save(tmp_path / "face.png")
    code += "\nnp.save('embedding.npy', embedding)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    image = torch.from_numpy(faces.verification.images[:1]).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        wanted = network((image - 127.5) / 128)[0]
    found = torch.from_numpy(np.load(tmp_path / "embedding.npy"))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore:.torch.jit.load. is:DeprecationWarning")
@pytest.mark.parametrize("normalise", ["inside", "outside"])
@pytest.mark.parametrize(
    ("format", "batch"),
    [("onnx", 1), ("onnx", 3), ("torchscript", 1), ("torchscript", 3), ("ncnn", 1)],
)
def test_the_lines_of_a_card_feed_the_file(
    network: FaceNetwork,
    faces: FaceData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    batch: int,
    normalise: Literal["inside", "outside"],
) -> None:
    pytest.importorskip(FORMATS[format].runtime, reason=f"{format}'s runtime is not installed")
    options = ExportOptions(format, batch=batch, normalise=normalise)
    done = export(network, tmp_path / 'a "tiny" one', options, faces, trained=True)
    Image.fromarray(faces.verification.images[0]).save(tmp_path / "face.png")
    (tmp_path / "embed.py").write_text(snippet(done.card))
    monkeypatch.chdir(tmp_path)
    found = runpy.run_path("embed.py")
    assert found["images"].shape == (batch, 3, 32, 32)
    image = torch.from_numpy(faces.verification.images[:1]).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        wanted = network((image - 127.5) / 128)[0]
    cosine = torch.nn.functional.cosine_similarity(
        torch.from_numpy(found["embedding"]), wanted, dim=0
    )
    assert cosine > 0.999


def test_the_lowering_that_is_measured_to_be_fastest_is_kept(
    network: FaceNetwork, faces: FaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    took = {0.0: 3.0, 1e6: 1.0}

    def pretend(files: dict[float, Path], *_: object) -> dict[float, Latency]:
        for file in files.values():
            assert file.is_file()
        return {
            waste: Latency("", took[waste], 9, 9, 9, took[waste] / 10, 1, 1, 1) for waste in files
        }

    monkeypatch.setattr("seesawnas.device.export.time_forms", pretend)
    monkeypatch.setattr("seesawnas.device.fastest.WASTES", (0.0, 1e6))
    options = ExportOptions("onnx", lowering="measured")
    done = export(network, tmp_path / "tiny.onnx", options, faces, trained=True)
    assert done.card["lowering"] == {
        "how": "measured",
        "waste": 1e6,
        "measured_ms": {"0.0": 3.0, "1000000.0": 1.0},
        "halves_disagree": {"0.0": 0.3, "1000000.0": 0.1},
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "tiny.onnx",
        "tiny.onnx.json",
        "tiny.onnx.md",
    ]


def test_rounds_follow_while_halves_disagree_and_the_card_says_if_they_still_do(
    network: FaceNetwork, faces: FaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def every_other(*_: object) -> Run:
        runs = count()
        return lambda: Sample(1.0, 1.0 + next(runs) % 2)

    monkeypatch.setattr("seesawnas.device.latency.measuring.timed", every_other)
    done = export(network, tmp_path / "tiny.onnx", ExportOptions("onnx"), faces, trained=True)
    latency = done.card["latency"]
    assert latency["halves_disagree"] == 1.0
    assert latency["rounds"] == ROUNDS_FACTOR * LATENCY_ROUNDS
    assert "halves of the runs disagree by 100 %" in card_page(done.card)


def test_lowerings_are_timed_side_by_side(
    network: FaceNetwork, faces: FaceData, tmp_path: Path
) -> None:
    options = ExportOptions("onnx", lowering="measured")
    lowering = export(network, tmp_path / "tiny.onnx", options, faces, trained=True).card[
        "lowering"
    ]
    found = lowering["measured_ms"]
    assert len(found) == len(distinct_forms(network)) == 2
    assert str(lowering["waste"]) == min(found, key=found.__getitem__)


def test_networks_without_uneven_groups_have_one_lowering() -> None:
    assert list(distinct_forms(build(load("paper/mobilefacenet_relu")).eval())) == [0.0]


def test_a_runtime_that_disagrees_leaves_nothing(
    network: FaceNetwork, faces: FaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(form: object, stem: Path, contents: object) -> None:
        other = build(network.spec).eval()
        FORMATS["torchscript"].write(deploy_form(other), stem, contents)  # type: ignore[arg-type]

    broken = replace(FORMATS["torchscript"], name="broken", write=wrong)
    monkeypatch.setitem(FORMATS, "broken", broken)
    with pytest.raises(InvalidInput, match=r"must have a cosine of at least 0\.99999"):
        export(network, tmp_path / "tiny", ExportOptions("broken"), faces, trained=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batch", [1, 3, None])
def test_eight_bits_are_smaller_and_close(
    faces: FaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int | None
) -> None:
    monkeypatch.setattr("seesawnas.device.export.LEAST_INT8_COSINE", 0.9)
    monkeypatch.setattr("seesawnas.device.export.MOST_INT8_LOSS", 1.0)
    wide = made({**POINT, "stages": [{"depth": 2, "middle": 256, "width": 128, "stride": 2}]})
    done, whole = (
        export(wide, tmp_path / name, options, faces, trained=True)
        for name, options in (
            ("int8", ExportOptions("onnx", int8=True, batch=batch)),
            ("float", ExportOptions("onnx", batch=batch)),
        )
    )
    assert done.card["precision"] == "int8"
    assert done.card["parity"]["cosine_mean"] > 0.9
    assert done.files[0].stat().st_size < 0.5 * whole.files[0].stat().st_size
    import onnx

    graph = onnx.load(str(done.files[0])).graph
    assert {
        one.data_type for one in graph.initializer if one.name.endswith("weight_quantized")
    } == {onnx.TensorProto.INT8}
    assert {"Sigmoid", "Mul", "PRelu"} <= {node.op_type for node in graph.node}
    for value in (*graph.input, *graph.output):
        size = value.type.tensor_type.shape.dim[0]
        assert (size.dim_value or None) == batch


@pytest.mark.parametrize("batch", [1, 3])
def test_eight_bits_do_not_depend_on_the_batch(
    network: FaceNetwork, faces: FaceData, tmp_path: Path, batch: int
) -> None:
    images = faces.verification.images[:3].transpose(0, 3, 1, 2).astype(np.float32)
    stem, form = tmp_path / "tiny", deploy_form(network)
    write = FORMATS["onnx"].write_int8
    assert write is not None
    found = []
    for size in (None, batch):
        write(form, stem, Contents(size), images)
        model = open_model(stem.with_name("tiny.onnx"), normalise="none")
        found.append(model.run(torch.from_numpy(images)))
    assert torch.equal(*found)


def test_eight_bits_that_are_broken_are_refused(
    network: FaceNetwork, faces: FaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seesawnas.device.export.LEAST_INT8_COSINE", 0.9999999)
    with pytest.raises(InvalidInput, match="in eight bits the mean cosine"):
        export(network, tmp_path / "tiny", ExportOptions("onnx", int8=True), faces, trained=True)
    assert list(tmp_path.iterdir()) == []


def test_eight_bits_that_verify_worse_are_refused(
    network: FaceNetwork, faces: FaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seesawnas.device.export.LEAST_INT8_COSINE", 0.5)
    monkeypatch.setattr("seesawnas.device.export.MOST_INT8_LOSS", -1.0)
    with pytest.raises(InvalidInput, match=r"the AUC on .* may fall by at most -1\.0, got "):
        export(network, tmp_path / "tiny", ExportOptions("onnx", int8=True), faces, trained=True)
    assert list(tmp_path.iterdir()) == []


def test_sets_that_are_not_there_are_said_before_anything_is_written(
    network: FaceNetwork, faces: FaceData, tmp_path: Path
) -> None:
    said: list[str] = []
    options = ExportOptions("onnx", pairs=("nosuch.bin", "nor_this"))
    with pytest.raises(InvalidInput) as caught:
        export(network, tmp_path / "tiny", options, faces, trained=True, say=said.append)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [*options.pairs]
    assert said == []


def test_too_few_faces_to_calibrate_on_are_refused(
    network: FaceNetwork, faces: FaceData, tmp_path: Path
) -> None:
    few = replace(faces, training=faces.training.of_share(0.01, seed=0))
    with pytest.raises(InvalidInput, match="--calibrate must have at least 32 images"):
        export(network, tmp_path / "tiny", ExportOptions("onnx", int8=True), few, trained=True)


def test_what_is_done_is_said_image_by_image(
    network: FaceNetwork, faces: FaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seesawnas.device.export.LEAST_INT8_COSINE", 0.5)
    monkeypatch.setattr("seesawnas.device.export.MOST_INT8_LOSS", 1.0)
    said: list[str] = []
    options = ExportOptions("onnx", int8=True)
    export(network, tmp_path / "tiny", options, faces, trained=True, say=said.append)
    calibrated = min(CALIBRATION_IMAGES, len(faces.training))
    assert f"calibrating on {calibrated} faces" in said
    seen = len(faces.verification)
    for name in ("torch", "tiny.onnx"):
        assert f"comparing with torch: {name}, {seen:,} of {seen:,} images" in said


def test_a_draft_of_a_killed_export_is_removed(
    network: FaceNetwork, faces: FaceData, tmp_path: Path
) -> None:
    draft = tmp_path / ".tiny.01234567.draft"
    draft.mkdir(mode=0o700)
    (draft / "in_use").touch()
    (draft / "tiny.pt").write_bytes(b"half")
    done = export(network, tmp_path / "tiny", ExportOptions("torchscript"), faces, trained=True)
    assert sorted(tmp_path.iterdir()) == sorted(done.files)


def test_a_card_of_another_file_is_refused(
    network: FaceNetwork, faces: FaceData, tmp_path: Path
) -> None:
    done = export(network, tmp_path / "tiny", ExportOptions("onnx"), faces, trained=True)
    done.files[0].write_bytes(done.files[0].read_bytes() + b"\x00")
    with pytest.raises(InvalidInput, match="got one of another file"):
        open_model(done.files[0])


def test_a_folder_that_takes_no_files_is_one_line(network: FaceNetwork, faces: FaceData) -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("there is no /proc, where nothing can be written")
    with pytest.raises(InvalidInput, match=r"^/proc: cannot be written: .*$"):
        export(network, Path("/proc/tiny"), ExportOptions("onnx"), faces, trained=True)


def test_formats_are_found_by_name() -> None:
    assert find_format("onnx") is FORMATS["onnx"]
    with pytest.raises(InvalidInput, match="did you mean onnx"):
        find_format("onx")
