"""The table of metrics: what trials store, and how it is written."""

from __future__ import annotations

from dataclasses import fields

import pytest

from seesawnas.evaluation.metrics import METRICS
from seesawnas.study import Scores


def test_it_holds_what_trials_measure() -> None:
    assert list(METRICS) == [field.name for field in fields(Scores) if field.name != "accuracy_std"]
    unresolved = [field.name for field in fields(Scores) if field.default is None]
    assert [name for name, metric in METRICS.items() if metric.may_be_unresolved] == unresolved


@pytest.mark.parametrize(
    ("name", "value", "words", "spread", "change"),
    [
        ("accuracy", 0.821, "82.10 %", "82.10 ± 1.54 %", "+1.54"),
        ("auc", 0.89123, "0.8912", "0.8912 ± 0.0154", "+0.0154"),
        ("tar_at_far_1e_2", 0.5, "50.00 %", "50.00 ± 1.54 %", "+1.54"),
        ("separation", 2.0, "2.000", "2.000 ± 0.015", "+0.0154"),
    ],
)
def test_each_is_written_in_its_own_way(
    name: str, value: float, words: str, spread: str, change: str
) -> None:
    metric = METRICS[name]
    assert metric.format(value) == words
    assert metric.format(value, 0.0154) == spread
    assert metric.format_change(0.0154) == change


def test_what_an_early_study_did_not_keep_is_0_and_what_was_not_resolved_is_none() -> None:
    assert METRICS["separation"].read({}) == 0.0
    assert METRICS["tar_at_far_1e_3"].read({}) is None
    assert METRICS["accuracy"].read({"accuracy": 1}) == 1.0
