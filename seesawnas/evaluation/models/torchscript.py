"""TorchScript files as functions of normalised images. They are code: open only what you trust."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.outputs import Opened, Rows, choose_output, reason

_NORMALISING = {
    f"aten::{name}{end}" for name in ("sub", "add", "mul", "div", "batch_norm") for end in ("", "_")
}
_PASSED = (
    "to",
    "float",
    "type_as",
    "contiguous",
    "permute",
    "transpose",
    "flip",
    "clone",
    "detach",
    "pad",
)
_PASSING = {f"aten::{name}" for name in _PASSED}
_SEEN = 5000  # nodes: those that fetch weights may come first


def open_script(
    path: Path, device: torch.device, size: tuple[int, int], output: str | None = None
) -> Opened:
    """The network in a TorchScript file.

    A pickled module, which runs code as it is loaded, is refused. The network is run once, on a
    black image of ``size``, to see what it returns.
    """
    if not _is_script(path):
        raise InvalidInput(
            f"{path}: must be a folder of ours, an ONNX file (.onnx) or TorchScript as "
            "torch.jit.save writes it"
        )
    try:
        with warnings.catch_warnings():
            # torch.jit ages; its files are still in use.
            warnings.simplefilter("ignore", DeprecationWarning)
            module: Any = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
        module.eval()
        kind = next(
            (weight.dtype for weight in module.parameters() if weight.is_floating_point()),
            torch.float32,
        )
    except Exception as error:  # whatever the stranger's bytes make of torch
        raise InvalidInput(
            f"{path}: is TorchScript that cannot be loaded: {reason(error)}"
        ) from None

    def outputs(images: Tensor) -> dict[str, Tensor | None]:
        try:
            return _by_name(module(images.to(kind)))
        except Exception as error:  # its code is a stranger's, and raises what it likes
            where = f"cannot take images of {tuple(images.shape[1:])}"
            raise InvalidInput(f"{path}: {where}: {reason(error, -1)}") from None

    with torch.inference_mode():
        found = outputs(torch.zeros(1, 3, *size, device=device))
    name, width, notes = choose_output(path, found, 1, output)

    def call(images: Tensor) -> Tensor:
        tensor = outputs(images).get(name)
        if tensor is None:
            raise InvalidInput(f"{path}: must give the same outputs for any images, got other ones")
        return tensor

    return Opened(Rows(path, call, None, width), None, _normalises(module), notes=notes)


def _by_name(found: object) -> dict[str, Tensor | None]:
    """Tensors by their keys, fields or places; None for anything that is no tensor of numbers."""
    if isinstance(found, Mapping):
        parts = {str(key): value for key, value in found.items()}
    elif isinstance(found, Sequence) and not isinstance(found, str):
        parts = dict(
            zip(getattr(found, "_fields", map(str, range(len(found)))), found, strict=True)
        )
    else:
        parts = {"output": found}
    return {key: _numbers(value) for key, value in parts.items()}


def _numbers(value: object) -> Tensor | None:
    is_numbers = isinstance(value, Tensor) and not value.is_complex() and value.dtype != torch.bool
    return value if isinstance(value, Tensor) and is_numbers else None


def _normalises(module: Any) -> str | None:
    """The operator that its graph begins with on its input, if that looks like a normalisation."""
    try:
        graph = module.inlined_graph
        reached = {list(graph.inputs())[1].debugName()}
        for node in islice(graph.nodes(), _SEEN):
            if reached.isdisjoint(value.debugName() for value in node.inputs()):
                continue
            if node.kind() in _NORMALISING:
                return str(node.kind()).removeprefix("aten::")
            if node.kind() in _PASSING:
                reached.update(value.debugName() for value in node.outputs())
    except Exception:  # only a caution hangs on it
        return None
    return None


def _is_script(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    return any(name.endswith("/constants.pkl") for name in names) and any(
        "/code/" in name for name in names
    )
