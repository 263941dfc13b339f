"""A deploy form as an ExecuTorch program: the whole network in one XNNPACK delegate."""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seesawnas.arch.layers import Shape
from seesawnas.device.formats.base import Contents, Format, Images, Say, needs, say_nothing
from seesawnas.errors import InvalidInput
from seesawnas.io.files import write_atomically
from seesawnas.nn.deploy import DeployForm, to_module
from seesawnas.nn.deploy.form import (
    INPUT,
    Activate,
    Affine,
    Convolve,
    Operator,
    PoolMap,
    Writer,
)
from seesawnas.nn.deploy.passes import fold_affines

_SUFFIX = ".pte"
CALIBRATION_BATCH = 20
"""Images at a time: what observes maps takes long a call, however many images it sees."""


def executorch_bytes(
    form: DeployForm, calibration: NDArray[np.float32] | None = None, say: Say = say_nothing
) -> bytes:
    """``form`` as the content of a ``.pte`` file, for one image at a time.

    Args:
        form: A lowered form.
        calibration: Images (N, 3, H, W) as the form takes them, for weights and maps of eight
            bits, weights a channel each; None: single precision.
        say: Shows what is being done.

    Raises:
        InvalidInput: If the package executorch is not installed, or if XNNPACK cannot run all of
            it.
    """
    with _quiet(), quick_export():
        try:
            from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
            from executorch.exir import to_edge_transform_and_lower
        except ImportError:
            raise needs("executorch", "format executorch", "executorch") from None
        images = (torch.zeros(1, *form.input),)
        module: Any = to_module(_for_xnnpack(form))
        if calibration is not None:
            module = _quantised(module, torch.from_numpy(calibration), say)
        say("lowering for XNNPACK")
        # The weights of a form may have been made in inference mode.
        with torch.inference_mode(False), torch.no_grad():
            program = torch.export.export(module, images)
            lowered: Any = to_edge_transform_and_lower(
                program,
                partitioner=[XnnpackPartitioner()],
            )
        _require_one_delegate(lowered)
        content: bytes = bytes(lowered.to_executorch().buffer)
    return content


def _write(form: DeployForm, stem: Path, contents: Contents) -> None:
    _require_one(contents)
    write_atomically(stem.with_name(stem.name + _SUFFIX), executorch_bytes(form, say=contents.say))


def _write_int8(form: DeployForm, stem: Path, contents: Contents, images: Images) -> None:
    _require_one(contents)
    content = executorch_bytes(form, images, contents.say)
    write_atomically(stem.with_name(stem.name + _SUFFIX), content)


def _require_one(contents: Contents) -> None:
    if contents.batch != 1:
        raise InvalidInput(f"--batch must be 1 for format executorch, got {contents.batch}")


EXECUTORCH = Format(
    name="executorch",
    runtime="executorch",
    suffixes=(_SUFFIX,),
    extra="executorch",
    waste=1e6,
    least_cosine=0.99999,
    any_batch=False,
    write=_write,
    write_int8=_write_int8,
)


def _quantised(module: Any, calibration: torch.Tensor, say: Say) -> Any:
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    quantizer: Any = XNNPACKQuantizer()
    quantizer.set_global(get_symmetric_quantization_config(is_per_channel=True))
    with torch.inference_mode(False), torch.no_grad():
        program = torch.export.export(
            module, (calibration[:2].clone(),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)
        )
        # Its guards would refuse a single image, for which the program is exported afterwards.
        prepared = prepare_pt2e(program.module(check_guards=False), quantizer)
        for start in range(0, len(calibration), CALIBRATION_BATCH):
            say(f"calibrating: {start} of {len(calibration)} faces")
            prepared(calibration[start : start + CALIBRATION_BATCH].clone())
        say("quantising")
        return convert_pt2e(prepared)


def _for_xnnpack(form: DeployForm) -> DeployForm:
    """``form`` without the two operators that XNNPACK lacks, with equal results.

    A hard sigmoid is ReLU6 between two affines, and an average that counts padding is a depthwise
    convolution.
    """
    writer, places, shapes = Writer(), {INPUT: INPUT}, form.shapes()
    for index, step in enumerate(form.steps):
        reads = [places[read] for read in step.reads]
        last = reads[0]
        for name, operator in _rewritten(step.operator, form.read_shape(step.reads[0], shapes)):
            last = writer.add(step.name + name, operator, *(reads if not name else (last,)))
        places[index] = last
    return fold_affines(form.with_steps(writer.steps))


def _rewritten(operator: Operator, x: Shape) -> Iterator[tuple[str, Operator]]:
    """Pairs of (what is appended to the name, operator)."""
    ones = torch.ones(x.channels)
    match operator:
        case Activate("hard_sigmoid"):
            yield ".from", Affine(ones, 3 * ones)
            yield ".relu6", Activate("relu6")
            yield ".to", Affine(ones / 6, 0 * ones)
        case PoolMap(layer) if layer.kernel is not None and layer.pads and not layer.ceil:
            weight = torch.full((x.channels, 1, layer.kernel, layer.kernel), 1 / layer.kernel**2)
            pads = (layer.padding, layer.padding)
            yield "", Convolve(weight, 0 * ones, layer.stride, pads, x.channels)
        case _:
            yield "", operator


def _require_one_delegate(lowered: Any) -> None:
    called = [
        str(getattr(node.target, "__name__", node.target))
        for node in lowered.exported_program().graph.nodes
        if node.op == "call_function"
    ]
    left = sorted(set(called) - {"executorch_call_delegate", "getitem"})
    if left or called.count("executorch_call_delegate") != 1:
        names = ", ".join(left) or "several parts"
        raise InvalidInput(f"XNNPACK cannot run all of this network as one: {names}")


@contextlib.contextmanager
def quick_export() -> Iterator[None]:
    """Without what makes the exporter's time grow with the square of its passes.

    Each pass copies, for each node, the records of all passes before it, which serve debugging
    alone and never change; sharing them changes nothing else. The collector finds no garbage among
    the millions of objects of a graph, and looks for it again and again.
    """
    from torch.fx.traceback import NodeSource

    shared: Any = NodeSource
    was_copied_by = vars(NodeSource).get("__deepcopy__")
    was_collecting = gc.isenabled()
    shared.__deepcopy__ = lambda record, _: record
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()
        if was_copied_by is None:
            del shared.__deepcopy__
        else:
            shared.__deepcopy__ = was_copied_by


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's chatter."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
