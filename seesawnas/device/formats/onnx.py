"""A deploy form as an ONNX file, each operator as the node that onnxruntime runs fastest.

The graph is written node by node, without torch's exporters: what is in the file is what is here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seesawnas import __version__
from seesawnas.arch.layers import Pool, Shape
from seesawnas.device.formats.base import Contents, Format, Images, needs
from seesawnas.device.formats.onnx_int8 import fix_batch, quantise_onnx
from seesawnas.io.files import write_atomically
from seesawnas.nn.deploy.form import (
    INPUT,
    Activate,
    AddMaps,
    Affine,
    ConcatMaps,
    Convolve,
    ConvolveGroups,
    DeployForm,
    MultiplyMaps,
    Operator,
    PoolMap,
    ShuffleChannels,
    SliceChannels,
    UnitLength,
)

IMAGES, EMBEDDING = "images", "embedding"
_OPSET, _GELU_OPSET, _IR = 17, 20, 8
_SMALL = 1  # pixels, up to which PRelu is no slower
_NEGATIVE_SLOPE = 0.01  # torch's LeakyReLU


def onnx_bytes(form: DeployForm, *, batch: int | None, about: Mapping[str, str]) -> bytes:
    """``form`` as the content of an ONNX file.

    Its input ``images`` is (N, 3, H, W), its output ``embedding`` (N, D).

    Args:
        form: A lowered form.
        batch: N; None: any.
        about: What to keep in the file's metadata.

    Raises:
        InvalidInput: If the package onnx is not installed.
    """
    try:
        from onnx import helper
    except ImportError:
        raise needs("onnx", "format onnx", "onnx") from None
    writer = _Writer(helper)
    shapes = form.shapes()
    values: list[str] = []
    for step in form.steps:
        reads = [IMAGES if read == INPUT else values[read] for read in step.reads]
        read_shapes = [form.read_shape(read, shapes) for read in step.reads]
        values.append(writer.step(step.name, step.operator, reads, read_shapes[0]))
    writer.node("Flatten", EMBEDDING, values[-1], axis=1)
    size: Any = "batch" if batch is None else batch
    kind = 1  # float32
    graph = helper.make_graph(
        writer.nodes,
        "seesawnas",
        [helper.make_tensor_value_info(IMAGES, kind, [size, *form.input])],
        [helper.make_tensor_value_info(EMBEDDING, kind, [size, shapes[-1].channels])],
        writer.constants,
    )
    model = helper.make_model(
        graph,
        producer_name="seesawnas",
        producer_version=__version__,
        ir_version=_IR if writer.opset < _GELU_OPSET else _IR + 1,
        opset_imports=[helper.make_opsetid("", writer.opset)],
    )
    helper.set_model_props(model, dict(about))
    content: bytes = model.SerializeToString()
    return content


def _write(form: DeployForm, stem: Path, contents: Contents) -> None:
    content = onnx_bytes(form, batch=contents.batch, about=contents.about or {})
    write_atomically(stem.with_name(stem.name + ".onnx"), content)


def _write_int8(form: DeployForm, stem: Path, contents: Contents, images: Images) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        # Calibrated image by image: the ranges do not depend on the batch.
        source.write_bytes(onnx_bytes(form, batch=None, about=contents.about or {}))
        contents.say(f"calibrating on {len(images)} faces")
        quantise_onnx(source, target, images, name=IMAGES)
        content = (
            target.read_bytes() if contents.batch is None else fix_batch(target, contents.batch)
        )
        write_atomically(stem.with_name(stem.name + ".onnx"), content)


ONNX = Format(
    name="onnx",
    runtime="onnxruntime",
    suffixes=(".onnx",),
    extra="onnx",
    waste=float("inf"),
    least_cosine=0.99999,
    any_batch=True,
    write=_write,
    write_int8=_write_int8,
    others=("openvino",),
)


class _Writer:
    def __init__(self, helper: Any) -> None:
        self.helper = helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.known: set[str] = set()
        self.opset = _OPSET

    def step(self, name: str, operator: Operator, reads: Sequence[str], x: Shape) -> str:
        """Nodes for ``operator``; the name of what they give."""
        match operator:
            case Convolve():
                return self._conv(name, operator, reads[0])
            case Affine():
                scaled = self.node(
                    "Mul",
                    f"{name}.scaled",
                    reads[0],
                    self._channels(f"{name}.scale", operator.scale),
                )
                return self.node(
                    "Add", name, scaled, self._channels(f"{name}.shift", operator.shift)
                )
            case Activate():
                return self._activation(name, operator, reads[0], x)
            case PoolMap():
                return self._pool(name, operator.layer, reads[0])
            case SliceChannels():
                return self._slice(name, operator, reads[0], x)
            case ShuffleChannels():
                return self._shuffle(name, operator.groups, reads[0], x)
            case AddMaps():
                return self.node("Add" if len(reads) == 2 else "Sum", name, *reads)
            case MultiplyMaps():
                return self.node("Mul", name, *reads)
            case ConcatMaps():
                return self.node("Concat", name, *reads, axis=1)
            case UnitLength():
                return self.node("LpNormalization", name, *reads, axis=1, p=2)
            case ConvolveGroups():
                raise ValueError(f"{name}: convolutions over uneven groups must be lowered first")
            case _:
                assert_never(operator)

    def node(self, kind: str, output: str, *inputs: str, **attributes: Any) -> str:
        """One node; its output's name, which names the node too."""
        self.nodes.append(
            self.helper.make_node(kind, list(inputs), [output], name=output, **attributes)
        )
        return output

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """An initializer, written once under ``name``."""
        if name not in self.known:
            from onnx import numpy_helper

            self.known.add(name)
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _channels(self, name: str, values: Tensor) -> str:
        return self.constant(name, values.numpy().reshape(-1, 1, 1))

    def _conv(self, name: str, conv: Convolve, x: str) -> str:
        (top, left), kernel = conv.padding, list(conv.weight.shape[2:])
        return self.node(
            "Conv",
            name,
            x,
            self.constant(f"{name}.weight", conv.weight.numpy()),
            self.constant(f"{name}.bias", conv.bias.numpy()),
            kernel_shape=kernel,
            pads=[top, left, top, left],
            strides=[conv.stride] * 2,
            group=conv.groups,
        )

    def _activation(self, name: str, operator: Activate, x: str, shape: Shape) -> str:
        match operator.name:
            case "swish":
                return self.node("Mul", name, x, self.node("Sigmoid", f"{name}.sigmoid", x))
            case "hard_swish":
                return self.node("HardSwish", name, x)
            case "relu":
                return self.node("Relu", name, x)
            case "relu6":
                ends = [self.constant(f"relu6.{v}", np.array(v, np.float32)) for v in (0, 6)]
                return self.node("Clip", name, x, *ends)
            case "leaky_relu":
                return self.node("LeakyRelu", name, x, alpha=_NEGATIVE_SLOPE)
            case "gelu":
                self.opset = _GELU_OPSET
                return self.node("Gelu", name, x)
            case "sigmoid":
                return self.node("Sigmoid", name, x)
            case "hard_sigmoid":
                return self.node("HardSigmoid", name, x, alpha=1 / 6, beta=0.5)
            case "prelu":
                assert operator.slope is not None
                return self._prelu(name, operator.slope, x, shape)
            case _:
                assert_never(operator.name)

    def _prelu(self, name: str, slope: Tensor, x: str, shape: Shape) -> str:
        if len(slope) == 1:
            return self.node("LeakyRelu", name, x, alpha=float(slope))
        slopes = self._channels(f"{name}.slope", slope)
        if shape.height * shape.width <= _SMALL:
            return self.node("PRelu", name, x, slopes)
        # onnxruntime's own kernel takes several times as long as these on a map.
        if bool((slope <= 1).all()):
            return self.node("Max", name, x, self.node("Mul", f"{name}.low", x, slopes))
        zero = self.constant("zero", np.array(0, np.float32))
        low = self.node("Mul", f"{name}.low", self.node("Min", f"{name}.min", x, zero), slopes)
        return self.node("Add", name, self.node("Relu", f"{name}.high", x), low)

    def _pool(self, name: str, layer: Pool, x: str) -> str:
        if layer.kernel is None:
            return self.node(
                "GlobalAveragePool" if layer.kind == "average" else "GlobalMaxPool", name, x
            )
        settings: dict[str, Any] = {
            "kernel_shape": [layer.kernel] * 2,
            "strides": [layer.stride] * 2,
            "pads": [layer.padding] * 4,
            "ceil_mode": int(layer.ceil),
        }
        if layer.kind == "max":
            return self.node("MaxPool", name, x, **settings)
        return self.node("AveragePool", name, x, **settings, count_include_pad=int(layer.pads))

    def _slice(self, name: str, operator: SliceChannels, x: str, shape: Shape) -> str:
        layer = operator.layer
        starts, ends, axes = [], [], []
        if layer.start or layer.stop is not None:
            starts, ends, axes = [layer.start], [layer.stop or shape.channels], [1]
        if layer.shift:
            starts += [layer.shift] * 2
            ends += [shape.height, shape.width]
            axes += [2, 3]
        if axes:
            named = [
                self.constant("int." + ".".join(map(str, values)), np.array(values, np.int64))
                for values in (starts, ends, axes)
            ]
            x = self.node("Slice", f"{name}.part" if layer.shift else name, x, *named)
        if layer.shift:
            pads = np.array([0, 0, 0, 0, 0, 0, layer.shift, layer.shift], np.int64)
            x = self.node("Pad", name, x, self.constant(f"pads.{layer.shift}", pads))
        return x

    def _shuffle(self, name: str, groups: int, x: str, shape: Shape) -> str:
        channels, height, width = shape
        apart = np.array([-1, groups, channels // groups, height * width], np.int64)
        whole = np.array([-1, *shape], np.int64)
        y = self.node(
            "Reshape",
            f"{name}.apart",
            x,
            self.constant("shape." + ".".join(map(str, apart[1:])), apart),
        )
        y = self.node("Transpose", f"{name}.turned", y, perm=[0, 2, 1, 3])
        return self.node(
            "Reshape", name, y, self.constant("shape." + ".".join(map(str, whole[1:])), whole)
        )
