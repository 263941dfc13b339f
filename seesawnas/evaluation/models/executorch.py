"""ExecuTorch programs (extra ``executorch``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.outputs import Opened, Rows, reason

SUFFIX = ".pte"


def executorch_session(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The program in ``path``, opened: float32 (N, 3, H, W) to (N, D), of the N it was made for.

    Raises:
        InvalidInput: If ExecuTorch is not installed, or cannot open the file.
    """
    method = _method(path)

    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = _run(path, method, torch.from_numpy(images)).numpy()
        return found

    return run


def open_executorch(
    path: Path, device: torch.device, side: int, output: str | None = None
) -> Opened:
    """The program in ``path``.

    Raises:
        InvalidInput: If it cannot be opened, or takes no images.
    """
    if device.type != "cpu":
        raise InvalidInput(f"{path}: runs on the CPU: --device must be cpu, got {device}")
    if output is not None:
        raise InvalidInput(f"{path}: has one output: --output must not be given, got {output}")
    method = _method(path)
    shape = _input(path, method)
    step = shape[0]
    width = _run(path, method, torch.zeros(shape)).shape[1]

    def call(images: Tensor) -> Tensor:
        return _run(path, method, images.float())

    return Opened(Rows(path, call, step, width), (shape[2], shape[3]))


def _method(path: Path) -> Any:
    try:
        from executorch.runtime import Runtime, Verification
    except ImportError:
        raise InvalidInput(
            f"{path}: needs executorch, which is not installed: pip install 'seesawnas[executorch]'"
        ) from None
    try:
        content = path.read_bytes()
        program = Runtime.get().load_program(content, verification=Verification.InternalConsistency)
        return program.load_method("forward")
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from None
    except Exception as error:  # of the runtime, whatever the bytes make of it
        raise InvalidInput(f"{path}: cannot be opened by executorch: {reason(error)}") from None


def _input(path: Path, method: Any) -> tuple[int, int, int, int]:
    try:
        sizes = tuple(map(int, method.metadata.input_tensor_meta(0).sizes()))
    except Exception as error:
        raise InvalidInput(f"{path}: must take images: {reason(error)}") from None
    if len(sizes) != 4 or sizes[1] != 3:
        raise InvalidInput(f"{path}: must take images (N, 3, H, W), got {sizes}")
    return sizes[0], 3, sizes[2], sizes[3]


def _run(path: Path, method: Any, images: Tensor) -> Tensor:
    try:
        (rows,) = method.execute([images.contiguous()])
    except Exception as error:
        raise InvalidInput(f"{path}: cannot be run by executorch: {reason(error)}") from None
    found: Tensor = rows.clone()
    return found
