"""ExecuTorch programs (extra ``executorch``).

A broken file may end the process. So a file that this process has not written is first run in a
process of its own, whatever its card says.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.containment import discard_stderr, try_apart
from seesawnas.evaluation.models.outputs import Opened, Rows, reason, refuse_choices

SUFFIX = ".pte"
_TRIAL = """
import pathlib, sys
from seesawnas.evaluation.models.executorch import open_here
open_here(pathlib.Path(sys.argv[1]))
"""


def import_executorch(path: Path) -> Any:
    """ExecuTorch's module for running programs, without its words on stderr.

    Raises:
        InvalidInput: If it is not installed.
    """
    try:
        with discard_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module("executorch.runtime")
    except ImportError:
        raise InvalidInput(
            f"{path}: needs executorch, which is not installed: pip install 'seesawnas[executorch]'"
        ) from None


def executorch_session(
    path: Path, threads: int = 1
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The program in ``path``, opened: float32 (N, 3, H, W) to (N, D), of the N it was made for.

    All programs of a process share its threads: open none with another number of ``threads`` while
    one is in use.

    Raises:
        InvalidInput: If ExecuTorch is not installed, or cannot open the file.
    """
    method = _method(path, threads)
    shape = _input(path, method)

    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        if images.shape != shape:
            wanted, given = ("x".join(map(str, each)) for each in (shape, images.shape))
            raise InvalidInput(f"{path}: must be given images of {wanted}, got {given}")
        found: NDArray[np.float32] = _run(path, method, torch.from_numpy(images)).numpy()
        return found

    return run


def open_executorch(
    path: Path, device: torch.device, size: tuple[int, int], output: str | None = None
) -> Opened:
    """The program in ``path``.

    Raises:
        InvalidInput: If it cannot be opened, or takes no images.
    """
    refuse_choices(path, device, output)
    import_executorch(path)
    try_apart((path,), "executorch", _TRIAL, size)
    return open_here(path)


def open_here(path: Path) -> Opened:
    """The program in ``path``, run once in this process.

    Raises:
        InvalidInput: If it cannot be opened, or takes no images.
    """
    # Its threads wait busily for one another, which takes long beside another program.
    method = _method(path, 1)
    shape = _input(path, method)
    step = shape[0]
    width = _run(path, method, torch.zeros(shape)).shape[1]

    def call(images: Tensor) -> Tensor:
        return _run(path, method, images.float())

    return Opened(Rows(path, call, step, width), (shape[2], shape[3]))


def _method(path: Path, threads: int) -> Any:
    runtime = import_executorch(path)
    try:
        with discard_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _set_threads(threads)
            # By its path: a method reads the bytes of a program, but does not keep them alive.
            program = runtime.Runtime.get().load_program(
                path, verification=runtime.Verification.InternalConsistency
            )
            method = program.load_method("forward")
            method.program = program
            return method
    except Exception as error:  # of the runtime, whatever the bytes make of it
        raise InvalidInput(f"{path}: cannot be opened by executorch: {reason(error)}") from None


def _set_threads(threads: int) -> None:
    """Give ExecuTorch's pool so many threads; without this, it has one a core."""
    pool = import_module("executorch.extension.pybindings.portable_lib")
    # A program keeps a pointer to the pool that there was when it was opened.
    if pool._threadpool_get_thread_count() != threads:
        pool._unsafe_reset_threadpool(threads)


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
