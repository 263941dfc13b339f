"""ONNX files as functions of normalised images, run by onnxruntime (extra ``onnx``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seesawnas.data.skipped import printable
from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.card import LARGEST_SIDE
from seesawnas.evaluation.models.containment import limit_memory, terminate_after
from seesawnas.evaluation.models.onnx_graph import GraphStart, read_start
from seesawnas.evaluation.models.outputs import Opened, Rows, choose_output, reason

LARGEST_BATCH = 1 << 28
"""Numbers in the input of a file that fixes how many images it takes at a time.

1 GiB of float32.
"""
_KINDS = {
    "tensor(float)": torch.float32,
    "tensor(float16)": torch.float16,
    "tensor(double)": torch.float64,
    "tensor(uint8)": torch.uint8,
}
_SECONDS = 60.0  # and as many again for each image


def open_onnx(
    path: Path, device: torch.device, size: tuple[int, int], output: str | None = None
) -> Opened:
    """The network in an ONNX file.

    Its only input takes images, and one of its outputs, ``output``, is the embedding. It is run
    once, on black images, to see what it returns; of ``size`` if it fixes none.
    """
    start = check_external(path)
    runner = _Runner(path, _session(path, device))
    taken, names = _described(path, runner.session)
    images = _Input(path, taken)
    height, width = images.size or size
    batch = torch.zeros(images.step or 1, 3, height, width)
    with runner.limits(len(batch)):
        given = runner(None, images.feed(images.ready(batch)))
    name, wide, notes = choose_output(
        path, dict(zip(names, map(_numbers, given), strict=True)), len(batch), output
    )

    def call(batch: Tensor) -> Tensor:
        rows = _numbers(runner([name], images.feed(batch))[0])
        if rows is None:
            raise InvalidInput(f"{path}: must give a tensor of numbers as {printable(name)}")
        return rows

    rows = Rows(path, call, images.step, wide)

    def run(batch: Tensor) -> Tensor:
        # Laid out once for the batch: torch's threads, asked again for each image, would wait
        # busily beside onnxruntime's.
        ready = images.ready(batch)
        with runner.limits(len(batch)):
            return rows(ready)

    return Opened(run, images.size, start.normalises, images.kind == torch.uint8, notes)


class _InputInfo(NamedTuple):
    name: str
    type: str
    shape: Sequence[Any]


def _described(path: Path, session: Any) -> tuple[list[_InputInfo], list[str]]:
    """(inputs, names of outputs).

    Their texts come from the file, and are decoded only as they are asked for.
    """
    try:
        taken = [_InputInfo(one.name, one.type, list(one.shape)) for one in session.get_inputs()]
        return taken, [one.name for one in session.get_outputs()]
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{path}: must name its inputs and outputs in UTF-8, got other bytes"
        ) from None


class _Input:
    """The only input: (N, 3, H, W), or (N, H, W, 3) as in TensorFlow.

    ``step`` and ``size`` are None if the file fixes none.
    """

    def __init__(self, path: Path, taken: Sequence[_InputInfo]) -> None:
        shape = taken[0].shape if len(taken) == 1 else []
        self._last = len(shape) == 4 and shape[3] == 3 and shape[1] != 3
        channels = shape[3 if self._last else 1] if len(shape) == 4 else None
        if (
            len(shape) != 4
            or taken[0].type not in _KINDS
            or (_fixed(channels) is not None and channels != 3)
        ):
            found = ", ".join(
                f"{printable(one.name)[:80]} {one.type} {_plain(one.shape)}" for one in taken[:20]
            )
            kinds = ", ".join(kind.removeprefix("tensor(").removesuffix(")") for kind in _KINDS)
            rule = f"must take one batch of images, (N, 3, H, W) or (N, H, W, 3) of {kinds}"
            raise InvalidInput(f"{path}: {rule}, got {found[:300] or 'nothing'}")
        self.name, self.kind = taken[0].name, _KINDS[taken[0].type]
        self.step = _fixed(shape[0])
        sides = [_fixed(one) for one in (shape[1:3] if self._last else shape[2:4])]
        known = next((one for one in sides if one is not None), None)
        self.size = None if known is None else (sides[0] or known, sides[1] or known)
        if known is not None and max(self.size or ()) > LARGEST_SIDE:
            raise InvalidInput(
                f"{path}: must take images of at most {LARGEST_SIDE} pixels a side, got {self.size}"
            )
        if self.step is not None and 3 * self.step * (known or 1) ** 2 > LARGEST_BATCH:
            rule = f"must take at most {LARGEST_BATCH:,} numbers at a time"
            raise InvalidInput(f"{path}: {rule}, got a batch of {self.step:,} images")

    def ready(self, batch: Tensor) -> Tensor:
        """``batch`` (N, 3, H, W), any floats, in the file's own layout and numbers."""
        numbers = (batch.round().clamp(0, 255) if self.kind == torch.uint8 else batch).to(
            "cpu", self.kind
        )
        return (numbers.permute(0, 2, 3, 1) if self._last else numbers).contiguous()

    def feed(self, ready: Tensor) -> dict[str, NDArray[Any]]:
        """What :meth:`ready` gave, or images of it, by the input's name."""
        return {self.name: ready.numpy()}


def _start(path: Path) -> GraphStart:
    try:
        return read_start(path)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from None


def check_external(path: Path) -> GraphStart:
    """Refuse weights in other files that are not there, or lead out of the file's folder.

    Returns:
        What the file says of itself.

    Raises:
        InvalidInput: If there are such weights, or the file cannot be read.
    """
    start = _start(path)
    # A file may be a link into a store, its data beside the link or beside what it leads to.
    folders = {path.parent.resolve(), path.resolve().parent}
    for place in start.external:
        shown = printable(place)[:200]
        try:
            target = (path.parent / place).resolve()
            is_inside = not Path(place).is_absolute() and any(
                target.is_relative_to(folder) for folder in folders
            )
            is_there = target.is_file()
        except (OSError, ValueError, RuntimeError):
            is_inside = is_there = False
        if not is_inside:
            raise InvalidInput(
                f"{path}: external data must lie in the file's own folder, got {shown}"
            )
        if not is_there:
            raise InvalidInput(
                f"{path}: needs its external data beside it, which is not there: {shown}"
            )
    return start


def _session(path: Path, device: torch.device) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise InvalidInput(
            f"{path}: needs onnxruntime, which is not installed: pip install 'seesawnas[onnx]'"
        ) from None
    onnxruntime.set_default_logger_severity(4)  # what there is to say comes as an exception
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
    available = [
        name
        for name in (*wanted, "CPUExecutionProvider")
        if name in onnxruntime.get_available_providers()
    ]
    try:
        with limit_memory(device.type == "cpu"):
            # Without its fallback, which prints to standard output and tries the same again.
            return onnxruntime.InferenceSession(
                str(path), options, providers=available, enable_fallback=0
            )
    except Exception as error:  # onnxruntime's own classes, of a module that it does not export
        raise InvalidInput(f"{path}: cannot be run by onnxruntime: {reason(error)}") from None


class _Runner:
    """Runs a session within ``limits`` of memory and time.

    The limits are set for a batch and not for each of its images.
    """

    def __init__(self, path: Path, session: Any) -> None:
        import onnxruntime

        self.session = session
        self._path, self._options = path, onnxruntime.RunOptions()
        self._options.log_severity_level = 4
        self._on_cpu = "CUDAExecutionProvider" not in session.get_providers()

    @contextmanager
    def limits(self, images: int) -> Iterator[None]:
        self._options.terminate = False
        with limit_memory(self._on_cpu), terminate_after(_SECONDS * (1 + images), self._options):
            yield

    def __call__(self, names: list[str] | None, fed: dict[str, NDArray[Any]]) -> list[object]:
        """The outputs of ``names``, all if None."""
        try:
            found: list[object] = self.session.run(names, fed, self._options)
        except Exception as error:
            where = f"cannot take images of {next(iter(fed.values())).shape[1:]}"
            raise InvalidInput(f"{self._path}: {where}: {reason(error)}") from None
        return found


def _numbers(found: object) -> Tensor | None:
    """An output as a tensor; None for sequences, maps, texts and truths."""
    is_numbers = isinstance(found, np.ndarray) and found.dtype.kind in "fiu"
    return torch.from_numpy(np.array(found)) if is_numbers else None


def _fixed(side: object) -> int | None:
    """A side that the file fixes; names, nothing, zero and negative numbers are any."""
    return side if isinstance(side, int) and side > 0 else None


def _plain(shape: Sequence[object]) -> list[object]:
    return [printable(side)[:40] if isinstance(side, str) else side for side in shape[:10]]
