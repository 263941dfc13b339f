"""Runtimes on this machine: sessions agree with torch, on as many threads as asked."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from seesawnas.device.formats import FORMATS
from seesawnas.device.latency.machine import peak_memory
from seesawnas.device.latency.prepare import random_network, write_network
from seesawnas.device.latency.runtimes import (
    RUNTIMES,
    clock_of,
    open_session,
    runtime_version,
    timed,
)
from seesawnas.errors import InvalidInput
from seesawnas.nn import FaceNetwork
from seesawnas.space import to_point
from tests.device.test_export import POINT

_NEEDS = {
    "onnxruntime": ("onnx", "onnxruntime"),
    "openvino": ("onnx", "openvino"),
    "ncnn": ("ncnn",),
    "executorch": ("executorch",),
    "torch": (),
}
INSTALLED = [
    name
    for name in RUNTIMES
    if all(find_spec(package) for package in _NEEDS[name])
    and any(name in one.runtimes for one in FORMATS.values())
]
SHAPE = (1, 3, 32, 32)


@pytest.fixture(scope="module")
def network() -> FaceNetwork:
    return random_network(to_point(POINT, "tiny").spec)


@pytest.fixture(params=INSTALLED)
def runtime(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(network: FaceNetwork, runtime: str, tmp_path: Path) -> Path:
    """``network`` written for ``runtime``."""
    return write_network(network, runtime, tmp_path, "tiny").path


def test_a_session_gives_the_network_s_embeddings(
    network: FaceNetwork, runtime: str, file: Path
) -> None:
    images = np.random.default_rng(0).standard_normal(SHAPE, np.float32)
    found = open_session(runtime, file, 1)(images)
    rows = np.asarray(found[0] if isinstance(found, list) else found).reshape(-1)
    with torch.no_grad():
        wanted = network(torch.from_numpy(images)).numpy().reshape(-1)
    assert rows @ wanted / np.linalg.norm(rows) / np.linalg.norm(wanted) > 0.999
    assert runtime_version(runtime)


@pytest.mark.parametrize("before", [2, 1])
def test_one_thread_is_the_calling_one(runtime: str, file: Path, before: int) -> None:
    images = np.zeros(SHAPE, np.float32)
    torch_threads = torch.get_num_threads()
    open_session(runtime, file, before)(images)
    session = open_session(runtime, file, 1)
    session(images)
    everything, own = time.process_time(), time.thread_time()
    while time.thread_time() - own < 0.05:
        session(images)
    everything, own = time.process_time() - everything, time.thread_time() - own
    assert everything < 1.5 * own
    assert torch.get_num_threads() == torch_threads


def test_the_clock_of_several_threads_is_on_the_wall(runtime: str, file: Path) -> None:
    assert [clock_of(threads) for threads in (1, 2)] == ["cpu", "wall"]
    sample = timed(open_session(runtime, file, 1), np.zeros(SHAPE, np.float32), 1)()
    assert sample.wall > 0
    assert sample.cpu is not None


def test_images_that_a_file_cannot_take_are_one_line(tmp_path: Path, network: FaceNetwork) -> None:
    file = write_network(network, "torch", tmp_path, "tiny").path
    session = open_session("torch", file, 1)
    with pytest.raises(InvalidInput) as caught:
        session(np.zeros((1, 4, 32, 32), np.float32))
    assert str(caught.value).startswith(f"{file}: cannot run images of 1x4x32x32 in torch: ")
    assert "\n" not in str(caught.value)


def test_a_broken_file_is_one_line(runtime: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.onnx"
    file.write_bytes(b"what")
    with pytest.raises(InvalidInput) as caught:
        open_session(runtime, file, 1)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_openvino_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(
        InvalidInput, match=r"needs openvino, .* pip install 'seesawnas\[openvino\]'"
    ):
        open_session("openvino", tmp_path / "none.onnx", 1)


@pytest.mark.processes
def test_memory_is_that_of_the_network(runtime: str, file: Path) -> None:
    found = peak_memory(runtime, file, SHAPE, 1)
    assert found is not None
    assert 0 < found < 500


@pytest.mark.processes
def test_memory_of_a_file_that_cannot_be_opened_is_unknown(tmp_path: Path) -> None:
    assert peak_memory("torch", tmp_path / "none.pt", SHAPE, 1) is None


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino", "ncnn"])
def test_a_runtime_that_is_not_installed_is_named_and_not_the_file(
    runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, runtime, None)
    with pytest.raises(InvalidInput, match=rf"^the runtime {runtime} needs {runtime}, which is"):
        open_session(runtime, tmp_path / "model", 1)
