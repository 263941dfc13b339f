"""A latency model: what a network takes on one device, predicted from its layers.

The prediction is additive: every layer has counts (:func:`layer_counts`) that depend on nothing but
the layer and what it reads, and every count takes so much time (``LatencyModel.coefficients``). So
a block has a latency, a network's is the sum of its blocks', and a limit on it is met as a limit on
MAdds is: by counting, before anything is built.

Coefficients are fitted to networks that were measured on the device
(:mod:`seesawnas.device.latency.fit`) and lie in a file, ``latency.yaml``. They are microseconds per
unit: a million MAdds, a million elements of maps, or one.

The counts are few, so that forty networks determine them, and none is special to a runtime:

==========================  ========================================================================
``full.madds``              convolutions of several pixels over all channels
``depthwise.madds``         convolutions of one channel each, the global one too
``pointwise.madds``         1x1 convolutions over all channels
``grouped.madds``           convolutions in groups, even or not
``linear.madds``            fully connected layers
``depthwise.elements``      maps that depthwise convolutions read and write
``pointwise.elements``      maps that 1x1 convolutions read and write, in groups too
``unaligned.elements``      of these, the groups whose channels are not a multiple of 16: vector
                            units compute 4, 8 or 16 at a time
``ACTIVATION.elements``     maps that an activation writes, by its name; a gate's on a map, too
``KIND.elements``           the largest map of a sum, concatenation, slice, shuffle, scale or pool
``groups``                  groups of convolutions that are neither dense nor depthwise
``layers``                  layers on maps, batch norms apart: each is started once
``small``                   layers on vectors, as in squeeze-and-excitation
==========================  ========================================================================

Batch norms count nothing: they are folded into the convolutions before them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias, assert_never

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from seesawnas.arch import ArchSpec, Block, Inputs, Shape, body_of
from seesawnas.arch.blocks.parts import block_output, inputs_of
from seesawnas.arch.body import read_shapes
from seesawnas.arch.layers import (
    ACTIVATIONS,
    GATES,
    Act,
    Add,
    Concat,
    Conv,
    Layer,
    Linear,
    Norm,
    Pool,
    Scale,
    Shuffle,
    Slice,
)
from seesawnas.cost.measures import Measure
from seesawnas.errors import BudgetError, DocumentError
from seesawnas.io.files import expanded
from seesawnas.io.validation import lines_of
from seesawnas.io.yaml import read_text, read_yaml, write_yaml
from seesawnas.text import nearest, short

VERSION = 1
LATENCY_FILE = "latency.yaml"
"""What a model's file is called by default, and in a study's folder."""
Counts = Mapping[str, int]
MeasureLatency: TypeAlias = Callable[[Sequence[ArchSpec]], Sequence[float]]
"""Measures networks side by side on a device: the milliseconds of each."""
_MILLION = 10**6
_ALIGNED = 16
_MOVES = ("add", "concat", "slice", "shuffle", "scale", "average_pool", "max_pool")
_MULTIPLIED = ("full", "depthwise", "pointwise", "grouped", "linear")
UNITS: dict[str, int] = {
    **{f"{kind}.madds": _MILLION for kind in _MULTIPLIED},
    **{f"{kind}.elements": _MILLION for kind in ("depthwise", "pointwise", "unaligned")},
    **{f"{kind}.elements": _MILLION for kind in (*ACTIVATIONS, *GATES, *_MOVES)},
    **dict.fromkeys(("groups", "layers", "small"), 1),
}
"""Every count, and how many of it a coefficient's microseconds are for."""


def layer_counts(layer: Layer, read: Inputs) -> dict[str, int]:
    """What a layer counts on the maps that it reads; see the module's table."""
    output = layer.output(*read)
    if isinstance(layer, Norm):
        return {}
    if isinstance(layer, Linear):
        return {"linear.madds": layer.madds(*read), "small": 1}
    if output.height * output.width == 1 and read[0].height * read[0].width == 1:
        more = {"linear.madds": layer.madds(*read)} if isinstance(layer, Conv) else {}
        return {**more, "small": 1}
    name: str
    match layer:
        case Conv():
            return _conv_counts(layer, read[0], output)
        case Act():
            name, elements = layer.name, output.elements
        case Pool():
            name, elements = f"{layer.kind}_pool", read[0].elements
        case Add() | Concat() | Slice() | Shuffle() | Scale():
            name = type(layer).__name__.lower()
            elements = max(shape.elements for shape in (*read, output))
        case _:
            assert_never(layer)
    return {f"{name}.elements": elements, "layers": 1}


def _conv_counts(conv: Conv, x: Shape, output: Shape) -> dict[str, int]:
    madds, elements = conv.madds(x), x.elements + output.elements
    if conv.groups == x.channels > 1:
        return {"depthwise.madds": madds, "depthwise.elements": elements, "layers": 1}
    inputs, outputs = conv.parts(x.channels), conv.parts(conv.outputs)
    is_grouped = len(outputs) > 1
    found = {"layers": 1}
    if is_grouped:
        found |= {"grouped.madds": madds, "groups": len(outputs)}
    if conv.kernel != (1, 1):
        return found if is_grouped else {**found, "full.madds": madds}
    if not is_grouped:
        found["pointwise.madds"] = madds
    uneven = sum(
        channels * shape.height * shape.width
        for parts, shape in ((inputs, x), (outputs, output))
        for channels in parts
        if channels % _ALIGNED
    )
    return {**found, "pointwise.elements": elements, "unaligned.elements": uneven}


@lru_cache(maxsize=1 << 16)
def _block_counts(block: Block, inputs: Inputs) -> tuple[tuple[str, int], ...]:
    total: dict[str, int] = {}
    shapes: list[Shape] = []
    for node in body_of(block):
        read = read_shapes(node, shapes, inputs)
        shapes.append(node.layer.output(*read))
        _add(total, layer_counts(node.layer, read))
    return tuple((name, number) for name, number in total.items() if number)


def block_counts(block: Block, inputs: Inputs) -> dict[str, int]:
    """The sum over a block's layers, by count; none of it is 0.

    Raises:
        SpecError: If a layer does not fit ``inputs``.
    """
    return dict(_block_counts(block, inputs))


def network_counts(spec: ArchSpec) -> dict[str, int]:
    """The sum over a network's blocks, by count."""
    total: dict[str, int] = {}
    for block, inputs in _placed(spec):
        _add(total, dict(_block_counts(block, inputs)))
    return total


def _add(total: dict[str, int], more: Counts) -> None:
    for name, number in more.items():
        total[name] = total.get(name, 0) + number


def _placed(spec: ArchSpec) -> list[tuple[Block, Inputs]]:
    """Stem, blocks and head, each with the maps that it reads."""
    shapes, found = [Shape(3, spec.input.height, spec.input.width)], []
    for _, block in spec.parts:
        inputs = inputs_of(block, shapes)
        found.append((block, inputs))
        shapes.append(block_output(block, inputs))
    return found


@dataclass(frozen=True, slots=True)
class LatencyModel:
    """Predicts what a network takes on one device in one runtime.

    Attributes:
        device: What was measured on, for people.
        runtime: What ran the networks.
        runtime_version: Its version.
        threads: It ran with so many.
        batch: Images a run.
        inputs: (height, width) of the images of the networks that were measured.
        space: The search space that they were drawn from, and the budget, if there was one.
        networks: How many were measured.
        mape: Mean absolute error of networks that were held out, relative to what they took.
        within_10_percent: The share of these whose error is at most 10 %.
        tau: Kendall's tau of their predictions with what they took.
        factor: What a prediction is multiplied by so that a new network of the space takes less,
            with the probability ``coverage``.
        coverage: See ``factor``.
        date: When it was fitted.
        coefficients: (count, microseconds per unit), by name; what is not in it was not measured.
    """

    device: str
    runtime: str
    runtime_version: str
    threads: int
    batch: int
    inputs: tuple[tuple[int, int], ...]
    space: str
    networks: int
    mape: float
    within_10_percent: float
    tau: float
    factor: float
    coverage: float
    date: str
    coefficients: tuple[tuple[str, float], ...]

    @classmethod
    def read(cls, path: str | Path) -> LatencyModel:
        """The model in the file ``path``.

        Raises:
            BudgetError: If there is no such file, or it cannot be read.
            DocumentError: If it is not YAML, or breaks rules: with every fault.
        """
        file = expanded(path)
        try:
            text = read_text(file)
        except UnicodeDecodeError:
            raise DocumentError(str(path), ["must be UTF-8 text"]) from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BudgetError(f"{path}: latency model cannot be read: {why.lower()}") from None
        return cls.from_mapping(read_yaml(text, str(path)), str(path))

    @classmethod
    def from_mapping(cls, values: Any, source: str = LATENCY_FILE) -> LatencyModel:
        """The model in plain ``values``.

        Raises:
            DocumentError: If they break rules: with every fault.
        """
        if not isinstance(values, dict) or "coefficients" not in values:
            rule = "must be a latency model, with keys such as version, runtime, coefficients"
            raise DocumentError(source, [f"{rule}, got {short(values)}"])
        try:
            found = _Keys.model_validate(values)
        except ValidationError as error:
            names = list(_Keys.model_fields)
            raise DocumentError(source, list(lines_of(error, lambda _: names))) from None
        return cls(**{one.name: getattr(found, one.name) for one in fields(cls)})

    def to_mapping(self) -> dict[str, Any]:
        """As the file holds it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            "version": VERSION,
            **values,
            "inputs": [list(size) for size in self.inputs],
            "coefficients": dict(self.coefficients),
        }

    def to_yaml(self) -> str:
        """The text of the file."""
        return write_yaml(self.to_mapping())

    @property
    def digest(self) -> str:
        """12 hexadecimal digits of all that it holds."""
        text = json.dumps(self.to_mapping(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def measure(self) -> Measure:
        """The prediction as what a search counts networks by."""
        return Measure("latency", self.predict_block)

    def predict_block(self, block: Block, inputs: Inputs) -> int:
        """Microseconds of a block on the maps ``inputs``.

        Raises:
            BudgetError: If the block has a count that was not measured.
        """
        return _predict(self.coefficients, block, inputs)

    def predict(self, spec: ArchSpec) -> int:
        """Microseconds of a network: the sum over its blocks.

        Raises:
            BudgetError: If a block has a count, or the network an input size, that was not
                measured.
        """
        self.check_input((spec.input.height, spec.input.width))
        return sum(self.predict_block(block, inputs) for block, inputs in _placed(spec))

    def check_input(self, size: tuple[int, int]) -> None:
        """Check that networks of the input ``size`` were measured.

        Raises:
            BudgetError: If there were none.
        """
        if size not in self.inputs:
            sizes = " or ".join(f"{height}x{width}" for height, width in self.inputs)
            raise BudgetError(
                f"latency model of {self.runtime}: input must be {sizes}, as in its measurements, "
                f"got {size[0]}x{size[1]}"
            )

    def bound(self, predicted: int) -> int:
        """The latency that a network so ``predicted`` stays below, in microseconds.

        It does so with the probability ``coverage``, if it is drawn as the measured ones were.
        """
        return math.ceil(predicted * self.factor)

    def most_predicted(self, bound: int) -> int:
        """The largest prediction of which ``bound`` is no less than the bound; -1 if there is none.

        It is the inverse of :meth:`bound`, exact although the factor is not whole.
        """
        found = math.floor(bound / self.factor) + 1
        while found >= 0 and self.bound(found) > bound:
            found -= 1
        return found


@lru_cache(maxsize=1 << 17)
def _predict(coefficients: tuple[tuple[str, float], ...], block: Block, inputs: Inputs) -> int:
    known, total = dict(coefficients), 0.0
    for name, number in _block_counts(block, inputs):
        if name not in known:
            measured = "its networks had none of these"
            raise BudgetError(
                f"latency model must have a coefficient of {name} to predict a block of kind "
                f"{block.kind}, got none: {measured}"
            )
        total += known[name] * number / UNITS[name]
    return round(total)


def _text(raw: Any) -> Any:
    if not isinstance(raw, str) or not raw:
        raise ValueError(f"must be text, got {short(raw)}")
    return raw


def _whole(low: int, high: int, raw: Any) -> Any:
    if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
        raise ValueError(f"must be a whole number from {low} to {high}, got {short(raw)}")
    return raw


def _number(low: float, high: float, raw: Any) -> Any:
    # No NaN is within.
    if not isinstance(raw, (int, float)) or isinstance(raw, bool) or not low <= raw <= high:
        raise ValueError(f"must be a number from {low:g} to {high:g}, got {short(raw)}")
    return float(raw)


def _version(raw: Any) -> Any:
    if raw != VERSION or isinstance(raw, bool):
        raise ValueError(f"must be {VERSION}, the version that is read here, got {short(raw)}")
    return raw


def _sizes(raw: Any) -> Any:
    if not isinstance(raw, (list, tuple)) or not raw:
        raise ValueError(f"must be a list of [height, width], got {short(raw)}")
    for size in raw:
        if not (
            isinstance(size, (list, tuple))
            and len(size) == 2
            and all(type(side) is int and 1 <= side <= 10**5 for side in size)
        ):
            raise ValueError(f"must be a list of [height, width], got {short(size)}")
    return tuple((size[0], size[1]) for size in raw)


def _coefficients(raw: Any) -> Any:
    if not isinstance(raw, dict) or not raw:
        raise ValueError(f"must be a mapping from counts to microseconds, got {short(raw)}")
    found, faults = [], []
    for name, value in raw.items():
        if name not in UNITS:
            near = nearest(str(name), UNITS)
            hint = f"; did you mean {near}?" if near else ""
            faults.append(f"must have counts that are known, got {short(name)}{hint}")
            continue
        try:
            found.append((name, _number(0, 1e9, value)))
        except ValueError as error:
            faults.append(f"{name} {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(sorted(found))


_Text = Annotated[Any, BeforeValidator(_text)]
_Whole = Annotated[Any, BeforeValidator(partial(_whole, 1, 10**6))]
_Share = Annotated[Any, BeforeValidator(partial(_number, 0, 1))]


class _Keys(BaseModel):
    """The keys of the file; every one is required."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[Any, BeforeValidator(_version)]
    device: _Text
    runtime: _Text
    runtime_version: _Text
    threads: _Whole
    batch: _Whole
    inputs: Annotated[Any, BeforeValidator(_sizes)]
    space: _Text
    networks: _Whole
    mape: Annotated[Any, BeforeValidator(partial(_number, 0, 1e6))]
    within_10_percent: _Share
    tau: Annotated[Any, BeforeValidator(partial(_number, -1, 1))]
    factor: Annotated[Any, BeforeValidator(partial(_number, 0.01, 1000))]
    coverage: _Share
    date: _Text
    coefficients: Annotated[Any, BeforeValidator(_coefficients)]
