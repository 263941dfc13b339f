"""Measurements of a panel, as its file holds them: one training a line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seesawnas.errors import StudyError
from seesawnas.evaluation.metrics import METRICS
from seesawnas.study import Scores

TAUGHT = "+teacher"


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A network trained once.

    It says which of the panel's networks, what it costs, at what level and seed, and what each
    epoch scored. ``data`` is the faces' fingerprint, which differs between sizes of the input. The
    name of a level that learns from a ``teacher`` ends in ``+teacher``: it is another proxy.
    ``distill`` and ``distill_weight`` are the loss and its weight; of earlier versions they are not
    known.
    """

    network: int
    digest: str
    madds: int
    params: int
    level: str
    seed: int
    curve: tuple[Scores, ...]
    seconds: float
    data: str = ""
    teacher: str = ""
    distill: str = ""
    distill_weight: float | None = None

    @property
    def loss(self) -> str:
        """How the teacher is learnt from, in words."""
        weight = "" if self.distill_weight is None else f", weight {self.distill_weight:g}"
        return f"{self.distill or 'not known'}{weight}"

    @property
    def side(self) -> str:
        """What levels on the same images share: 56 of 8x56:0.5 and of 8x56+teacher."""
        level = self.level.removesuffix(TAUGHT)
        return level.partition("x")[2].partition(":")[0] or level

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> PanelRow:
        """From a line of a panel's measurements.

        Raises:
            KeyError: If a value is missing.
            TypeError: If a value is of another type.
            ValueError: If a value is not possible.
        """
        teacher = _text(values.get("teacher", ""), "teacher")
        weight = values.get("distill_weight")
        return cls(
            network=_integer(values, "network"),
            digest=_text(values["digest"], "digest"),
            madds=_integer(values, "madds"),
            params=_integer(values, "params"),
            level=_text(values["level"], "level") + (TAUGHT if teacher else ""),
            seed=_integer(values, "seed"),
            curve=_curve(values["curve"]),
            seconds=_number(values["seconds"], "seconds"),
            data=_text(values.get("data", ""), "data"),
            teacher=teacher,
            distill=_text(values.get("distill", ""), "distill"),
            distill_weight=None if weight is None else _number(weight, "distill_weight"),
        )


def _integer(values: Mapping[str, Any], name: str) -> int:
    value = values[name]
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    return value


def _number(value: Any, name: str) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    return float(value)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {value!r}")
    return value


def _curve(value: Any) -> tuple[Scores, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"curve must have an epoch, got {value!r}")
    return tuple(_scores(scores) for scores in value)


def _scores(values: Mapping[str, Any]) -> Scores:
    # Too few pairs for a rate leave it None; the others are always there.
    for name, value in values.items():
        if value is not None or name not in METRICS or not METRICS[name].may_be_unresolved:
            _number(value, name)
    return Scores(**values)


def read_measurements(text: str, source: str) -> list[dict[str, Any]]:
    """The measurements of a file, one JSON object a line.

    Raises:
        StudyError: If a line holds no measurement, with file and line.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            values = json.loads(line)
            PanelRow.from_mapping(values)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise StudyError(
                f"{source}: line {number}: must be a panel's measurement, got {error!r}"
            ) from None
        found.append(values)
    return found
