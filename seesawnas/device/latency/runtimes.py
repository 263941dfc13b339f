"""Runtimes on this machine: a file is opened once, and run as often as asked."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seesawnas.device.formats.base import needs
from seesawnas.device.latency.protocol import Clock, Run, Sample
from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.containment import discard_stderr
from seesawnas.evaluation.models.executorch import executorch_session, import_executorch
from seesawnas.evaluation.models.ncnn import ncnn_session
from seesawnas.evaluation.models.outputs import reason
from seesawnas.text import one_of

Images: TypeAlias = NDArray[np.float32]
Session: TypeAlias = Callable[[Images], object]


def _imported(runtime: str, extra: str) -> Any:
    """The module of a runtime.

    Raises:
        InvalidInput: If it is not installed.
    """
    try:
        return import_module(runtime)
    except ImportError:
        raise needs(runtime, f"the runtime {runtime}", extra) from None


def _open_onnxruntime(path: Path, threads: int) -> Session:
    onnxruntime = _imported("onnxruntime", "onnx")
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    # A thread that waits busily would be counted, and would disturb the others' sessions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images})


def _open_openvino(path: Path, threads: int) -> Session:
    openvino = _imported("openvino", "openvino")
    # Processors that have bfloat16 would compute in it.
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "NUM_STREAMS": 1,
    }
    try:
        with discard_stderr():
            compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    except RuntimeError as error:  # its first lines are the places in its source
        raise InvalidInput(f"{path}: cannot be opened by openvino: {reason(error, -1)}") from None
    request = compiled.create_infer_request()
    return lambda images: [request.infer({0: images})[0]]


def _open_ncnn(path: Path, threads: int) -> Session:
    _imported("ncnn", "ncnn")  # else named by the file, which may be one of a moment
    return ncnn_session(path, threads)


def _open_torch(path: Path, threads: int) -> Session:
    import torch

    with warnings.catch_warnings():
        # torch.jit ages; its files are still in use.
        warnings.simplefilter("ignore", DeprecationWarning)
        network = torch.jit.load(str(path)).eval()  # type: ignore[no-untyped-call]
        network = torch.jit.freeze(network)

    def run(images: Images) -> object:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            with torch.inference_mode():
                return network(torch.from_numpy(images))
        finally:
            torch.set_num_threads(before)

    return run


_OPENERS: dict[str, tuple[Callable[[Path, int], Session], str]] = {
    "onnxruntime": (_open_onnxruntime, "onnxruntime"),
    "openvino": (_open_openvino, "openvino"),
    "ncnn": (_open_ncnn, "ncnn"),
    "executorch": (executorch_session, "executorch"),
    "torch": (_open_torch, "torch"),
}
RUNTIMES = tuple(_OPENERS)


def check_runtime(name: str, option: str = "--runtime") -> str:
    """``name``, if it is a runtime's.

    Args:
        name: As ``option`` has it.
        option: What messages call it.

    Raises:
        InvalidInput: If it is none.
    """
    if name in RUNTIMES:
        return name
    raise InvalidInput(f"{option} {one_of(RUNTIMES, name)}")


def import_runtime(name: str) -> None:
    """Import what a runtime needs, so that it is not counted as a network's memory."""
    with suppress(ImportError, InvalidInput):
        if name == "executorch":
            import_executorch(Path())
        else:
            import_module(name)


def runtime_version(name: str) -> str | None:
    """The version of the installed runtime."""
    try:
        return version(_OPENERS[name][1])
    except PackageNotFoundError:
        return None


def open_session(runtime: str, path: Path, threads: int) -> Session:
    """The network in ``path``, opened in ``runtime`` with ``threads``.

    Raises:
        InvalidInput: If the runtime is not installed, or cannot open the file; also by the session,
            if it cannot run images of their shape.
    """
    try:
        session = _OPENERS[check_runtime(runtime)][0](path, threads)
    except InvalidInput:
        raise
    except Exception as error:  # the runtimes' own classes
        raise InvalidInput(f"{path}: cannot be opened by {runtime}: {reason(error)}") from None

    def run(images: Images) -> object:
        try:
            return session(images)
        except InvalidInput:
            raise
        except Exception as error:
            shape = "x".join(map(str, images.shape))
            raise InvalidInput(
                f"{path}: cannot run images of {shape} in {runtime}: {reason(error, -1)}"
            ) from None

    return run


def clock_of(threads: int) -> Clock:
    """The clock that says how long a run of so many threads takes on this machine.

    The processor time of one thread does not count what other programs take. That of several is
    what they take together, however long the run is.
    """
    return "cpu" if threads == 1 else "wall"


def timed(session: Session, images: Images, threads: int) -> Run:
    """One run of ``session``, timed."""
    # With one thread the network runs in the calling one: what shows progress is not counted.
    clock = time.thread_time_ns if threads == 1 else time.process_time_ns

    def run() -> Sample:
        wall, cpu = time.perf_counter_ns(), clock()
        session(images)
        return Sample((time.perf_counter_ns() - wall) / 1e6, (clock() - cpu) / 1e6)

    return run
