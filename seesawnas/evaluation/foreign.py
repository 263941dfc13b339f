"""Models of other tools: ONNX and TorchScript files as functions of normalised images."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seesawnas.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Opened:
    """``run`` maps (N, 3, H, W) to (N, D); ``size`` is (H, W) where the file fixes it."""

    run: Callable[[Tensor], Tensor]
    size: tuple[int, int] | None


def open_onnx(path: Path, device: torch.device) -> Opened:
    """The network in an ONNX file, by onnxruntime. Its first input takes images, its first output is the embedding."""
    session = _session(path, device)
    taken = session.get_inputs()
    shape = taken[0].shape if len(taken) == 1 else []
    if len(shape) != 4 or taken[0].type != "tensor(float)":
        raise InvalidInput(f"{path}: must take one batch of float32 images, got {[(i.type, i.shape) for i in taken]}")
    last = shape[3] == 3 and shape[1] != 3  # (N, H, W, 3), as TensorFlow has it
    batch, sides = shape[0], shape[1:3] if last else shape[2:4]
    size = (sides[0], sides[1]) if all(isinstance(side, int) for side in sides) else None

    def run(images: Tensor) -> Tensor:
        ready = (images.permute(0, 2, 3, 1) if last else images).cpu().contiguous().numpy()
        try:
            parts = list(_by_batches(session, taken[0].name, ready, batch))
        except Exception as error:  # onnxruntime's own classes, of a module that it does not export
            raise InvalidInput(f"{path}: cannot take images of {ready.shape[1:]}: {_first_line(error)}") from None
        return torch.from_numpy(np.concatenate(parts)).flatten(1)

    return Opened(run, size)


def open_script(path: Path, device: torch.device) -> Opened:
    """The network in a TorchScript file. A pickled module, which runs code as it is loaded, is refused."""
    if not _is_script(path):
        raise InvalidInput(
            f"{path}: must be a folder of ours, an ONNX file (.onnx) or TorchScript as torch.jit.save writes it"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit ages; its files are still in use
            module: Any = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
        module.eval()
    except (RuntimeError, ValueError, OSError) as error:
        raise InvalidInput(f"{path}: is TorchScript that cannot be loaded: {_first_line(error)}") from None

    def run(images: Tensor) -> Tensor:
        try:
            embeddings = module(images)
        except RuntimeError as error:
            raise InvalidInput(
                f"{path}: cannot take images of {tuple(images.shape[1:])}: {_last_line(error)}"
            ) from None
        if not isinstance(embeddings, Tensor):
            raise InvalidInput(f"{path}: must give one tensor, got {type(embeddings).__name__}")
        return embeddings.flatten(1)

    return Opened(run, None)


def _session(path: Path, device: torch.device) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise InvalidInput(
            f"{path}: needs onnxruntime, which is not installed: pip install 'seesawnas[onnx]'"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors: warnings about a graph are for whoever exported it
    wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
    available = [name for name in (*wanted, "CPUExecutionProvider") if name in onnxruntime.get_available_providers()]
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=available)
    except Exception as error:
        raise InvalidInput(f"{path}: cannot be run by onnxruntime: {_first_line(error)}") from None


def _by_batches(session: Any, name: str, images: Any, batch: object) -> Any:
    """The embeddings of as many images at a time as the file takes; the last ones are padded with black."""
    step = batch if isinstance(batch, int) and batch > 0 else len(images)
    for start in range(0, len(images), step):
        part = images[start : start + step]
        padded = np.concatenate([part, np.zeros((step - len(part), *part.shape[1:]), part.dtype)])
        yield session.run(None, {name: padded})[0][: len(part)]


def _is_script(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError):
        return False
    return any(name.endswith("/constants.pkl") for name in names) and any("/code/" in name for name in names)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
