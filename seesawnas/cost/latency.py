"""A latency model: what a network takes on one device, predicted from its layers.

The prediction is additive: every block has counts (:mod:`seesawnas.cost.counts`) that depend on
nothing but the block and what it reads, and every count takes so much time
(``LatencyModel.coefficients``). So a block has a latency, a network's is the sum of its blocks',
and a limit on it is met as a limit on MAdds is: by counting, before anything is built.

Coefficients are fitted to networks that were measured on the device
(:mod:`seesawnas.device.latency.fit`) and lie in a file, ``latency.yaml``. They are microseconds per
unit: a million MAdds, a million elements of maps, or one.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from seesawnas.arch import ArchSpec, Block, Inputs
from seesawnas.cost.counts import LANES, UNITS, block_counts, placed_blocks
from seesawnas.cost.lowering import Lowering
from seesawnas.cost.measures import Measure
from seesawnas.errors import BudgetError, DocumentError
from seesawnas.io.files import expanded
from seesawnas.io.validation import lines_of
from seesawnas.io.yaml import read_text, read_yaml, write_yaml
from seesawnas.text import nearest, short

VERSION = 2
LATENCY_FILE = "latency.yaml"
"""What a model's file is called by default, and in a study's folder."""
MeasureLatency: TypeAlias = Callable[[Sequence[ArchSpec]], Sequence[float]]
"""Measures networks side by side on a device: the milliseconds of each."""
_ANY = "any"


def waste_word(waste: float) -> float | str:
    """``waste`` as files hold it: infinity is no number of JSON's."""
    return _ANY if math.isinf(waste) else waste


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
        waste: Of the form in which they ran, see :class:`~seesawnas.cost.lowering.Lowering`.
        lanes: See there, too.
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
    waste: float
    lanes: int
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
        if values.get("version") == 1:
            raise DocumentError(
                source,
                [
                    f"version must be {VERSION}, got 1, which counts layers in another form: fit "
                    "the model again by `seesawnas latency fit`, and begin another study with it"
                ],
            )
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
            "waste": waste_word(self.waste),
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
    def lowering(self) -> Lowering:
        """The form in which the networks ran."""
        return Lowering(self.waste, self.lanes)

    @property
    def measure(self) -> Measure:
        """The prediction as what a search counts networks by."""
        return Measure("latency", self.predict_block)

    def predict_block(self, block: Block, inputs: Inputs) -> int:
        """Microseconds of a block on the maps ``inputs``.

        Raises:
            BudgetError: If the block has a count that was not measured.
        """
        return _predict(self.coefficients, self.lowering, block, inputs)

    def predict(self, spec: ArchSpec) -> int:
        """Microseconds of a network: the sum over its blocks.

        Raises:
            BudgetError: If a block has a count, or the network an input size, that was not
                measured.
        """
        self.check_input((spec.input.height, spec.input.width))
        return sum(self.predict_block(block, inputs) for block, inputs in placed_blocks(spec))

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
def _predict(
    coefficients: tuple[tuple[str, float], ...], lowering: Lowering, block: Block, inputs: Inputs
) -> int:
    known, total = dict(coefficients), 0.0
    for name, number in block_counts(block, inputs, lowering):
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


def _waste(raw: Any) -> Any:
    if raw == _ANY:
        return math.inf
    if not isinstance(raw, (int, float)) or isinstance(raw, bool) or not 0 <= raw <= 1e15:
        raise ValueError(f"must be {_ANY}, or a number of multiply-adds, got {short(raw)}")
    return float(raw)


def _lanes(raw: Any) -> Any:
    if raw not in LANES or isinstance(raw, bool):
        raise ValueError(f"must be one of {', '.join(map(str, LANES))}, got {short(raw)}")
    return raw


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
    waste: Annotated[Any, BeforeValidator(_waste)]
    lanes: Annotated[Any, BeforeValidator(_lanes)]
    space: _Text
    networks: _Whole
    mape: Annotated[Any, BeforeValidator(partial(_number, 0, 1e6))]
    within_10_percent: _Share
    tau: Annotated[Any, BeforeValidator(partial(_number, -1, 1))]
    factor: Annotated[Any, BeforeValidator(partial(_number, 0.01, 1000))]
    coverage: _Share
    date: _Text
    coefficients: Annotated[Any, BeforeValidator(_coefficients)]
