"""Networks in ncnn's format, a text of layers and a file of weights beside it (extra ``ncnn``).

ncnn reads them without checks of its own, and a broken file ends the process. So a file that this
process has not written is first run in a process of its own, whatever its card says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.containment import discard_stderr, try_apart
from seesawnas.evaluation.models.outputs import Opened, Rows, refuse_choices

SUFFIX = ".ncnn.param"
_MAGIC = "7767517"
# As ``ncnn_session`` does it, but without torch, which takes seconds to import.
_TRIAL = """
import sys, ncnn, numpy
path, sides = sys.argv[1], sys.argv[2:]
network = ncnn.Net()
network.opt.use_vulkan_compute = False
network.opt.num_threads = 1
if not network.load_param(path) and not network.load_model(path.removesuffix(".param") + ".bin"):
    image = numpy.zeros((3, *map(int, sides)), numpy.float32)
    extractor = network.create_extractor()
    extractor.input("in0", ncnn.Mat(image))
    extractor.extract("out0")
"""

_Images = NDArray[np.float32]


def ncnn_session(path: Path, threads: int) -> Callable[[_Images], _Images]:
    """The network in ``path``, opened: float32 (N, 3, H, W) to (N, D), image by image.

    Raises:
        InvalidInput: If ncnn is not installed, a file is missing, or ncnn cannot read it.
    """
    try:
        import ncnn
    except ImportError:
        raise InvalidInput(
            f"{path}: needs ncnn, which is not installed: pip install 'seesawnas[ncnn]'"
        ) from None
    weights = _weights(path)
    network = ncnn.Net()
    network.opt.use_vulkan_compute = False
    network.opt.num_threads = threads
    with discard_stderr():
        is_broken = network.load_param(str(path)) or network.load_model(str(weights))
    if is_broken:
        raise InvalidInput(f"{path}: cannot be opened by ncnn")

    def run(images: _Images) -> _Images:
        rows = []
        for image in images:
            # A Mat does not keep the array that it shows alive.
            kept = np.ascontiguousarray(image, np.float32)
            extractor = network.create_extractor()
            extractor.input("in0", ncnn.Mat(kept))
            code, row = extractor.extract("out0")
            if code:
                raise InvalidInput(f"{path}: cannot be run by ncnn on images of {image.shape[1:]}")
            rows.append(np.array(row, np.float32).reshape(-1))
        return np.stack(rows)

    return run


def open_ncnn(
    path: Path, device: torch.device, size: tuple[int, int], output: str | None = None
) -> Opened:
    """The network in ``path``; its input is ``in0`` and its output ``out0``, as pnnx names them.

    Raises:
        InvalidInput: If it cannot be opened, or ends the process that tries it.
    """
    refuse_choices(path, device, output)
    try_apart((path, _weights(path)), "ncnn", _TRIAL, size)
    # Its threads wait busily for one another, which takes long beside another program.
    session = ncnn_session(path, 1)
    with discard_stderr():
        width = session(np.zeros((1, 3, *size), np.float32)).shape[1]

    def call(images: Tensor) -> Tensor:
        return torch.from_numpy(session(images.float().numpy()))

    return Opened(Rows(path, call, None, width), None)


def _weights(path: Path) -> Path:
    weights = path.with_name(path.name.removesuffix(".param") + ".bin")
    if not weights.is_file():
        raise InvalidInput(f"{path}: needs its weights beside it, which are not there: {weights}")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)).decode("ascii", "replace") != _MAGIC:
            raise InvalidInput(f"{path}: must be an ncnn .param file in text")
    return weights
