"""Rows of results, made up."""

from __future__ import annotations

from seesawnas.evaluation.metrics import METRICS
from seesawnas.study import ResultRow


def result(
    number: int,
    digest: str,
    name: str | None,
    accuracy: float,
    auc: float,
    madds: int,
    params: int,
    seconds: float,
) -> ResultRow:
    """Of a study of accuracy; what is not said was not measured."""
    metrics = {**dict.fromkeys(METRICS), "accuracy": accuracy, "auc": auc}
    costs = {"madds": madds, "params": params, "activation_bytes": 0}
    return ResultRow(number, digest, name, accuracy, metrics, costs, 0.01, seconds)
