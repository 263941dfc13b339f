"""Each format's own runtime, in a few lines: files to embeddings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

Images = NDArray[np.float32]


def run_onnx(stem: Path, images: Images) -> Images:
    """In onnxruntime."""
    runtime: Any = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(f"{stem}.onnx", providers=["CPUExecutionProvider"])
    found = [session.run(None, {"images": image[None]})[0][0] for image in images]
    return np.stack(found)


def run_torchscript(stem: Path, images: Images) -> Images:
    """In torch."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        module = torch.jit.load(f"{stem}.pt")  # type: ignore[no-untyped-call]
        found: Images = np.stack([module(torch.from_numpy(image[None]))[0] for image in images])
    return found


def run_ncnn(stem: Path, images: Images) -> Images:
    """In ncnn, one thread."""
    ncnn: Any = pytest.importorskip("ncnn", reason="ncnn is not installed")
    net = ncnn.Net()
    net.opt.num_threads = 1
    assert (net.load_param(f"{stem}.ncnn.param"), net.load_model(f"{stem}.ncnn.bin")) == (0, 0)
    found = []
    for image in np.ascontiguousarray(images):  # kept alive: ncnn reads the array itself
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(image))
        status, vector = extractor.extract("out0")
        assert status == 0
        found.append(np.array(vector))
    return np.stack(found)


def run_executorch(stem: Path, images: Images) -> Images:
    """In ExecuTorch's XNNPACK backend."""
    runtime: Any = pytest.importorskip("executorch.runtime", reason="executorch is not installed")
    method = runtime.Runtime.get().load_program(Path(f"{stem}.pte")).load_method("forward")
    whole = np.ascontiguousarray(images)  # it reads the array itself, whatever its strides
    return np.stack([method.execute([torch.from_numpy(image[None])])[0][0] for image in whole])


RUNTIMES: dict[str, Callable[[Path, Images], Images]] = {
    "onnx": run_onnx,
    "torchscript": run_torchscript,
    "ncnn": run_ncnn,
    "executorch": run_executorch,
}
