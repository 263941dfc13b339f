"""A deploy form in ncnn's own format, each operator as the layer that ncnn runs fastest.

A text (``.ncnn.param``) names the layers and what they read; a binary (``.ncnn.bin``) holds their
weights, one after another. Both are written layer by layer, without a converter: what is in the
files is what is here. Weights are kept in half precision, biases and slopes in single.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

import numpy as np
import torch
from torch import Tensor

from seesawnas.arch.layers import Pool, Shape
from seesawnas.device.formats.base import Contents, Format
from seesawnas.errors import InvalidInput
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

IMAGES, EMBEDDING = "in0", "out0"
_MAGIC = 7767517
_HALF = (0x01306B47).to_bytes(4, "little")
_SINGLE = bytes(4)
_LARGEST_HALF = float(np.finfo(np.float16).max)
_NEGATIVE_SLOPE = 0.01  # torch's LeakyReLU
# Activations that a convolution applies to what it has just computed: number, and settings.
_FUSED: dict[str, tuple[int, tuple[float, ...]]] = {
    "relu": (1, ()),
    "leaky_relu": (2, (_NEGATIVE_SLOPE,)),
    "relu6": (3, (0.0, 6.0)),
    "sigmoid": (4, ()),
    "hard_swish": (6, (1 / 6, 0.5)),
}

_Setting = int | float | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    """A blob; ``flat``: ncnn keeps its 1x1 map as a vector."""

    blob: str
    shape: Shape
    flat: bool = False


@dataclass(slots=True)
class _Layer:
    kind: str
    output: str
    reads: list[str]
    settings: dict[int, _Setting] = field(default_factory=dict)


def ncnn_files(form: DeployForm) -> tuple[str, bytes]:
    """The text of ``.ncnn.param`` and the content of ``.ncnn.bin``.

    The input ``in0`` is an image (3, H, W), the output ``out0`` its embedding.

    Args:
        form: A lowered form.

    Raises:
        InvalidInput: If ncnn has no layer for one of the operators.
    """
    writer, shapes, readers = _Writer(), form.shapes(), form.readers()
    values: list[_Value] = []
    images = _Value(IMAGES, form.input)
    for index, step in enumerate(form.steps):
        reads = [images if read == INPUT else values[read] for read in step.reads]
        alone = step.reads[0] != INPUT and len(readers[step.reads[0]]) == 1
        values.append(writer.step(step.name, step.operator, reads, shapes[index], alone))
    writer.finish(values[-1])
    return writer.text(), b"".join(writer.weights)


def _write(form: DeployForm, stem: Path, contents: Contents) -> None:
    if contents.batch != 1:
        raise InvalidInput(f"--batch must be 1 for format ncnn, got {contents.batch}")
    text, weights = ncnn_files(form)
    first = stem.with_name(stem.name + ".ncnn.bin")
    write_atomically(first, weights)
    try:
        write_atomically(stem.with_name(stem.name + ".ncnn.param"), text)
    except BaseException:
        first.unlink(missing_ok=True)
        raise


NCNN = Format(
    name="ncnn",
    runtime="ncnn",
    suffixes=(".ncnn.param", ".ncnn.bin"),
    extra="ncnn",
    waste=1e6,
    least_cosine=0.999,
    any_batch=False,
    write=_write,
    precision="float16",
)


class _Writer:
    def __init__(self) -> None:
        self.layers: list[_Layer] = [_Layer("Input", IMAGES, [])]
        self.weights: list[bytes] = []

    def step(
        self, name: str, operator: Operator, reads: Sequence[_Value], shape: Shape, alone: bool
    ) -> _Value:
        """Layers for ``operator``.

        Args:
            name: The step's.
            operator: What to write.
            reads: What it reads.
            shape: Of its map.
            alone: Whether nothing else reads the first of ``reads``.
        """
        x = reads[0]
        match operator:
            case Convolve():
                return self._conv(name, operator, x, shape)
            case Affine() if x.blob == IMAGES:
                # Not by Scale, which ncnn lets overwrite what it reads: the caller's own array.
                channels = len(operator.scale)
                settings: dict[int, _Setting] = {0: channels, 1: 1, 5: 1, 6: channels, 7: channels}
                value = self._layer("ConvolutionDepthWise", name, [x], settings)
                self.weights.append(_SINGLE)
                self._single(operator.scale, operator.shift)
                return value
            case Affine():
                value = self._layer("Scale", name, [x], {0: len(operator.scale), 1: 1})
                self._single(operator.scale, operator.shift)
                return value
            case Activate():
                return self._activation(name, operator, x, alone)
            case PoolMap():
                return self._pool(name, operator.layer, x, shape)
            case SliceChannels():
                return self._slice(name, operator, x, shape)
            case ShuffleChannels():
                return self._layer("ShuffleChannel", name, [self._map(x)], {0: operator.groups})
            case AddMaps():
                total, number = x, 1
                for number, other in enumerate(reads[1:], 1):
                    last = name if number == len(reads) - 1 else f"{name}.{number}"
                    total = self._binary(last, 0, self._alike([total, other]))
                return total
            case MultiplyMaps():
                return replace(self._binary(name, 2, reads), shape=shape)
            case ConcatMaps():
                alike = self._alike(reads)
                return replace(self._layer("Concat", name, alike, {0: 0}), shape=shape)
            case UnitLength():
                settings = {0: 0, 1: 1, 2: 1e-12, 3: 1, 4: 1, 9: 1}
                value = self._layer("Normalize", name, [self._map(x)], settings)
                self._single(torch.ones(1))
                return value
            case ConvolveGroups():
                raise ValueError(f"{name}: convolutions over uneven groups must be lowered first")
            case _:
                assert_never(operator)

    def finish(self, value: _Value) -> None:
        """End with ``value`` as a vector."""
        last = self.layers[-1]
        if value.flat and last.output == value.blob:
            last.output = EMBEDDING
        else:
            self._layer("Flatten", EMBEDDING, [value])

    def text(self) -> str:
        """The layers; what several read is first made several blobs of, which copies nothing."""
        counts = Counter(read for layer in self.layers for read in layer.reads)
        taken: Counter[str] = Counter()
        lines = []
        for layer in self.layers:
            reads = []
            for read in layer.reads:
                reads.append(f"{read}:{taken[read]}" if counts[read] > 1 else read)
                taken[read] += 1
            lines.append(_line(layer.kind, layer.output, reads, [layer.output], layer.settings))
            if (count := counts[layer.output]) > 1:
                copies = [f"{layer.output}:{number}" for number in range(count)]
                lines.append(_line("Split", f"{layer.output}:split", [layer.output], copies, {}))
        blobs = sum(1 if n == 1 else 1 + n for n in (counts[x.output] for x in self.layers))
        return "\n".join([str(_MAGIC), f"{len(lines)} {blobs}", *lines, ""])

    def _layer(
        self,
        kind: str,
        name: str,
        reads: Sequence[_Value],
        settings: dict[int, _Setting] | None = None,
    ) -> _Value:
        self.layers.append(_Layer(kind, name, [read.blob for read in reads], settings or {}))
        return replace(reads[0], blob=name)

    def _binary(self, name: str, number: int, reads: Sequence[_Value]) -> _Value:
        value = self._layer("BinaryOp", name, reads, {0: number})
        return replace(value, flat=all(read.flat for read in reads))

    def _map(self, x: _Value) -> _Value:
        """``x`` as a map."""
        if not x.flat:
            return x
        settings: dict[int, _Setting] = {0: 1, 1: 1, 2: x.shape.channels}
        return replace(self._layer("Reshape", self._new(x, "map"), [x], settings), flat=False)

    def _vector(self, x: _Value) -> _Value:
        return (
            x if x.flat else replace(self._layer("Flatten", self._new(x, "flat"), [x]), flat=True)
        )

    def _alike(self, values: Sequence[_Value]) -> list[_Value]:
        """All as vectors, if one is."""
        return [self._vector(x) for x in values] if any(x.flat for x in values) else list(values)

    def _new(self, x: _Value, word: str) -> str:
        return f"{x.blob}.{word}{len(self.layers)}"

    def _conv(self, name: str, conv: Convolve, x: _Value, shape: Shape) -> _Value:
        (rows, columns), (top, left) = conv.weight.shape[2:], conv.padding
        outputs, size = shape.channels, conv.weight.numel()
        if conv.groups == 1 and (rows, columns, top, left) == (*x.shape[1:], 0, 0):
            value = self._layer("InnerProduct", name, [x], {0: outputs, 1: 1, 2: size})
            self._half(conv.weight)
            self._single(conv.bias)
            return replace(value, shape=shape, flat=True)
        settings: dict[int, _Setting] = {0: outputs, 1: columns, 11: rows}
        settings |= {3: conv.stride, 4: left, 14: top, 5: 1, 6: size}
        if conv.groups > 1:
            settings[7] = conv.groups
        kind = "Convolution" if conv.groups == 1 else "ConvolutionDepthWise"
        value = self._layer(kind, name, [self._map(x)], settings)
        self._half(conv.weight)
        self._single(conv.bias)
        return replace(value, shape=shape)

    def _activation(self, name: str, operator: Activate, x: _Value, alone: bool) -> _Value:
        last = self.layers[-1]
        fused = _FUSED.get(operator.name)
        if fused is not None and alone and last.output == x.blob and _computes(last):
            last.settings[9], constants = fused
            if constants:
                last.settings[10] = constants
            return x
        match operator.name:
            case "swish":
                return self._layer("Swish", name, [x])
            case "hard_swish":
                return self._layer("HardSwish", name, [x], {0: 1 / 6, 1: 0.5})
            case "relu":
                return self._layer("ReLU", name, [x])
            case "relu6":
                return self._layer("Clip", name, [x], {0: 0.0, 1: 6.0})
            case "leaky_relu":
                return self._layer("ReLU", name, [x], {0: _NEGATIVE_SLOPE})
            case "gelu":
                return self._layer("GELU", name, [x], {0: 0})
            case "sigmoid":
                return self._layer("Sigmoid", name, [x])
            case "hard_sigmoid":
                return self._layer("HardSigmoid", name, [x], {0: 1 / 6, 1: 0.5})
            case "prelu":
                assert operator.slope is not None
                value = self._layer("PReLU", name, [x], {0: len(operator.slope)})
                self._single(operator.slope)
                return value
            case _:
                assert_never(operator.name)

    def _pool(self, name: str, layer: Pool, x: _Value, shape: Shape) -> _Value:
        kind = 0 if layer.kind == "max" else 1
        if layer.kernel is None:
            if x.flat:
                return x
            value = self._layer("Pooling", name, [x], {0: kind, 4: 1})
            return replace(value, shape=shape, flat=True)
        # Rows and columns that a last, incomplete window reads beyond the padding.
        below, right = (
            max(0, (made - 1) * layer.stride + layer.kernel - side - 2 * layer.padding)
            for made, side in ((shape.height, x.shape.height), (shape.width, x.shape.width))
        )
        if layer.pads and (below or right):
            raise InvalidInput(
                f"ncnn has no average pooling that counts padding but not what lies beyond ({name})"
            )
        settings: dict[int, _Setting] = {0: kind, 1: layer.kernel, 2: layer.stride, 5: 1}
        settings |= {3: layer.padding, 13: layer.padding}
        settings |= {14: layer.padding + right, 15: layer.padding + below}
        if kind:
            settings[6] = int(layer.pads)
        return replace(self._layer("Pooling", name, [self._map(x)], settings), shape=shape)

    def _slice(self, name: str, operator: SliceChannels, x: _Value, shape: Shape) -> _Value:
        layer = operator.layer
        starts, ends, axes = [], [], []
        if layer.start or layer.stop is not None:
            starts, ends, axes = [layer.start], [layer.start + shape.channels], [0]
        if layer.shift:
            x = self._map(x)
            starts += [layer.shift] * 2
            ends += [x.shape.height, x.shape.width]
            axes += [1, 2]
        if axes:
            settings: dict[int, _Setting] = {9: tuple(starts), 10: tuple(ends), 11: tuple(axes)}
            x = self._layer("Crop", f"{name}.part" if layer.shift else name, [x], settings)
        if layer.shift:
            x = self._layer("Padding", name, [x], {1: layer.shift, 3: layer.shift})
        return replace(x, shape=shape)

    def _half(self, weight: Tensor) -> None:
        values = weight.numpy()
        if np.abs(values).max(initial=0) > _LARGEST_HALF:
            self.weights += [_SINGLE, values.astype("<f4").tobytes()]
            return
        content = values.astype("<f2").tobytes()
        self.weights += [_HALF, content, bytes(-len(content) % 4)]

    def _single(self, *constants: Tensor) -> None:
        self.weights += [constant.numpy().astype("<f4").tobytes() for constant in constants]


def _computes(layer: _Layer) -> bool:
    kinds = ("Convolution", "ConvolutionDepthWise", "InnerProduct")
    return layer.kind in kinds and 9 not in layer.settings


def _line(
    kind: str,
    name: str,
    reads: Sequence[str],
    made: Sequence[str],
    settings: dict[int, _Setting],
) -> str:
    words = [kind, name, str(len(reads)), str(len(made)), *reads, *made]
    for key, value in settings.items():
        if isinstance(value, tuple):
            words.append(f"{-23300 - key}={len(value)}," + ",".join(map(_number, value)))
        else:
            words.append(f"{key}={_number(value)}")
    return " ".join(words)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.8e}"
