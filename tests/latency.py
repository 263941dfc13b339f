"""Latency models for tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from seesawnas.cost.counts import UNITS
from seesawnas.cost.latency import LatencyModel

COEFFICIENTS = {
    name: {"madds": 11.0, "elements": 900.0}.get(name.partition(".")[2], 3.0) for name in UNITS
} | {"prelu.elements": 5_000.0, "grouped.madds": 13.5}


def mapping(**changes: Any) -> dict[str, Any]:
    """What the file of a model holds."""
    return {
        "version": 2,
        "device": "a test",
        "runtime": "onnxruntime",
        "runtime_version": "1.2.3",
        "threads": 1,
        "batch": 1,
        "inputs": [[112, 112], [16, 16]],
        "waste": "any",
        "lanes": 8,
        "space": "seesaw",
        "networks": 40,
        "mape": 0.034,
        "within_10_percent": 0.975,
        "tau": 0.9,
        "factor": 1.08,
        "coverage": 0.95,
        "date": "2026-01-01",
        "coefficients": dict(COEFFICIENTS),
        **changes,
    }


def model(**changes: Any) -> LatencyModel:
    """A model that knows every count."""
    return LatencyModel.from_mapping(mapping(**changes))


@st.composite
def models(draw: st.DrawFn) -> LatencyModel:
    """Models with any coefficients and factor."""
    values = st.floats(0, 1e4, allow_nan=False)
    return model(
        coefficients={name: draw(values) for name in UNITS},
        factor=draw(st.floats(0.5, 3, allow_nan=False)),
    )
